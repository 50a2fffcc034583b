"""Reads published tables for the measures of risk: classes numbered, units told apart, columns checked."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pyarrow as pa

from anonymization.errors import MeasurementError

UNIT, CLASS = "risk:unit", "risk:class"


def frame_of(table: pa.Table, columns: Sequence[str], unit: str | None) -> pl.DataFrame:
    """The columns, and the unit of each row (its own place where there is no unit column).

    Raises:
        MeasurementError: no column is chosen, one is missing, or there is no row.
    """
    wanted = list(dict.fromkeys([*columns, *([unit] if unit else [])]))
    missing = [name for name in wanted if name not in table.schema.names]
    if missing or not columns:
        raise MeasurementError(f"columns that the table does not have: {', '.join(missing) or 'none is chosen'}")
    if table.num_rows == 0:
        raise MeasurementError("an empty table has no risk to measure")
    frame = pl.from_arrow(table.select(wanted))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 (a table never becomes a series)
    if unit is None:
        return frame.with_row_index(UNIT).with_columns(pl.col(UNIT).cast(pl.Int64))
    return frame.with_columns(pl.col(unit).alias(UNIT))


def class_sizes(frame: pl.DataFrame, attributes: Sequence[str], name: str) -> pl.DataFrame:
    """Distinct known units of each combination of the attributes."""
    known = pl.col(UNIT).filter(pl.col(UNIT).is_not_null()).n_unique().cast(pl.Int64)
    return frame.group_by(attributes).agg(known.alias(name))
