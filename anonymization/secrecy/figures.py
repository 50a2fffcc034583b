"""From trusted rows to the lines of a protected table: one for each finest cell and unit, with its additive figures.

Lines are counted batch by batch in a mergeable frequency table, so memory is bounded by the distinct (cell, unit) pairs
and neither partitions nor their order change anything. Rows of unknown unit are left out and counted.

A dimension's value is the path of its levels, from coarser to finer: the same label under two others is two cells, and
a hierarchy made of paths nests whatever the labels. Sums are whole steps of the published decimals, rounded by unit, so
that what is published adds up to the last digit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa

from anonymization.classes import ROWS, ClassReader
from anonymization.errors import TabulationError
from anonymization.frequencies import MILLIONTHS, UNIT, FrequencyTable
from anonymization.secrecy import cells
from anonymization.secrecy.cells import AMOUNT, Base
from anonymization.secrecy.dimensions import TOTAL
from policies.contract import Measure, ReleaseRule
from policies.tabulated import Dimension

Batches = Callable[[], Iterable[pa.RecordBatch]]
SEPARATOR = "\x1f"  # between the labels of a path; no label may hold it
PSEUDONYM = "unit"
UNITS, ROW_COUNT = "units", "rows"
_DECIMALS = 6  # floating-point values are counted in millionths


@dataclass(frozen=True, slots=True)
class Lines:
    """What a table is made of.

    Attributes:
        frame: the dimensions' paths (strings, by name), `unit` (16 bytes), and a column of integers for each figure,
            null where the unit has no such value.
        labels: the published columns of each finest cell, by path; the constant columns in front.
        scales: steps in one of each figure.
        rows: rows counted by finest cell: the paths and `rows`.
        rows_in: rows read.
        unknown: rows left out because their unit is unknown.
    """

    frame: pl.DataFrame = field(repr=False)
    labels: pl.DataFrame = field(repr=False)
    scales: dict[str, int]
    rows: pl.DataFrame = field(repr=False)
    rows_in: int
    unknown: int


def figure_name(measure: Measure) -> str | None:
    """The additive figure behind a measure; None for a mean, which is made of two."""
    return {"units": UNITS, "rows": ROW_COUNT, "sum": f"sum:{measure.column}"}.get(measure.function)


def figures_of(rule: ReleaseRule) -> list[str]:
    """The additive figures a rule publishes, sums first."""
    found = dict.fromkeys(name for measure in rule.measures if (name := figure_name(measure)))
    return sorted(found, key=lambda name: (not name.startswith("sum:"), name))


def read_lines(batches: Batches, reader: ClassReader) -> Lines:
    """Count rows by finest cell and unit.

    Raises:
        TabulationError: a level has no value, a period is not one, a measured value is negative, or no row has a unit.
        ReleaseRuleError, GeneralizationError, MeasureOverflowError: as for any release.
    """
    rule = reader.rule
    dimensions = rule.table.dimensions if rule.table else ()
    sums = [ROWS, *(f"{prefix}:{name}" for name in reader.measured for prefix in ("sum", "values"))]
    counted = FrequencyTable([*reader.keys, *UNIT], sums)
    for batch in batches():
        frame = reader.frame(batch, measures=True)
        _check_values(frame, reader, dimensions)
        counted.add(frame)
    lines = counted.lines()
    if lines.width == 0 or lines[UNIT[0]].null_count() == lines.height:
        raise TabulationError("no row has a known unit: there is no table to protect")
    rows_in = int(lines[ROWS].sum())
    known = lines.drop_nulls(UNIT[0]).with_columns(_path(dimension) for dimension in dimensions)
    labels = _labels(known, rule, dimensions)
    if UNITS in figures_of(rule):
        known = _in_one_place(known, dimensions)
    scales = {name: _scale(name, reader) for name in figures_of(rule)}
    paths = [dimension.name for dimension in dimensions]
    known = known.group_by([*paths, *UNIT]).agg(pl.col(name).sum() for name in sums)
    frame = known.select(
        *paths, _pseudonyms(known), *(_figure(name, scales[name], reader).alias(name) for name in scales)
    )
    rows = known.group_by(paths).agg(pl.col(ROWS).sum().alias(ROW_COUNT))
    return Lines(frame.sort([*paths, PSEUDONYM]), labels, scales, rows, rows_in, rows_in - int(known[ROWS].sum()))


def base_of(lines: pl.DataFrame, paths: list[str], figure: str, scale: int) -> Base:
    """The base lines of one figure. A unit without the value counts as none, and its cell exists all the same."""
    amount, unit = pl.col(figure), pl.col(PSEUDONYM)
    found = lines.select(
        *paths, pl.when(amount.is_not_null()).then(unit).alias(cells.UNIT), amount.fill_null(0).alias(AMOUNT)
    )
    return Base(found, tuple(paths), scale, scale == 1, figure == UNITS)


def parents_of_paths(paths: Iterable[str]) -> dict[str, str | None]:
    """The hierarchy of a column of paths: each under the one that is a label shorter."""
    found: dict[str, str | None] = {}
    for path in paths:
        while path:
            above = path.rpartition(SEPARATOR)[0]
            found[path] = above or TOTAL
            path = above
    return found


def _path(dimension: Dimension) -> pl.Expr:
    return pl.concat_str(list(dimension.levels), separator=SEPARATOR).alias(dimension.name)


def _check_values(frame: pl.DataFrame, reader: ClassReader, dimensions: tuple[Dimension, ...]) -> None:
    for dimension in dimensions:
        for level in dimension.levels:
            values = frame[level]
            if values.null_count():
                raise TabulationError(f"column « {level} » has no value in {values.null_count()} row(s)")
            distinct = values.unique()
            strange = distinct.filter(
                distinct.str.contains(SEPARATOR, literal=True) | (distinct == dimension.total) | (distinct == "")
            )
            if len(strange):
                odd = int(values.is_in(strange.implode()).sum())
                raise TabulationError(f"column « {level} »: {odd} value(s) are empty, or the label of the total")
    for name in reader.measured:
        if (frame[f"sum:{name}"] < 0).any():
            raise TabulationError(f"column « {name} » has negative values: dominance is not defined on them")


def _labels(known: pl.DataFrame, rule: ReleaseRule, dimensions: tuple[Dimension, ...]) -> pl.DataFrame:
    """The published columns of each finest cell.

    Raises:
        TabulationError: a period is not one, or a label names one value in two ways.
    """
    names = [column.name for column in rule.columns]
    paths = [dimension.name for dimension in dimensions]
    placed = set(rule.table.columns if rule.table else ())
    for name in names:
        if name not in placed and known[name].n_unique() != 1:
            raise TabulationError(f"column « {name} » is in no dimension and has several values")
    renamed = {name: f"published:{name}" for name in names}
    found = known.select(*paths, *(pl.col(name).alias(other) for name, other in renamed.items())).unique()
    for dimension in dimensions:
        for label, level in dimension.labels:
            above = [renamed[name] for name in dimension.levels[: dimension.levels.index(level) + 1]]
            ways = found.select(*above, renamed[label]).unique()
            if ways.height != ways.select(above).unique().height:
                raise TabulationError(f"column « {label} » names one value of « {level} » in several ways")
    return found.sort(paths)


def _in_one_place(known: pl.DataFrame, dimensions: tuple[Dimension, ...]) -> pl.DataFrame:
    """Bring each unit's lines to the finest cell where it has most rows; the first in order where equal."""
    paths = [dimension.name for dimension in dimensions]
    rows = known.group_by([*UNIT, *paths]).agg(pl.col(ROWS).sum())
    places = rows.sort([*UNIT, ROWS, *paths], descending=[False, False, True, *([False] * len(paths))])
    first = places.group_by(UNIT, maintain_order=True).first().drop(ROWS)
    return known.drop(paths).join(first, on=UNIT, how="left")


