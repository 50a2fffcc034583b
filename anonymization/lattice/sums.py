"""Adding up what stands under equal keys, by one sort: what both counting and rolling up come down to.

Sorting plain 64-bit integers is by far the fastest way of grouping that numpy has, so the counts ride in the low bits
of the keys wherever they fit, or else the place in the list does; where even that does not, places are sorted instead.
Long lists are parted at their median, and each half is sorted and added up by a thread of its own. What remains is
bound by memory: it is done a block at a time, in room that is used again.
Sums are of integers under 2^62 in all: exact, in any order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Integers: TypeAlias = NDArray[np.int64]

_BITS = 63  # of a key that is not negative
_BLOCK = 1 << 15  # integers: what the processor's nearest memory holds
_WORTH_PARTING = 200_000  # integers
_CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
Made = TypeVar("Made")


def blocks(part: slice) -> Iterator[slice]:
    """Where the blocks of a part are."""
    return (slice(start, min(start + _BLOCK, part.stop)) for start in range(part.start, part.stop, _BLOCK))


def halves(length: int) -> list[slice]:
    """The parts that a list is worked on in, by a thread each."""
    if _CORES < 2 or length < _WORTH_PARTING:
        return [slice(0, length)]
    return [slice(0, length // 2), slice(length // 2, length)]


def each(work: Callable[[slice], Made], parts: list[slice]) -> list[Made]:
    """Do the work on each part, one or two of them, at once: numpy leaves the interpreter to others meanwhile."""
    if len(parts) < 2:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(1) as beside:
        other = beside.submit(work, parts[1])
        return [work(parts[0]), other.result()]


def counted(keys: Integers) -> tuple[Integers, Integers]:
    """Distinct keys in order, and how often each stands in `keys`, which is sorted in place."""

    def one(part: slice) -> tuple[Integers, ...]:
        mine = keys[part]
        mine.sort()
        starts = _starts(mine, 0)
        return mine[starts], np.diff(starts, append=len(mine))

    distinct, times = _joined(each(one, _parted(keys)))
    return distinct, times


def summed(
    key: Integers, rows: Integers, units: Integers, room: Integers | None = None
) -> tuple[Integers, Integers, Integers]:
    """Distinct keys in order, and the sums of rows and units of each; `units` may be the very array of rows.

    `key` is changed, and `room`, as long as it or longer. Keys, rows and units are not negative.
    """
    if len(key) == 0:
        return key, rows, units
    alone = units is rows
    high = _width(rows)
    low = 0 if alone else _width(units)
    if _width(key) + high + low > _BITS:
        return _summed_apart(key, rows, units)
    running = np.empty_like(key) if room is None else room

    def pack(part: slice) -> None:
        for block in blocks(part):
            key[block] <<= high + low
            key[block] |= rows[block] << low
            if not alone:
                key[block] |= units[block]

    def one(part: slice) -> tuple[Integers, ...]:
        mine = key[part]
        mine.sort()
        starts = _starts(mine, high + low)
        sums = _sums(mine, starts, low, high, running[part])
        distinct = mine[starts] >> (high + low)
        return (distinct, sums) if alone else (distinct, sums, _sums(mine, starts, 0, low, running[part]))

    each(pack, halves(len(key)))
    distinct, sums, *further = _joined(each(one, _parted(key)))
    return distinct, sums, sums if alone else further[0]


def _summed_apart(key: Integers, rows: Integers, units: Integers) -> tuple[Integers, Integers, Integers]:
    """The same where counts do not fit beside the keys."""
    places = max(len(key) - 1, 1).bit_length()
    if _width(key) + places > _BITS:
        order = np.argsort(key, kind="stable")
        key = key[order]
    else:
        key <<= places
        key |= np.arange(len(key))
        key.sort()
        order = key & ((1 << places) - 1)
        key >>= places
    starts = _starts(key, 0)
    running = np.empty_like(key)
    sums = _sums(rows[order], starts, 0, _BITS, running)
    return key[starts], sums, sums if units is rows else _sums(units[order], starts, 0, _BITS, running)


def _width(values: Integers) -> int:
    return int(values.max()).bit_length()


def _parted(values: Integers) -> list[slice]:
    """Halves of the values, moved so that none of the first is above one of the second."""
    parts = halves(len(values))
    if len(parts) > 1:
        values.partition(parts[1].start)
    return parts


def _joined(lists: list[tuple[Integers, ...]]) -> tuple[Integers, ...]:
    """One list of keys and their sums from one or two, the last key of the first being perhaps the next one's first."""
    if len(lists) == 1:
        return lists[0]
    first, second = lists
    if first[0][-1] == second[0][0]:
        for sums, others in zip(first[1:], second[1:], strict=True):
            others[0] += sums[-1]
        first = tuple(each[:-1] for each in first)
    return tuple(np.concatenate(pair) for pair in zip(first, second, strict=True))


def _starts(ordered: Integers, low: int) -> Integers:
    """Where a new value begins, in ordered ones whose `low` last bits do not matter."""
    changed = np.empty(len(ordered), dtype=bool)
    changed[0:1] = True
    for block in blocks(slice(1, len(ordered))):
        before = slice(block.start - 1, block.stop - 1)
        np.greater_equal(ordered[block] ^ ordered[before], 1 << low, out=changed[block])
    return np.flatnonzero(changed)


def _sums(values: Integers, starts: Integers, shift: int, bits: int, running: Integers) -> Integers:
    """Sums of some bits of the values, from each start to the next."""
    before = 0
    for block in blocks(slice(0, len(values))):
        part = np.bitwise_and(values[block] >> shift, (1 << bits) - 1, out=running[block])
        part[0] += before
        before = int(np.cumsum(part, out=part)[-1])
    ends = np.append(starts[1:], len(values))
    ends -= 1
    sums: Integers = running[ends]
    sums[1:] -= sums[:-1].copy()
    return sums
