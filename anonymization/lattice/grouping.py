"""Rolling frequency tables up the lattice: from the lines of a node, those of any node above it.

A line's key is the generalized combination, then (where units have several lines) the unit, then the sensitive values,
so that one sort puts a class together, and inside it each unit. Lines of a node are made from the smallest table
already made at or under it, never from the rows; and from keys alone, as a field tells its value at every level above.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from anonymization.errors import GeneralizationSearchError
from anonymization.lattice.combinations import KEY, ROWS, Combinations, is_known
from anonymization.lattice.layout import Layout
from anonymization.lattice.sums import blocks, each, halves, summed

Integers: TypeAlias = NDArray[np.int64]
Booleans: TypeAlias = NDArray[np.bool_]
Levels: TypeAlias = tuple[int, ...]

_PACKED_BITS = 63
_LARGE = 100_000  # lines from which it is worth stopping on the way
_SHRINKING = 3  # attributes whose first level makes tables smallest: 7 stops at most, always kept
_CACHED_BYTES = 192_000_000  # over all tables kept, but the base and the stops


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one node, sorted by key."""

    levels: Levels
    key: Integers
    rows: Integers
    units: Integers  # of units with one line only; the very array of rows where each row is a unit

    @property
    def bytes(self) -> int:
        """What it takes in memory."""
        return self.key.nbytes + self.rows.nbytes + (0 if self.units is self.rows else self.units.nbytes)


@dataclass(frozen=True, slots=True)
class Field:
    """Some bits of a key."""

    shift: int
    bits: int

    def of(self, key: Integers) -> Integers:
        """What the field holds in each key."""
        return (key >> self.shift) & ((1 << self.bits) - 1)


@dataclass(frozen=True, slots=True)
class Base:
    """The finest lines, encoded."""

    layout: Layout
    low_bits: int  # of the fields under the combination: unit, sensitive values
    lines: Lines
    repeated: Field | None  # number (from 1) of a unit with several lines, 0 for others; None if there is none
    sensitive: dict[str, Field]
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
        rows = lines[ROWS].to_numpy()
        repeated, single, total_units = _units(lines, counted.unit_keys, rows)
        low, low_bits = np.zeros(len(lines) if repeated is not None or counted.sensitive else 1, dtype=np.int64), 0
        fields: dict[str, Field] = {}
        values: dict[str, list[object]] = {}
        for name in reversed(counted.sensitive):
            codes, values[name] = _ranks(lines[name])
            fields[name] = Field(low_bits, (len(values[name]) - 1).bit_length())
            low |= codes << low_bits
            low_bits += fields[name].bits
        of_unit = None
        if repeated is not None:
            of_unit = Field(low_bits, int(repeated.max()).bit_length())
            low |= repeated << low_bits
            low_bits += of_unit.bits
        if low_bits + sum(counted.layout.bits) > _PACKED_BITS - 1:
            raise GeneralizationSearchError(
                f"combinations, units and sensitive values need {low_bits + sum(counted.layout.bits)} bits and a key "
                f"holds {_PACKED_BITS - 1}: start from coarser leaves"
            )
        base = _ordered((0,) * len(counted.layout.bits), (lines[KEY].to_numpy() << low_bits) | low, rows, single)
        return cls(counted.layout, low_bits, base, of_unit, fields, values, int(rows.sum()), total_units)

    def histogram(self, place: int) -> Integers:
        """Rows of each leaf of one attribute."""
        hierarchy = self.layout.hierarchies[place]
        leaves = self.layout.leaves(self.lines.key >> self.low_bits, place)
        counts = np.bincount(leaves, weights=self.lines.rows, minlength=hierarchy.leaves)
        return counts.astype(np.int64)


def _ordered(levels: Levels, key: Integers, rows: Integers, units: Integers) -> Lines:
    """Sort lines by key. They come in the order of combinations, so that often nothing is to be done."""
    if bool((key[1:] > key[:-1]).all()):
        return Lines(levels, key, rows, units)
    order = np.argsort(key, kind="stable")
    ordered = rows[order]
    return Lines(levels, key[order], ordered, ordered if units is rows else units[order])


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


