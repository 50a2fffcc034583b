"""What a release rule makes of a period, before anyone has judged it. Pure data, apart from its Arrow schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import pyarrow as pa

from policies.contract import Measure, ReleaseRule

ARROW_TYPES: Mapping[str, pa.DataType] = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
}
_CELLS = "cells_"


@dataclass(frozen=True, slots=True)
class ReleaseCounts:
    """What was read, left out and kept. For records, a cell is an equivalence class."""

    rows_in: int
    suppressed_rows: int
    suppressed_cells: int
    published_rows: int
    cells: Mapping[str, int] = field(default_factory=dict)  # of a protected table, by status: A, B, D, V

    def to_json(self) -> dict[str, int]:
        """Plain counts, for a report; those of cells are named `cells_A` and so on."""
        counts = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "cells"}
        return counts | {f"{_CELLS}{status}": count for status, count in self.cells.items()}

    @classmethod
    def from_json(cls, counts: Mapping[str, int]) -> ReleaseCounts:
        """What :meth:`to_json` gave."""
        cells = {name.removeprefix(_CELLS): count for name, count in counts.items() if name.startswith(_CELLS)}
        return cls(**{name: count for name, count in counts.items() if not name.startswith(_CELLS)}, cells=cells)

    @property
    def suppressed_share(self) -> float:
        """The share of the rows read that suppression left out, 0 to 1."""
        return self.suppressed_rows / self.rows_in if self.rows_in else 0.0


@dataclass(frozen=True, slots=True)
class Released:
    """A candidate. Only `table` may become public; the rest is for *assess* and never leaves the private zones.

    `evidence` joins published rows and protection units, which are numbered from 0 instead of bearing a pseudonym:

    * records: one line per published row, in order: `unit` (int64, null where unknown);
    * protected_table: one line per finest cell and unit: `cell` (its row in `table`), `unit`, and a column for each
      additive figure, as published tables name them; null where the unit has no such figure;
    * aggregate: one line per cell and unit: `cell` (int64, the published row), `unit`, `rows`, and for each measured
      column `sum:<column>` (float64) and `values:<column>` (int64, values that are not null).
    """

    table: pa.Table  # the published columns, sorted by all of them
    counts: ReleaseCounts
    unit_counts: pa.Array  # int64, distinct units behind each row of `table`; zeros where nothing is protected
    evidence: pa.Table | None  # None where nothing is protected
    details: Mapping[str, Any] = field(default_factory=dict)  # JSON, by kind: how it was made (levels, patterns, noise)
    lines: pa.Table | None = None  # protected_table: what was published, by finest cell and pseudonym, for revisions


def released_schema(rule: ReleaseRule) -> pa.Schema:
    """The Arrow schema of the published table."""
    found = [pa.field(column.name, ARROW_TYPES[column.logical_type]) for column in rule.columns]
    found += [pa.field(measure.name, measure_type(measure)) for measure in rule.measures]
    return pa.schema([*found, pa.field(rule.status, pa.string())] if rule.status else found)


def measure_type(measure: Measure) -> pa.DataType:
    """Counts and figures without decimals are integers, other figures floating-point numbers."""
    whole = measure.function in ("units", "rows") or measure.decimals == 0
    return pa.int64() if whole else pa.float64()
