"""Sizes of the equivalence classes and cells of a candidate, counted from the published rows and their evidence.

Part of :mod:`anonymization.measures`: shares no code with what made the candidate.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from anonymization.errors import MeasurementError
from policies.contract import ReleaseRule


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of classes or cells: units and rows of each, and how many published rows each has."""

    units: pa.Array
    rows: pa.Array
    published: pa.Array
    largest_share: float | None = None


def sizes_of(table: pa.Table, evidence: pa.Table | None, rule: ReleaseRule) -> Sizes:
    """Count the units of each class (records) or cell (aggregate).

    Raises:
        MeasurementError: table and evidence do not belong together.
    """
    if evidence is None:
        raise MeasurementError("the candidate has no evidence of its protection units: it can not be measured")
    return _class_sizes(table, evidence, rule) if rule.kind == "records" else _cell_sizes(table, evidence, rule)


def _class_sizes(table: pa.Table, evidence: pa.Table, rule: ReleaseRule) -> Sizes:
    if evidence.num_rows != table.num_rows:
        raise MeasurementError("records and evidence do not have the same number of rows")
    keys = [column.name for column in rule.columns if column.quasi_identifier]
    joined = table.select(keys).append_column("\0unit", evidence["unit"]).combine_chunks()
    grouped = joined.group_by(keys).aggregate([("\0unit", "count_distinct"), ([], "count_all")])
    if not keys and table.num_rows == 0:
        grouped = grouped.slice(0, 0)
    rows = grouped["count_all"].combine_chunks()
    return Sizes(grouped["\0unit_count_distinct"].combine_chunks(), rows, rows)


def _cell_sizes(table: pa.Table, evidence: pa.Table, rule: ReleaseRule) -> Sizes:
    grouped = evidence.group_by("cell").aggregate([("unit", "count_distinct"), ("rows", "sum")]).sort_by("cell")
    if not grouped["cell"].combine_chunks().equals(pa.array(range(table.num_rows), pa.int64())):
        raise MeasurementError("cells and evidence do not match one to one")
    units = grouped["unit_count_distinct"].combine_chunks()
    return Sizes(
        units,
        grouped["rows_sum"].combine_chunks(),
        pa.array([1] * table.num_rows, pa.int64()),
        _largest_share(evidence, rule),
    )


def _largest_share(evidence: pa.Table, rule: ReleaseRule) -> float | None:
    """The largest share one unit has of what any cell sums or averages."""
    shares = []
    for column in {measure.column for measure in rule.measures if measure.function in ("sum", "mean")}:
        weight = pc.abs(evidence[f"sum:{column}"])
        cells = pa.table({"cell": evidence["cell"], "weight": weight}).group_by("cell")
        cells = cells.aggregate([("weight", "max"), ("weight", "sum")])
        cells = cells.filter(pc.greater(cells["weight_sum"], 0))
        if cells.num_rows:
            shares.append(pc.max(pc.divide(cells["weight_max"], cells["weight_sum"])).as_py())
    return max(shares, default=None)