def _scale(figure: str, reader: ClassReader) -> int:
    name = figure.removeprefix("sum:")
    if name == figure or reader.sums.scale(name) == 1:
        return 1
    decimals = [one.decimals for one in reader.rule.measures if one.function == "sum" and one.column == name]
    return int(10 ** min(max(decimals), _DECIMALS))


def _figure(figure: str, scale: int, reader: ClassReader) -> pl.Expr:
    if figure == UNITS:
        return pl.lit(1, pl.Int64)
    if figure == ROW_COUNT:
        return pl.col(ROWS)
    name = figure.removeprefix("sum:")
    step = MILLIONTHS // scale if reader.sums.scale(name) != 1 else 1
    return pl.when(pl.col(f"values:{name}") > 0).then((pl.col(figure) + step // 2) // step)


def _pseudonyms(frame: pl.DataFrame) -> pl.Series:
    """The two integers of each pseudonym as its sixteen bytes again."""
    words = frame.select(UNIT).to_numpy().astype(">i8").tobytes()
    array = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), frame.height, [None, pa.py_buffer(words)])
    series = pl.from_arrow(array.cast(pa.binary()))
    assert isinstance(series, pl.Series)  # noqa: S101 (an array never becomes a frame)
    return series.alias(PSEUDONYM)
