"""Measures a protected table as it would be published, and attacks it with all that was published before.

Everything is computed again, with Arrow's kernels and the attacker, from the candidate's file and from the evidence
that joins its finest cells to numbered units: totals, units, largest contributions, and the interval that must remain
possible of each secret cell (levels of Hundepool et al., Statistical Disclosure Control (2012), section 4.2.2). No code
is shared with what made the candidate.

A cell is taken to be the same in two releases where its true figure is: that gives the attacker at least what a reader
of both files could suppose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anonymization.errors import MeasurementError
from anonymization.secrecy.attacker import Attacker, Key, Need, Sighting
from anonymization.secrecy.published import Labels, PublishedTable, Shape, key_of, read_table
from policies.contract import Measure, ReleaseRule
from policies.tabulated import PUBLISHED, STATUS

Floats = npt.NDArray[np.float64]
_TOLERANCE = 1e-6  # of a protection level
_SHIFT = 1e-9


@dataclass(frozen=True, slots=True)
class Attacked:
    """What an attack came to.

    Attributes:
        asked: secret figures that a rule hides, whose interval was computed.
        programs: linear programs solved.
        narrowest: the narrowest interval as a share of what is needed.
        failed: figures known more closely than their interval, here or in an earlier release.
    """

    asked: int
    programs: int
    narrowest: float
    failed: int


@dataclass(frozen=True, slots=True)
class Truth:
    """One figure of each row as it is: total, units, and how far an attacker must stay; 0 where the rules allow it."""

    total: Floats
    units: Floats
    largest: Floats  # of one unit
    upper: Floats = field(repr=False)  # the protection level above; 0 for a cell that no rule hides
    lower: Floats = field(repr=False)


def shape_of(rule: ReleaseRule) -> Shape:
    """Where the dimensions and figures of a rule stand in its file."""
    dimensions = rule.table.dimensions if rule.table else ()
    figures = tuple(measure.name for measure in rule.measures if measure.function != "mean")
    return Shape(tuple((one.name, one.levels, one.total) for one in dimensions), figures, (STATUS, PUBLISHED))


def truths(
    table: PublishedTable, evidence: pa.Table, rule: ReleaseRule, measures: Sequence[Measure] | None = None
) -> dict[str, Truth]:
    """The figures of every row, from the evidence; of some measures, or of all.

    Raises:
        MeasurementError: evidence and table do not belong together.
    """
    measures = [one for one in (rule.measures if measures is None else measures) if one.function != "mean"]
    wanted = {"cell", "unit", *(_column(measure) for measure in measures)}
    if missing := sorted(wanted - set(evidence.schema.names)):
        raise MeasurementError(f"the evidence of the table has no column {missing}")
    lines = _lines_of_rows(table, evidence)
    return {measure.name: _truth(lines, measure, rule, len(table.keys)) for measure in measures}


def read_evidence(table: pa.Table, evidence: pa.Table, rule: ReleaseRule) -> tuple[PublishedTable, Mapping[str, Truth]]:
    """A release as its readers see it, and as it is; of the figures that it has.

    Raises:
        MeasurementError: evidence and table do not belong together.
    """
    shape = shape_of(rule)
    had = [measure for measure in rule.measures if measure.name in table.schema.names]
    known = Shape(shape.dimensions, tuple(m.name for m in had if m.name in shape.figures), shape.status)
    read = read_table(table, known)
    return read, truths(read, evidence, rule, had)


def attack_releases(
    now: tuple[PublishedTable, Mapping[str, Truth]], earlier: Sequence[tuple[PublishedTable, Mapping[str, Truth]]]
) -> Attacked:
    """Attack every figure of a table with every earlier table of the same shape."""
    asked = programs = failed = 0
    narrowest = 1.0
    for name in now[0].shape.figures:
        known = [now, *(one for one in earlier if name in one[1])]
        found = _attack(name, known)
        asked, programs, failed = asked + found.asked, programs + found.programs, failed + found.failed
        narrowest = min(narrowest, found.narrowest)
    return Attacked(asked, programs, narrowest, failed)


def _attack(name: str, releases: Sequence[tuple[PublishedTable, Mapping[str, Truth]]]) -> Attacked:
    """One figure, in the releases that publish it, the new one first."""
    seen: dict[Key, float] = {}  # the true figure of every unknown
    public: set[Key] = set()
    additions: list[tuple[Key, list[Key]]] = []
    needed: dict[Key, tuple[float, float]] = {}
    for number, (table, truth) in enumerate(releases):
        mine = _named(number, table, truth[name], seen)
        for place, key in enumerate(table.keys):
            one, figure = mine[key], truth[name]
            if table.shown[place]:
                public.add(one)
                continue
            low, high = figure.total[place] - figure.lower[place], figure.total[place] + figure.upper[place]
            before = needed.get(one, (low, high))
            needed[one] = min(low, before[0]), max(high, before[1])
        additions += [(mine[total], [mine[term] for term in terms]) for total, terms in table.additions]
    attacker = Attacker({key: Sighting(value if key in public else None) for key, value in seen.items()}, additions)
    asked = {key: (low, high) for key, (low, high) in needed.items() if high > low}
    told = len(asked.keys() & public)
    shares = [attacker.covers(Need((key,), low, high)) for key, (low, high) in asked.items() if key not in public]
    narrowest = 0.0 if told else min(shares, default=1.0)
    return Attacked(len(asked), attacker.programs, narrowest, told + sum(share < 1 - _TOLERANCE for share in shares))


def _named(number: int, table: PublishedTable, truth: Truth, seen: dict[Key, float]) -> dict[Key, Key]:
    """The unknown that each cell is: that of a later release where its figure is the same."""
    mine: dict[Key, Key] = {}
    for place, key in enumerate(table.keys):
        value = float(truth.total[place])
        names = [key, *(key | {("\0release", str(other))} for other in range(1, number))]
        known = next((one for one in names if one in seen and abs(seen[one] - value) <= _SHIFT * abs(value)), None)
        if known is None:
            known = key if number == 0 else key | {("\0release", str(number))}
            seen[known] = value
        mine[key] = known
    return mine


def _column(measure: Measure) -> str:
    return {"units": "units", "rows": "rows"}.get(measure.function, f"sum:{measure.column}")


def _lines_of_rows(table: PublishedTable, evidence: pa.Table) -> pa.Table:
    """The evidence once for every row that its cell is part of: `row`, and the columns of the evidence.

    Raises:
        MeasurementError: a line is of no row, or of a row that is not a finest cell.
    """
    row_of = {key: row for row, key in enumerate(table.keys)}
    finest = np.asarray(evidence["cell"].combine_chunks())
    if len(finest) and (finest.min() < 0 or finest.max() >= len(table.paths)):
        raise MeasurementError("the evidence speaks of a row that the table does not have")
    parts = []
    for depths in product(*(range(len(levels) + 1) for _, levels, _ in table.shape.dimensions)):
        above = np.full(len(table.paths), -1, np.int64)
        for row in np.unique(finest):
            path: tuple[Labels, ...] = table.paths[row]
            if any(len(one) < len(levels) for one, (_, levels, _) in zip(path, table.shape.dimensions, strict=True)):
                raise MeasurementError("the evidence speaks of a row that is not a finest cell")
            cut = tuple(one[:depth] for one, depth in zip(path, depths, strict=True))
            above[row] = row_of.get(key_of(cut, table.shape), -1)
        rows = above[finest]
        part = evidence.append_column("row", pa.array(rows, pa.int64()))
        parts.append(part.filter(pc.greater_equal(part["row"], 0)))
    return pa.concat_tables(parts)


def _truth(lines: pa.Table, measure: Measure, rule: ReleaseRule, rows: int) -> Truth:
    column = _column(measure)
    known = lines.filter(pc.is_valid(lines[column])).select(["row", "unit", column])
    each = known.group_by(["row", "unit"]).aggregate([(column, "sum")])
    row, value = (np.asarray(each[name].combine_chunks()) for name in ("row", f"{column}_sum"))
    order = np.lexsort((-value.astype(np.float64), row))
    row, value = row[order], value[order].astype(np.float64)
    total, units = _summed(row, value, rows), _summed(row, np.ones(len(row)), rows)
    starts = np.searchsorted(row, np.arange(rows))
    rank = np.arange(len(row)) - starts[row]
    top = [_summed(row[rank < size], value[rank < size], rows) for size in _sizes(rule)]
    counting = measure.function == "units"
    upper, lower = _levels(total, units, dict(zip(_sizes(rule), top, strict=True)), rule, counting=counting)
    return Truth(total, units, top[0], upper, lower)


def _summed(row: npt.NDArray[np.int64], value: Floats, rows: int) -> Floats:
    return np.asarray(np.bincount(row, value, rows), np.float64)


def _sizes(rule: ReleaseRule) -> list[int]:
    """How many largest contributions the rules look at."""
    return sorted({1, 2, *(one.units for one in (rule.table.dominances if rule.table else ()))})


def _levels(
    total: Floats, units: Floats, top: Mapping[int, Floats], rule: ReleaseRule, *, counting: bool
) -> tuple[Floats, Floats]:
    """The protection levels of each row, above and below; 0 where no rule hides it."""
    minimum, table = float(rule.minimum_units or 0), rule.table
    few = units < minimum
    if counting:
        return np.where(few, np.maximum(minimum - 1 - total, 1.0), 0.0), np.where(few, np.maximum(total - 1, 0.0), 0.0)
    share = table.interval if table else 0.1
    upper = np.where(few, share * total, 0.0)
    limits = [(1, rule.dominance)] if rule.dominance is not None else []
    for size, limit in [*limits, *((one.units, one.share) for one in (table.dominances if table else ()))]:
        upper = np.where(top[size] > limit * total, np.maximum(upper, top[size] / limit - total), upper)
    if table is not None and table.p_percent is not None:
        wanted, rest = table.p_percent / 100 * top[1], total - top[2]
        upper = np.where(rest < wanted, np.maximum(upper, wanted - rest), upper)
    return upper, np.minimum(upper, total)


__all__ = ["Attacked", "Truth", "attack_releases", "read_evidence", "shape_of", "truths"]
