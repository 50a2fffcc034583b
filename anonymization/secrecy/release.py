"""Release of a protected table: from trusted rows, and every earlier release of the period, to a candidate.

1. Rows become lines: one for each finest cell and unit (:mod:`anonymization.secrecy.figures`).
2. Where the period was released before, finest cells whose change would tell about too few units keep what they were,
   in every figure, compared with each version published (:mod:`anonymization.secrecy.releases`).
3. All figures are protected under one pattern, together with every version (:mod:`anonymization.secrecy.shared`).
4. The candidate's rows are the table with its totals; what *assess* and the next revision need goes beside them.

What must not change: where a version can not be compared (its lines are gone, or bear the pseudonyms of an ended epoch)
or no pattern protects it and the new table together, what was published last is the candidate again. Nothing is ever
published that was not protected with all that anyone may have kept.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl
import pyarrow as pa

from anonymization.candidate import ReleaseCounts, Released, measure_type, released_schema
from anonymization.classes import ClassReader
from anonymization.errors import InfeasibleTableError, UnprotectedTableError
from anonymization.secrecy import cells
from anonymization.secrecy.attacker import Key
from anonymization.secrecy.audit import attack_releases, read_evidence
from anonymization.secrecy.cells import AMOUNT, Base, Tabulation
from anonymization.secrecy.dimensions import TOTAL
from anonymization.secrecy.figures import (
    PSEUDONYM,
    ROW_COUNT,
    SEPARATOR,
    UNITS,
    Batches,
    Lines,
    base_of,
    figure_name,
    figures_of,
    parents_of_paths,
    read_lines,
)
from anonymization.secrecy.releases import settled_together
from anonymization.secrecy.rules import VALID
from anonymization.secrecy.shared import Figure, Shared, protect_shared, recalled, rules_of
from policies.contract import Measure, ReleaseRule
from policies.tabulated import PUBLISHED, SECRET, STATUS, Dimension, TableRule

TIME_LIMIT = 60.0  # seconds of each search, a guard
MEMORY = b"ardoise.memory"  # metadata of a version's lines
DETAIL = "table"  # of a candidate's details: the facts of making it
FIRST, REVISED, KEPT, FORGOTTEN, ROTATED = 0.0, 1.0, 2.0, 3.0, 4.0  # the fact « revision »; from KEPT on, all stays
_CELL, _CODE, _UNITS = "cell", "n:code", "n:units"


@dataclass(frozen=True, slots=True)
class EarlierTable:
    """One earlier release of the period; `comparable` where its lines bear the pseudonyms of now."""

    released: Released = field(repr=False)
    comparable: bool = True


def release_protected(
    batches: Batches, reader: ClassReader, earlier: Sequence[EarlierTable] = (), *, time_limit: float = TIME_LIMIT
) -> Released:
    """Make the candidate of one period.

    Args:
        batches: gives the trusted rows.
        reader: of a rule of kind `protected_table`.
        earlier: every release of the same period, last first.
        time_limit: seconds of each search.

    Raises:
        TabulationError: no table can be made of the rows.
        InfeasibleTableError: nothing protects the table, and nothing was published of it before.
    """
    lines = read_lines(batches, reader)
    if any(version.released.lines is None for version in earlier):
        return _kept(earlier[0].released, FORGOTTEN)
    if not all(version.comparable for version in earlier):
        return _kept(earlier[0].released, ROTATED)
    before = [version.released for version in earlier]
    try:
        made = _Making(lines, reader.rule, before).released(time_limit)
    except (InfeasibleTableError, UnprotectedTableError):
        if earlier:
            return _kept(before[0])
        raise
    return _kept(before[0]) if _told_by_likeness(made, before, reader.rule) else made


def _told_by_likeness(made: Released, before: Sequence[Released], rule: ReleaseRule) -> bool:
    """Whether a reader who takes equal figures of two versions for unchanged cells would come too close.

    They need not be: as many may have left as have come. *assess* takes them for unchanged, and would refuse.
    """
    if not before:
        return False
    found = [read_evidence(one.table, one.evidence, rule) for one in (made, *before) if one.evidence is not None]
    return attack_releases(found[0], found[1:]).failed > 0


def _kept(last: Released, why: float = KEPT) -> Released:
    """What was published last. Its memory stays where it is: it may bear pseudonyms of another epoch."""
    return replace(last, lines=None, details={**last.details, DETAIL: {**last.details[DETAIL], "revision": why}})


class _Making:
    """One table being made; holds what its steps share."""

    def __init__(self, lines: Lines, rule: ReleaseRule, earlier: Sequence[Released]) -> None:
        if rule.table is None:
            raise InfeasibleTableError("a protected table needs dimensions")
        self._rule, self._earlier = rule, earlier
        self._table: TableRule = rule.table
        self._paths = [dimension.name for dimension in self._table.dimensions]
        self._lines = replace(lines, labels=self._known_labels(lines.labels))
        before = [pl.DataFrame(one.lines) for one in earlier if one.lines is not None]
        every = [frame.select(self._paths) for frame in (lines.frame, *before)]
        known = pl.concat(every).unique()
        self._hierarchies = {name: parents_of_paths(known[name].unique().sort()) for name in self._paths}
        self._tabulation = Tabulation(tuple(self._paths), self._hierarchies)

    def released(self, time_limit: float) -> Released:
        """Steps 2 to 4."""
        figures = [self._figure(name) for name in figures_of(self._rule)]
        bases, kept = settled_together([figure.revised() for figure in figures], [self._tabulation])
        figures = [replace(figure, base=base) for figure, base in zip(figures, bases, strict=True)]
        shared = protect_shared(figures, self._tabulation, self._table.cost, time_limit)
        whole = self._cells(shared)
        frame = self._with_published_margins(whole)
        lines = _wide({figure.name: figure.base for figure in figures}, self._paths)
        return Released(
            self._published(frame),
            self._counts(frame),
            frame[_UNITS].cast(pl.Int64).to_arrow(),
            self._evidence(lines, frame),
            {DETAIL: self._facts(shared, frame, kept.height)},
            self._remembered(lines, whole),
        )

    def _figure(self, name: str) -> Figure:
        rules, scale = rules_of(self._rule, counting=name == UNITS), self._lines.scales[name]
        past = []
        for version in self._earlier:
            if version.lines is not None and name in version.lines.schema.names:
                said = json.loads(version.lines.schema.metadata[MEMORY])
                base = base_of(pl.DataFrame(version.lines), self._paths, name, int(said["scales"][name]))
                hidden = {self._key(paths) for paths in said["hidden"]}
                past.append(recalled(base, self._tabulation, rules, hidden))
        return Figure(name, base_of(self._lines.frame, self._paths, name, scale), rules, tuple(past))

    def _known_labels(self, labels: pl.DataFrame) -> pl.DataFrame:
        """The labels of the finest cells; those of cells that are only in earlier versions come last."""
        found = [labels]
        for version in self._earlier:
            frame = pl.DataFrame(version.table)
            finest = pl.all_horizontal(pl.col(one.levels[-1]) != one.total for one in self._table.dimensions)
            paths = [
                pl.concat_str(list(one.levels), separator=SEPARATOR).alias(one.name) for one in self._table.dimensions
            ]
            names = [column.name for column in self._rule.columns]
            if set(names) <= set(frame.columns):
                renamed = [pl.col(name).alias(f"published:{name}") for name in names]
                found.append(frame.filter(finest).select(*paths, *renamed).select(labels.columns).cast(labels.schema))
        return pl.concat(found).unique(self._paths, keep="first", maintain_order=True)

    def _key(self, paths: Sequence[str]) -> Key:
        return frozenset((name, path) for name, path in zip(self._paths, paths, strict=True) if path != TOTAL)

    def _cells(self, shared: Shared) -> pl.DataFrame:
        """Every cell: paths, private number of units, each figure in steps, status A, B, D or V; totals come first."""
        frame: pl.DataFrame | None = None
        for name, table in shared.tables.items():
            values = pl.DataFrame(table.cells.select([*self._paths, "value", "units"]))
            steps = (pl.col("value").cast(pl.Float64) * self._lines.scales[name]).round().cast(pl.Int64)
            values = values.select(*self._paths, steps.alias(name), pl.col("units").alias(f"units:{name}"))
            frame = values if frame is None else frame.join(values, on=self._paths, how="left")
        assert frame is not None  # noqa: S101 (a rule has a figure)
        codes = [shared.status.get(self._key(paths), VALID) for paths in frame.select(self._paths).iter_rows()]
        whole = pl.max_horizontal(f"units:{name}" for name in shared.tables)
        frame = frame.with_columns(whole.alias(_UNITS), pl.Series(_CODE, codes))
        order = [pl.when(pl.col(name) == TOTAL).then(pl.lit("")).otherwise(pl.col(name)) for name in self._paths]
        return frame.sort(order)

    def _with_published_margins(self, frame: pl.DataFrame) -> pl.DataFrame:
        for dimension in self._table.dimensions:
            if not dimension.margin:
                frame = frame.filter(pl.col(dimension.name) != TOTAL)
        return frame.with_row_index(_CELL)

    def _published(self, frame: pl.DataFrame) -> pa.Table:
        shown = pl.col(_CODE) == VALID
        columns: list[pl.Series | pl.Expr] = []
        for column in self._rule.columns:
            dimension = next((one for one in self._table.dimensions if column.name in _placed(one)), None)
            if dimension is None:
                columns.append(pl.lit(self._lines.labels[f"published:{column.name}"][0]).alias(column.name))
            else:
                columns.append(_level(frame[dimension.name], column.name, dimension, self._lines.labels))
        for measure in self._rule.measures:
            columns.append(pl.when(shown).then(self._measured(measure)).alias(measure.name))
        status = pl.when(shown).then(pl.lit(PUBLISHED)).otherwise(pl.lit(SECRET)).alias(STATUS)
        made = frame.select(*columns, status).to_arrow(compat_level=pl.CompatLevel.oldest())
        return made.cast(released_schema(self._rule))

    def _measured(self, measure: Measure) -> pl.Expr:
        """A measure of every cell, rounded as it is published."""
        name = figure_name(measure) or f"sum:{measure.column}"
        figure = pl.col(name).cast(pl.Float64) / self._lines.scales[name]
        if measure.function == "mean":
            figure = pl.when(pl.col(UNITS) > 0).then(figure / pl.col(UNITS))
        rounded = figure.round(measure.decimals)
        return rounded.cast(pl.Int64) if pa.types.is_integer(measure_type(measure)) else rounded

    def _counts(self, frame: pl.DataFrame) -> ReleaseCounts:
        codes = frame[_CODE]
        statuses = {status: int((codes == status).sum()) for status in "ABDV"}
        secret = frame.filter(pl.col(_CODE) != VALID)
        left_out = self._lines.rows.join(secret.select(self._paths), on=self._paths, how="semi")[ROW_COUNT].sum()
        return ReleaseCounts(
            self._lines.rows_in, int(left_out) + self._lines.unknown, secret.height, frame.height, statuses
        )

    def _evidence(self, lines: pl.DataFrame, frame: pl.DataFrame) -> pa.Table:
        """One line for each finest cell and unit, numbered; figures in the published unit."""
        units = lines.select(PSEUDONYM).unique().sort(PSEUDONYM).with_row_index("\0number")
        joined = lines.join(units, on=PSEUDONYM).join(frame.select(*self._paths, _CELL), on=self._paths)
        figures = [
            (pl.col(name) if scale == 1 else pl.col(name).cast(pl.Float64) / scale).alias(name)
            for name, scale in self._lines.scales.items()
        ]
        chosen = joined.select(pl.col(_CELL).cast(pl.Int64), pl.col("\0number").cast(pl.Int64).alias("unit"), *figures)
        return chosen.sort(_CELL, "unit").to_arrow(compat_level=pl.CompatLevel.oldest())

    def _remembered(self, lines: pl.DataFrame, frame: pl.DataFrame) -> pa.Table:
        """What a revision needs of this version: its lines, their scales, and the cells that are secret."""
        hidden = [list(row) for row in frame.filter(pl.col(_CODE) != VALID).select(self._paths).iter_rows()]
        said = {"scales": self._lines.scales, "hidden": hidden}
        table = lines.to_arrow(compat_level=pl.CompatLevel.oldest())
        return table.replace_schema_metadata({MEMORY: json.dumps(said).encode()})

    def _facts(self, shared: Shared, frame: pl.DataFrame, kept: int) -> dict[str, float]:
        first = next(iter(shared.tables))
        finest = frame.join(self._lines.labels.select(self._paths), on=self._paths, how="semi")
        total = int(finest[first].sum())
        secret = int(finest.filter(pl.col(_CODE) != VALID)[first].sum())
        grand = frame.filter(pl.all_horizontal(pl.col(name) == TOTAL for name in self._paths))[_CODE].to_list()
        hidden = {"hidden_share": secret / total} if total and grand == [VALID] else {}  # what a reader finds alone
        return hidden | {
            "cost": shared.cost,
            "bound": shared.bound,
            "gap": shared.gap,
            "complete": float(shared.complete),
            "kept_cells": float(kept),
            "revision": REVISED if self._earlier else FIRST,
        }


def _placed(dimension: Dimension) -> tuple[str, ...]:
    return (*dimension.levels, *(label for label, _ in dimension.labels))


def _level(paths: pl.Series, name: str, dimension: Dimension, labels: pl.DataFrame) -> pl.Series:
    """The labels of one column of a dimension; its total's above that level."""
    level = dict(dimension.labels).get(name, name)
    depth = dimension.levels.index(level)
    parts = [[] if path == TOTAL else path.split(SEPARATOR) for path in paths]
    if level == name:
        return pl.Series(name, [part[depth] if len(part) > depth else dimension.total for part in parts])
    above = [f"published:{one}" for one in dimension.levels[: depth + 1]]
    known = {row[:-1]: row[-1] for row in labels.select(*above, f"published:{name}").unique().iter_rows()}
    named = [known.get(tuple(part[: depth + 1])) if len(part) > depth else dimension.total for part in parts]
    return pl.Series(name, named, dtype=pl.String)


def _wide(bases: dict[str, Base], paths: list[str]) -> pl.DataFrame:
    """The lines of all figures side by side."""
    wide: pl.DataFrame | None = None
    for name, base in bases.items():
        lines = base.lines.drop_nulls(cells.UNIT)
        lines = lines.select(*paths, pl.col(cells.UNIT).alias(PSEUDONYM), pl.col(AMOUNT).alias(name))
        wide = lines if wide is None else wide.join(lines, on=[*paths, PSEUDONYM], how="full", coalesce=True)
    assert wide is not None  # noqa: S101 (a rule has a figure)
    return wide.sort([*paths, PSEUDONYM])