def _shrinking(layout: Layout) -> frozenset[int]:
    """The attributes whose first level has, against their leaves, the fewest values."""
    ratios = [len(h.labels[1]) / h.leaves if h.height else 1.0 for h in layout.hierarchies]
    return frozenset(sorted(range(len(ratios)), key=lambda place: (ratios[place], place))[:_SHRINKING])


def is_under(lower: Levels, higher: Levels) -> bool:
    """Whether the lines of one node can be made from those of another."""
    return all(below <= above for below, above in zip(lower, higher, strict=True))


class RollUp:
    """Makes the lines of any node, from the smallest table it holds at or under it."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self._kept: list[Lines] = [base.lines]
        self._levels = np.array([base.lines.levels], dtype=np.int8)
        self._sizes = np.array([len(base.lines.key)])
        self._shrinking = _shrinking(base.layout)
        self._stops: dict[Levels, Lines] = {}
        self._room = _CACHED_BYTES
        self._ups: dict[tuple[int, int, int], Integers] = {}
        self._rooms = tuple(np.empty_like(base.lines.key) for _ in range(2))  # used again for every node

    def lines(self, levels: Levels) -> Lines:
        """Lines of the node at `levels`."""
        source = self._nearest(levels)
        if source.levels == levels:
            return source
        stop = self._waypoint(levels)
        if len(source.key) > _LARGE and stop not in (levels, source.levels) and is_under(source.levels, stop):
            source = self._stops.get(stop) or self.lines(stop)
            self._stops[stop] = source
        made = Lines(levels, *summed(self._raised(source, levels), source.rows, source.units, self._rooms[1]))
        self._keep(made)
        return made

    def _raised(self, source: Lines, levels: Levels) -> Integers:
        """The keys of `source` at higher levels, in its order; they hold until the next are asked for."""
        layout, low = self.base.layout, self.base.low_bits
        changes, untouched = [], -1
        for place, (have, want) in enumerate(zip(source.levels, levels, strict=True)):
            if have != want:
                field = Field(layout.shifts[place] + low, layout.bits[place])
                untouched &= ~(((1 << field.bits) - 1) << field.shift)
                if len(layout.hierarchies[place].labels[want]) > 1:
                    changes.append((field, self._up(place, have, want) << field.shift))
        key = self._rooms[0][: len(source.key)]

        def change(part: slice) -> None:
            for block in blocks(part):
                old = source.key[block]
                new = np.bitwise_and(old, untouched, out=key[block])
                for field, values in changes:
                    new |= values[field.of(old)]

        each(change, halves(len(key)))
        return key

    def _up(self, place: int, have: int, want: int) -> Integers:
        """Value of an attribute at a level, for each of its values at a lower one."""
        found = self._ups.get((place, have, want))
        if found is None:
            hierarchy = self.base.layout.hierarchies[place]
            found = np.zeros(len(hierarchy.labels[have]), dtype=np.int64)
            found[hierarchy.codes[have]] = hierarchy.codes[want]
            self._ups[place, have, want] = found
        return found

    def _waypoint(self, levels: Levels) -> Levels:
        """A node on the way up, one of few, from whose smaller table many others can be made."""
        return tuple(min(level, 1) if place in self._shrinking else 0 for place, level in enumerate(levels))

    def _nearest(self, levels: Levels) -> Lines:
        under = (self._levels <= np.array(levels, dtype=np.int8)).all(axis=1)
        sizes = np.where(under, self._sizes, np.iinfo(np.int64).max)
        return self._kept[int(sizes.argmin())]

    def _keep(self, made: Lines) -> None:
        """Remember a table; the largest ones make room, as they spare the least."""
        if self._waypoint(made.levels) == made.levels:
            return
        while made.bytes > self._room:
            largest = 1 + int(self._sizes[1:].argmax()) if len(self._kept) > 1 else 0
            if largest == 0 or self._sizes[largest] <= len(made.key):
                return
            self._room += self._kept[largest].bytes
            del self._kept[largest]
            self._levels = np.delete(self._levels, largest, axis=0)
            self._sizes = np.delete(self._sizes, largest)
        self._room -= made.bytes
        self._kept.append(made)
        self._levels = np.vstack([self._levels, np.array([made.levels], dtype=np.int8)])
        self._sizes = np.append(self._sizes, len(made.key))
