"""Adding up what stands under equal keys, by one sort: what both counting and rolling up come down to.

Sorting plain 64-bit integers is by far the fastest way of grouping that numpy has, so the counts ride in the low bits
of the keys wherever they fit, or else the place in the list does; where even that does not, places are sorted instead.
What remains is bound by memory: it is done a block at a time, in room that is used again.
Sums are of integers under 2^62 in all: exact, in any order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Integers: TypeAlias = NDArray[np.int64]

_BITS = 63  # of a key that is not negative
_BLOCK = 1 << 15  # integers: what the processor's nearest memory holds


def blocks(length: int) -> Iterator[slice]:
    """Where the blocks of a long array are."""
    return (slice(start, start + _BLOCK) for start in range(0, length, _BLOCK))


def counted(keys: Integers) -> tuple[Integers, Integers]:
    """Distinct keys in order, and how often each stands in `keys`, which is sorted in place."""
    keys.sort()
    starts = _starts(keys, 0)
    return keys[starts], np.diff(starts, append=len(keys))


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
    for block in blocks(len(key)):
        key[block] <<= high + low
        key[block] |= rows[block] << low
        if not alone:
            key[block] |= units[block]
    key.sort()
    starts = _starts(key, high + low)
    room = np.empty_like(key) if room is None else room[: len(key)]
    sums = _sums(key, starts, low, high, room)
    return key[starts] >> (high + low), sums, sums if alone else _sums(key, starts, 0, low, room)


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
    sums = _sums(rows[order], starts, 0, _BITS)
    return key[starts], sums, sums if units is rows else _sums(units[order], starts, 0, _BITS)


def _width(values: Integers) -> int:
    return int(values.max()).bit_length()


def _starts(ordered: Integers, low: int) -> Integers:
    """Where a new value begins, in ordered ones whose `low` last bits do not matter."""
    changed = np.empty(len(ordered), dtype=bool)
    changed[0:1] = True
    for block in blocks(len(ordered) - 1):
        after = slice(block.start + 1, min(block.stop + 1, len(ordered)))
        here = slice(block.start, after.stop - 1)
        np.greater_equal(ordered[after] ^ ordered[here], 1 << low, out=changed[after])
    return np.flatnonzero(changed)


def _sums(values: Integers, starts: Integers, shift: int, bits: int, room: Integers | None = None) -> Integers:
    """Sums of some bits of the values, from each start to the next."""
    running = np.empty_like(values) if room is None else room
    before = 0
    for block in blocks(len(values)):
        part = np.bitwise_and(values[block] >> shift, (1 << bits) - 1, out=running[block])
        part[0] += before
        before = int(np.cumsum(part, out=part)[-1])
    ends = np.append(starts[1:], len(values))
    ends -= 1
    sums: Integers = running[ends]
    sums[1:] -= sums[:-1].copy()
    return sums
