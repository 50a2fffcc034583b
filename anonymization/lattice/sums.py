"""Adding up what stands under equal keys, by one sort: what both counting and rolling up come down to.

Sorting plain 64-bit integers is by far the fastest way of grouping that numpy has, so the counts ride in the low bits
of the keys wherever they fit, or else the place in the list does; where even that does not, places are sorted instead.
Sums are of integers under 2^62 in all: exact, in any order.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Integers: TypeAlias = NDArray[np.int64]

_BITS = 63  # of a key that is not negative


def counted(keys: Integers) -> tuple[Integers, Integers]:
    """Distinct keys in order, and how often each stands in `keys`, which is sorted in place."""
    keys.sort()
    starts = _starts(keys, 0)
    return keys[starts], np.diff(starts, append=len(keys))


def summed(key: Integers, rows: Integers, units: Integers) -> tuple[Integers, Integers, Integers]:
    """Distinct keys in order, and the sums of rows and units of each; `units` may be the very array of rows.

    `key` may be changed. Keys, rows and units are not negative.
    """
    if len(key) == 0:
        return key, rows, units
    alone = units is rows
    high = _width(rows)
    low = 0 if alone else _width(units)
    if _width(key) + high + low > _BITS:
        return _summed_apart(key, rows, units)
    key <<= high + low
    key |= rows << low
    if not alone:
        key |= units
    key.sort()
    starts = _starts(key, high + low)
    sums = _sums((key >> low) & ((1 << high) - 1), starts)
    return key[starts] >> (high + low), sums, sums if alone else _sums(key & ((1 << low) - 1), starts)


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
    sums = _sums(rows[order], starts)
    return key[starts], sums, sums if units is rows else _sums(units[order], starts)


def _width(values: Integers) -> int:
    return int(values.max()).bit_length()


def _starts(ordered: Integers, low: int) -> Integers:
    """Where a new value begins, in ordered ones whose `low` last bits do not matter."""
    changed = np.empty(len(ordered), dtype=bool)
    changed[:1] = True
    np.greater_equal(ordered[1:] ^ ordered[:-1], 1 << low, out=changed[1:])
    return np.flatnonzero(changed)


def _sums(values: Integers, starts: Integers) -> Integers:
    running = np.cumsum(values)
    return np.diff(np.append(running[starts[1:] - 1], running[-1]), prepend=0)
