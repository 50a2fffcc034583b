"""Rolling frequency tables up the lattice: from the lines of a node, those of any node above it.

A line's key is the generalized combination, then (where units have several lines) the unit, then the sensitive values,
so that one sort puts a class together, and inside it each unit. Lines of a node are made from the smallest table
already made at or under it, never from the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from anonymization.errors import GeneralizationSearchError
from anonymization.lattice.combinations import KEY, ROWS, Combinations, Layout, is_known

Integers: TypeAlias = NDArray[np.int64]
Booleans: TypeAlias = NDArray[np.bool_]
Levels: TypeAlias = tuple[int, ...]

_PACKED_BITS = 63
_LARGE = 100_000  # lines from which it is worth stopping on the way
_SHRINKING = 3  # attributes whose first level makes tables smallest: 7 stops at most, always kept
_CACHED_LINES = 4_000_000  # over all tables kept: 40 bytes each
_CACHED_FIELDS = 32_000_000  # over all fields kept: 8 bytes each


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one node, sorted by key. `line` is one of the base lines it gathers."""

    levels: Levels
    key: Integers
    line: Integers
    rows: Integers
    units: Integers  # of units with one line only


@dataclass(frozen=True, slots=True)
class Base:
    """The finest lines, encoded."""

    layout: Layout
    low_bits: int  # of the fields under the combination: unit, sensitive values
    low: Integers
    leaves: Integers  # keys of the combinations, without the low fields
    lines: Lines
    repeated: Integers | None  # number (from 1) of a unit with several lines, 0 for others; None if there is none
    sensitive: dict[str, Integers]
    sensitive_values: dict[str, list[object]]
    total_rows: int
    total_units: int

    @classmethod
    def of(cls, counted: Combinations) -> Base:
        """Encode a frequency table.

        Raises:
            GeneralizationSearchError: it is empty, or its keys do not fit.
        """
        lines = counted.lines()
        leaves = lines[KEY].to_numpy()
        rows = lines[ROWS].to_numpy()
        repeated, single, total_units = _units(lines, counted.unit_keys, rows)
        low, low_bits = np.zeros(len(lines), dtype=np.int64), 0
        codes, values = {}, {}
        for name in reversed(counted.sensitive):
            codes[name], values[name] = _ranks(lines[name])
            low |= codes[name] << low_bits
            low_bits += (len(values[name]) - 1).bit_length()
        if repeated is not None:
            low |= repeated << low_bits
            low_bits += int(repeated.max()).bit_length()
        if low_bits + sum(counted.layout.bits) > _PACKED_BITS - 1:
            raise GeneralizationSearchError(
                f"combinations, units and sensitive values need {low_bits + sum(counted.layout.bits)} bits and a key "
                f"holds {_PACKED_BITS - 1}: start from coarser leaves"
            )
        key = (leaves << low_bits) | low
        order = np.argsort(key, kind="stable")
        base = Lines((0,) * len(counted.layout.bits), key[order], order, rows[order], single[order])
        return cls(
            counted.layout, low_bits, low, leaves, base, repeated, codes, values, int(rows.sum()), total_units
        )  # fmt: skip


def _units(lines: pl.DataFrame, unit_keys: list[str], rows: Integers) -> tuple[Integers | None, Integers, int]:
    """Numbers of repeated units, units counted by each line, and how many units there are."""
    if not unit_keys:
        return None, rows, int(rows.sum())
    known = is_known(lines.select(unit_keys)).to_numpy()
    repeats = lines.select(pl.len().over(unit_keys)).to_series().to_numpy() > 1
    several = known & repeats
    single = (known & ~repeats).astype(np.int64)
    if not several.any():
        return None, single, int(single.sum())
    rank = lines.filter(pl.Series(several)).select(pl.struct(unit_keys).rank("dense")).to_series().to_numpy()
    numbers = np.zeros(len(lines), dtype=np.int64)
    numbers[several] = rank
    return numbers, single, int(single.sum()) + int(numbers.max())


def _ranks(values: pl.Series) -> tuple[Integers, list[object]]:
    """Code of each value in the order of the distinct ones (missing first), and those."""
    distinct = values.unique().sort(nulls_last=False)
    ranks = pl.DataFrame({"value": distinct}).with_row_index("rank")
    found = pl.DataFrame({"value": values}).join(
        ranks, on="value", how="left", nulls_equal=True, maintain_order="left"
    )  # fmt: skip
    return found["rank"].cast(pl.Int64).to_numpy(), distinct.to_list()


