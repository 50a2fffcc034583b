"""Release of totals: one line per cell, cells below the thresholds left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import polars as pl
import pyarrow as pa

from anonymization.candidate import ReleaseCounts, Released, measure_type
from anonymization.classes import ROWS, ClassReader, numbered_units, published_table
from anonymization.frequencies import UNIT, FrequencyTable
from policies.contract import Measure

Batches = Callable[[], Iterable[pa.RecordBatch]]
_UNITS = "n:units"
_CELL = "cell"


def release_table(batches: Batches, reader: ClassReader) -> Released:
    """Publish the cells that meet the rule's thresholds.

    1. One pass counts, for each cell and unit, rows, sums and values; and for medians, the distinct values of a cell.
    2. Cells are judged on those contributions and the others removed.
    3. Measures are computed for the cells that remain, and the cells sorted by what is published.
    """
    contributions, values = _contributions(batches, reader)
    cells = _cells(contributions, reader)
    kept = cells.filter(_publishable(reader)) if reader.unit else cells
    published = _measured(kept, values, reader).sort([*reader.published, *_figures(reader)], nulls_last=True)
    published = published.with_row_index(_CELL)
    rows_in = int(cells[ROWS].sum())
    counts = ReleaseCounts(
        rows_in, rows_in - int(published[ROWS].sum()), cells.height - published.height, published.height
    )
    units = published[_UNITS].cast(pl.Int64).to_arrow()
    evidence = _evidence(contributions, published, reader) if reader.unit else None
    return Released(published_table(published, reader.schema()), counts, units, evidence)


def _figures(reader: ClassReader) -> list[str]:
    return [measure.name for measure in reader.rule.measures]


def _contributions(batches: Batches, reader: ClassReader) -> tuple[pl.DataFrame, dict[str, pl.DataFrame]]:
    sums = [ROWS, *(f"{prefix}:{name}" for name in reader.measured for prefix in ("sum", "values"))]
    by_unit = FrequencyTable([*reader.keys, *reader.unit_keys], sums)
    medians = {measure.column for measure in reader.rule.measures if measure.function == "median"}
    by_value = {name: FrequencyTable([*reader.keys, f"sum:{name}"], [ROWS]) for name in medians if name}
    for batch in batches():
        frame = reader.frame(batch, measures=True)
        by_unit.add(frame)
        for name, table in by_value.items():
            table.add(frame.drop_nulls(f"sum:{name}"))
    lines = by_unit.lines()
    if lines.width == 0:
        columns = dict.fromkeys([*reader.keys, *reader.unit_keys, *sums], pl.Int64())
        lines = pl.DataFrame(schema=columns)
    return lines, {name: table.lines() for name, table in by_value.items()}


def _cells(contributions: pl.DataFrame, reader: ClassReader) -> pl.DataFrame:
    known = pl.col(UNIT[0]).is_not_null() if reader.unit else pl.lit(False)
    figures = [pl.col(ROWS).sum(), known.sum().alias(_UNITS)]
    for name in reader.measured:
        total, count = pl.col(f"sum:{name}"), pl.col(f"values:{name}")
        figures += [
            total.sum(),
            count.sum(),
            (known & (count > 0)).sum().alias(f"units:{name}"),
            total.abs().max().alias(f"largest:{name}"),
            total.abs().sum().alias(f"weight:{name}"),
        ]
    return contributions.group_by(reader.keys).agg(figures)


def _publishable(reader: ClassReader) -> pl.Expr:
    """Whether a cell meets the thresholds. Rows of unknown unit weigh as one unit and count as none."""
    minimum = reader.rule.minimum_units
    accepted = pl.col(_UNITS) >= minimum
    for name in reader.measured:
        accepted &= pl.col(f"units:{name}") >= minimum
    if reader.rule.dominance is not None:
        weighed = {m.column for m in reader.rule.measures if m.function in ("sum", "mean")}
        for name in sorted(column for column in weighed if column):
            accepted &= pl.col(f"largest:{name}") <= reader.rule.dominance * pl.col(f"weight:{name}")
    return accepted


def _measured(cells: pl.DataFrame, values: dict[str, pl.DataFrame], reader: ClassReader) -> pl.DataFrame:
    for name, lines in values.items():
        if lines.width:
            cells = cells.join(_medians(lines, name, reader.keys), on=reader.keys, how="left", nulls_equal=True)
        else:
            cells = cells.with_columns(pl.lit(None, pl.Float64).alias(f"median:{name}"))
    return cells.with_columns(_figure(measure, reader).alias(measure.name) for measure in reader.rule.measures)


def _medians(lines: pl.DataFrame, name: str, keys: list[str]) -> pl.DataFrame:
    """The median of each cell from its distinct values and how many rows bear each."""
    value = f"sum:{name}"
    ranked = lines.sort(value).with_columns(
        pl.col(ROWS).cum_sum().over(keys).alias("upto"), pl.col(ROWS).sum().over(keys).alias("all")
    )
    lower = pl.col(value).filter(pl.col("upto") > (pl.col("all") - 1) // 2).min()
    upper = pl.col(value).filter(pl.col("upto") > pl.col("all") // 2).min()
    return ranked.group_by(keys).agg(((lower.cast(pl.Float64) + upper) / 2).alias(f"median:{name}"))


def _figure(measure: Measure, reader: ClassReader) -> pl.Expr:
    if measure.function == "rows":
        return pl.col(ROWS)
    if measure.function == "units":
        return pl.col(_UNITS).cast(pl.Int64)
    name = str(measure.column)
    scale = reader.sums.scale(name)
    total, count = pl.col(f"sum:{name}"), pl.col(f"values:{name}")
    figure = {
        "sum": pl.when(count > 0).then(total.cast(pl.Float64)) / scale,
        "mean": pl.when(count > 0).then(total.cast(pl.Float64) / count) / scale,
        "median": pl.col(f"median:{name}") / scale if measure.function == "median" else pl.lit(None),
    }[measure.function]
    rounded = figure.round(measure.decimals) + 0.0  # no negative zero
    return rounded.cast(pl.Int64) if pa.types.is_integer(measure_type(measure)) else rounded


def _evidence(contributions: pl.DataFrame, published: pl.DataFrame, reader: ClassReader) -> pa.Table:
    lines = contributions.join(published.select(*reader.keys, _CELL), on=reader.keys, how="inner", nulls_equal=True)
    lines = lines.with_columns(pl.col(_CELL).cast(pl.Int64), numbered_units(lines).alias("unit"))
    columns = [pl.col(_CELL), pl.col("unit"), pl.col(ROWS).alias("rows")]
    for name in reader.measured:
        columns.append((pl.col(f"sum:{name}").cast(pl.Float64) / reader.sums.scale(name)).alias(f"sum:{name}"))
        columns.append(pl.col(f"values:{name}"))
    return lines.sort(_CELL, "unit", nulls_last=True).select(columns).to_arrow(compat_level=pl.CompatLevel.oldest())
