"""Two geographies published from the same rows are one linked release, and are measured as one.

Cells cross the borders of communes. Who holds a table by cell and the same table by commune can intersect them, and
subtract one from the other: each intersection and each difference that is not empty must hold at least k units.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from anonymization.errors import MeasurementError
from anonymization.risk.published import UNIT, frame_of


@dataclass(frozen=True, slots=True)
class LinkedRelease:
    """Smallest intersection and difference in units (None where all are empty), and how many are under k."""

    smallest_intersection: int | None
    smallest_difference: int | None
    exposed: int


def measure_linked(table: pa.Table, left: str, right: str, k: int, unit: str | None = None) -> LinkedRelease:
    """Measure the areas of two columns against each other.

    Raises:
        MeasurementError: a column is missing or k is not positive.
    """
    if k < 1:
        raise MeasurementError("k must be at least 1")
    frame = frame_of(table, [left, right], unit).filter(pl.col(UNIT).is_not_null())
    units = pl.col(UNIT).n_unique().cast(pl.Int64)
    both = frame.group_by(left, right).agg(units.alias("both"))
    for side in (left, right):
        # Units of an area that are outside the other: those with a row of the area outside the intersection.
        outside = _outside(frame, both, side, right if side == left else left)
        both = both.join(outside, on=[left, right], how="left", nulls_equal=True)
    intersections = both["both"].to_list()
    columns = (f"only:{left}", f"only:{right}")
    differences = [count for name in columns for count in both[name].to_list() if count]
    exposed = sum(count < k for count in [*intersections, *differences])
    return LinkedRelease(min(intersections, default=None), min(differences, default=None), exposed)


def _outside(frame: pl.DataFrame, both: pl.DataFrame, side: str, other: str) -> pl.DataFrame:
    """Units of each area of `side` that are in none of its rows inside the area of `other`."""
    whole = frame.group_by(side).agg(pl.col(UNIT).n_unique().cast(pl.Int64).alias("whole"))
    counts = both.select(side, other, "both").join(whole, on=side, nulls_equal=True)
    return counts.select(side, other, (pl.col("whole") - pl.col("both")).alias(f"only:{side}"))