def grouped(levels: Levels, key: Integers, source: Lines) -> Lines:
    """Gather the lines of `source` under new keys."""
    if len(key) == 0:
        return Lines(levels, key, source.line, source.rows, source.units)
    order, ordered = _sorted(key)
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    rows = np.add.reduceat(source.rows[order], starts)
    units = rows if source.units is source.rows else np.add.reduceat(source.units[order], starts)
    return Lines(levels, ordered[starts], source.line[order[starts]], rows, units)


def _sorted(key: Integers) -> tuple[Integers, Integers]:
    """Order of the keys and the keys in that order; places ride in the low bits, as plain sorts are much faster."""
    place_bits = max(len(key) - 1, 1).bit_length()
    if int(key.max()).bit_length() + place_bits > _PACKED_BITS:
        order = np.argsort(key, kind="stable")
        return order, key[order]
    packed = (key << place_bits) | np.arange(len(key))
    packed.sort()
    return packed & ((1 << place_bits) - 1), packed >> place_bits


def _shrinking(layout: Layout) -> frozenset[int]:
    """The attributes whose first level has, against their leaves, the fewest values."""
    ratios = [len(h.labels[1]) / h.leaves if h.height else 1.0 for h in layout.hierarchies]
    return frozenset(sorted(range(len(ratios)), key=lambda place: (ratios[place], place))[:_SHRINKING])


class RollUp:
    """Makes the lines of any node, from the smallest table it holds at or under it."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self._kept: list[Lines] = [base.lines]
        self._levels = np.array([base.lines.levels], dtype=np.int8)
        self._sizes = np.array([len(base.lines.key)])
        self._shrinking = _shrinking(base.layout)
        self._stops: dict[Levels, Lines] = {}
        self._room = _CACHED_LINES
        self._fields: dict[tuple[int, int], Integers] = {}
        self._field_room = _CACHED_FIELDS

    def lines(self, levels: Levels) -> Lines:
        """Lines of the node at `levels`."""
        source = self._nearest(levels)
        if source.levels == levels:
            return source
        if len(source.key) > _LARGE and (stop := self._waypoint(levels)) not in (levels, source.levels):
            source = self._stops.get(stop) or self.lines(stop)
            self._stops[stop] = source
        key = source.key.copy()
        layout, low = self.base.layout, self.base.low_bits
        cleared = 0
        for place, (have, want) in enumerate(zip(source.levels, levels, strict=True)):
            if have != want:
                cleared |= ((1 << layout.bits[place]) - 1) << (layout.shifts[place] + low)
        key &= ~cleared
        for place, (have, want) in enumerate(zip(source.levels, levels, strict=True)):
            if have != want and len(layout.hierarchies[place].labels[want]) > 1:
                key |= self._field(place, want)[source.line]
        made = grouped(levels, key, source)
        self._keep(made)
        return made

    def _waypoint(self, levels: Levels) -> Levels:
        """A node on the way up, one of few, from whose smaller table many others can be made."""
        return tuple(min(level, 1) if place in self._shrinking else 0 for place, level in enumerate(levels))

    def _nearest(self, levels: Levels) -> Lines:
        under = (self._levels <= np.array(levels, dtype=np.int8)).all(axis=1)
        sizes = np.where(under, self._sizes, np.iinfo(np.int64).max)
        return self._kept[int(sizes.argmin())]

    def _field(self, place: int, level: int) -> Integers:
        """The attribute's field of each base line's key, at a level."""
        found = self._fields.get((place, level))
        if found is None:
            layout = self.base.layout
            codes = layout.hierarchies[place].codes[level] << (layout.shifts[place] + self.base.low_bits)
            found = np.take(codes, layout.leaves(self.base.leaves, place))
            if len(found) <= self._field_room:
                self._field_room -= len(found)
                self._fields[place, level] = found
        return found

    def _keep(self, made: Lines) -> None:
        """Remember a table; the largest ones make room, as they spare the least."""
        size = len(made.key)
        if self._waypoint(made.levels) == made.levels:
            return
        while size > self._room:
            largest = 1 + int(self._sizes[1:].argmax()) if len(self._kept) > 1 else 0
            if largest == 0 or self._sizes[largest] <= size:
                return
            self._room += int(self._sizes[largest])
            del self._kept[largest]
            self._levels = np.delete(self._levels, largest, axis=0)
            self._sizes = np.delete(self._sizes, largest)
        self._room -= size
        self._kept.append(made)
        self._levels = np.vstack([self._levels, np.array([made.levels], dtype=np.int8)])
        self._sizes = np.append(self._sizes, size)
