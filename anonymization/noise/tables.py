"""Release of a table with noise: one question about a period, drawn once, paid for and kept together.

The values counted are declared beforehand, so a line shows whether or not somebody is in it. A unit's rows are bounded
as a whole before any noise: it counts in a declared number of lines, and its total of a column in each is clipped
(:mod:`anonymization.noise.influence`). Epsilon is shared equally by the measures, and they add up (sequential
composition); a mean is a noisy sum over a noisy count, each with half of its share.

What must not change: the figures come from the ledger, which keeps them with what they cost. The true ones never leave
this module, and memory is bounded by the distinct (line, unit) pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import polars as pl
import pyarrow as pa

from anonymization.candidate import ReleaseCounts, Released, measure_type, released_schema
from anonymization.classes import ROWS, ClassReader
from anonymization.errors import NoiseError
from anonymization.frequencies import UNIT, FrequencyTable
from anonymization.noise.budget import BudgetLedger, Release
from anonymization.noise.figures import NoisyFigure
from anonymization.noise.influence import STEPS, Influence
from anonymization.noise.mechanism import micro, noisy
from policies.contract import Measure, ReleaseRule
from storage import canonical_json

Batches = Callable[[], Iterable[pa.RecordBatch]]
DETAIL = "noise"  # of a candidate's details
_LARGEST = 9_000_000_000  # of a value: its steps are exact


@dataclass(frozen=True, slots=True)
class Purse:
    """What pays for a release: a ledger, whose budget, and the name under which the figures are kept for ever."""

    ledger: BudgetLedger
    dataset: str
    unit_kind: str
    name: str


def influence_of(rule: ReleaseRule, unit_column: str) -> Influence:
    """The contribution bound a contract declares.

    Raises:
        NoiseError: the rule has none.
    """
    noise = rule.noise
    if noise is None:
        raise NoiseError("a table with noise needs a declared bound of what one unit changes")
    bounds = {column: (float(least), float(most)) for column, least, most in noise.bounds}
    return Influence(unit_column, noise.cells, bounds)


def release_noisy(batches: Batches, reader: ClassReader, purse: Purse, now: datetime) -> Released:
    """Make the candidate of one period: its figures of before, if it has some; else they are drawn and paid for.

    Raises:
        NoiseError: a column or a bound does not fit.
        BudgetError: no budget was declared, or other figures were drawn under this name.
        BudgetExhaustedError: nothing was drawn.
    """
    rule = reader.rule
    if rule.noise is None or reader.unit is None:
        raise NoiseError("a table with noise needs « noise » and a protection unit")
    influence = influence_of(rule, reader.unit.column)
    column, lines = _lines_of(rule)
    counted, constants = _count(batches, reader, column)
    cost = micro(rule.noise.epsilon)
    release = purse.ledger.spend(
        purse.dataset, purse.unit_kind, purse.name, question_of(rule, influence), cost,
        lambda: _draw(counted, rule, influence, column, lines, cost), now,
    )  # fmt: skip
    rows = int(counted[ROWS].sum()) if counted.width else 0
    table = published(rule, release, constants)
    counts = ReleaseCounts(rows, 0, 0, table.num_rows)
    details = {DETAIL: {"name": purse.name, "drawn_at": release.drawn_at.isoformat()}}
    return Released(table, counts, pa.array([0] * table.num_rows, pa.int64()), None, details)


def question_of(rule: ReleaseRule, influence: Influence) -> str:
    """The digest of all that the figures depend on, beside the rows."""
    column, lines = _lines_of(rule)
    asked = {
        "kind": "table",
        "column": column,
        "lines": list(lines),
        "measures": [[one.name, one.function, one.column] for one in rule.measures],
        "influence": influence.to_json(),
    }
    return sha256(canonical_json(asked)).hexdigest()


def published(rule: ReleaseRule, release: Release, constants: Mapping[str, Any]) -> pa.Table:
    """The table that figures make, under the published schema.

    Raises:
        NoiseError: the figures are of other lines or measures.
    """
    column, lines = _lines_of(rule)
    figures = release.figures.get("values", {})
    if release.figures.get("lines") != list(lines) or set(figures) != {one.name for one in rule.measures}:
        raise NoiseError("the figures kept under this name are of other lines or measures")
    made: dict[str, list[Any]] = {}
    for each in rule.columns:
        made[each.name] = list(lines) if each.name == column else [constants.get(each.name)] * len(lines)
    for measure in rule.measures:
        made[measure.name] = [_rounded(value, measure) for value in figures[measure.name]]
    return pa.table(made, schema=released_schema(rule))


def margins(rule: ReleaseRule, release: Release, confidence: float = 0.95) -> dict[str, float]:
    """How far the noise in each count or sum is from 0 at most, with this confidence; a mean has none."""
    scales: Mapping[str, float] = release.figures["scales"]
    return {
        measure.name: NoisyFigure(0.0, scales[measure.name], 0.0, release.drawn_at).within(confidence)
        for measure in rule.measures
        if measure.function != "mean"
    }


def _lines_of(rule: ReleaseRule) -> tuple[str | None, tuple[str, ...]]:
    """The column that is counted by, and its declared values; a single line where there is none."""
    given = rule.noise.values if rule.noise else ()
    for column in rule.columns:
        listed = column.options.get("values")
        if isinstance(listed, Mapping) and not given:
            return column.name, tuple(dict.fromkeys(sorted(str(label) for label in listed.values())))
    if not given:
        return None, ("",)
    of_periods = ("day", "week", "month", "year")
    free = [column.name for column in rule.columns if column.generalization not in of_periods]
    if len(free) != 1:
        raise NoiseError("a table with noise is counted by one column, beside the period")
    return free[0], given


def _count(batches: Batches, reader: ClassReader, column: str | None) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Rows and exact totals by line and unit, and the values of the columns that say the period."""
    keys = [column] if column else []
    sums = [ROWS, *(f"{prefix}:{name}" for name in reader.measured for prefix in ("sum", "values"))]
    table = FrequencyTable([*keys, *UNIT], sums)
    constants: dict[str, Any] = {}
    for batch in batches():
        frame = reader.frame(batch, measures=True)
        for name in [name for name in reader.published if name != column and frame.height]:
            if frame[name].n_unique() != 1 or constants.setdefault(name, frame[name][0]) != frame[name][0]:
                raise NoiseError(f"column « {name} » is no period: it has several values")
        table.add(frame)
    steps = {name: STEPS // reader.sums.scale(name) for name in reader.measured}
    lines = table.lines()
    if not lines.width:
        return lines, constants
    limit = {name: _LARGEST * reader.sums.scale(name) for name in steps}
    exact = [(pl.col(f"sum:{name}").clip(-limit[name], limit[name]) * step) for name, step in steps.items()]
    return lines.drop_nulls(UNIT[0]).with_columns(exact), constants


def _draw(
    counted: pl.DataFrame,
    rule: ReleaseRule,
    influence: Influence,
    column: str | None,
    lines: tuple[str, ...],
    cost: int,
) -> dict[str, Any]:
    """The figures of every measure, with noise, and the scale of the noise in each."""
    bounded = _bounded(counted, influence, column, lines)
    shares = _shares(cost, len(rule.measures))
    values: dict[str, list[Any]] = {}
    scales: dict[str, float] = {}
    for measure, share in zip(rule.measures, shares, strict=True):
        if measure.function == "units":
            found, scale = noisy(_by_line(bounded, pl.len(), column, lines), influence.bins, share)
            values[measure.name], scales[measure.name] = list(found), scale
            continue
        name = str(measure.column)
        low, high = influence.of(name)
        held = bounded.filter(pl.col(f"values:{name}") > 0) if bounded.width else bounded
        clipped = pl.col(f"sum:{name}").clip(round(low * STEPS), round(high * STEPS)).sum()
        totals = _by_line(held, clipped, column, lines)
        single = influence.sensitivity(name) * influence.bins
        if measure.function == "sum":
            found, scale = noisy(totals, single, share)
            values[measure.name], scales[measure.name] = [value / STEPS for value in found], scale / STEPS
            continue
        found, scale = noisy(totals, single, share // 2)
        among, _ = noisy(_by_line(held, pl.len(), column, lines), influence.bins, share - share // 2)
        values[measure.name] = [
            min(max(total / count / STEPS, low), high) if count > 0 else None
            for total, count in zip(found, among, strict=True)
        ]
        scales[measure.name] = scale / STEPS
    return {"lines": list(lines), "values": values, "scales": scales}


def _bounded(counted: pl.DataFrame, influence: Influence, column: str | None, lines: tuple[str, ...]) -> pl.DataFrame:
    """The lines that count: of declared values, and of each unit no more than its bound, in the order declared."""
    if not counted.width or column is None:
        return counted
    order = {name: place for place, name in enumerate(lines)}
    known = counted.filter(pl.col(column).is_in(list(lines)))
    place = pl.col(column).replace_strict(order, return_dtype=pl.Int64)
    return known.filter(place.rank("ordinal").over(list(UNIT)) <= influence.bins)


def _by_line(frame: pl.DataFrame, figure: pl.Expr, column: str | None, lines: tuple[str, ...]) -> list[int]:
    if not frame.width or frame.is_empty():
        return [0] * len(lines)
    if column is None:
        return [int(frame.select(figure).item())]
    found = dict(frame.group_by(column).agg(figure.alias("\0figure")).iter_rows())
    return [int(found.get(name, 0)) for name in lines]


def _shares(cost: int, measures: int) -> list[int]:
    """What each measure costs: equal shares, the last one with what is left over.

    Raises:
        NoiseError: there is not enough for a mean, which pays twice.
    """
    share = cost // measures
    if share < 2:
        raise NoiseError("epsilon: each measure needs two millionths at least")
    return [*[share] * (measures - 1), cost - share * (measures - 1)]


def _rounded(value: float | None, measure: Measure) -> float | int | None:
    if value is None:
        return None
    return round(value) if pa.types.is_integer(measure_type(measure)) else round(float(value), measure.decimals)


__all__ = ["DETAIL", "Purse", "influence_of", "margins", "published", "question_of", "release_noisy"]
