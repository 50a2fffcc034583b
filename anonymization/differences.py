"""Compares a candidate with the release it would replace.

Whoever kept the earlier files sees both: a cell whose units changed by fewer than the floor tells about those few.
Following the differencing attack of Hundepool et al. (2012), section 4.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from policies.contract import ReleaseRule


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier release of the same period. `unit_counts` may be left out where the table itself publishes them."""

    table: pa.Table
    unit_counts: pa.Array | None = None  # distinct units behind each row of `table`


def changed_cells(
    table: pa.Table, units: pa.Array | None, rule: ReleaseRule, earlier: Earlier, floor: int
) -> int | None:
    """How many cells present in both releases differ by at least one and fewer than `floor` units.

    Cells of records are their equivalence classes, compared by published rows, which is what an outsider can count.
    None when the two can not be compared: other columns, or units of the earlier cells unknown.
    """
    chosen = [column for column in rule.columns if rule.kind == "aggregate" or column.quasi_identifier]
    keys = [column.name for column in chosen]
    if not keys or not set(keys) <= set(earlier.table.schema.names):
        return None
    if rule.kind == "records":
        now, before = _row_counts(table, keys), _row_counts(earlier.table, keys)
    else:
        earlier_units = _published_units(earlier, rule)
        if earlier_units is None or units is None:
            return None
        now = table.select(keys).append_column("\0units", units)
        before = earlier.table.select(keys).append_column("\0units", earlier_units)
    if any(now.schema.field(key).type != before.schema.field(key).type for key in keys):
        return None
    return _changed(now, before, keys, floor)


def _changed(now: pa.Table, before: pa.Table, keys: list[str], floor: int) -> int:
    signed = pa.concat_tables([_signed(now, keys, 1), _signed(before, keys, -1)])
    both = signed.group_by(keys).aggregate([("\0units", "sum"), ("\0units", "count")])
    both = both.filter(pc.equal(both["\0units_count"], 2))
    change = pc.abs(both["\0units_sum"])
    return int(pc.sum(pc.and_(pc.greater(change, 0), pc.less(change, floor))).as_py() or 0)


def _signed(cells: pa.Table, keys: list[str], sign: int) -> pa.Table:
    units = pc.multiply(pc.cast(cells["\0units"], pa.int64()), sign)
    return cells.select(keys).append_column("\0units", units)


def _row_counts(table: pa.Table, keys: list[str]) -> pa.Table:
    counted = table.select(keys).group_by(keys).aggregate([([], "count_all")])
    return counted.select(keys).append_column("\0units", counted["count_all"])


def _published_units(earlier: Earlier, rule: ReleaseRule) -> pa.Array | pa.ChunkedArray | None:
    if earlier.unit_counts is not None:
        return earlier.unit_counts
    for measure in rule.measures:
        if measure.function == "units" and measure.name in earlier.table.schema.names:
            return earlier.table[measure.name]
    return None
