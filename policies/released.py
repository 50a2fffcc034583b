"""What a contract says of its published data: columns, figures, thresholds, and who is protected.

Pure data; other rooms take these names from :mod:`policies.contract`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from policies.generalized import SearchRule
from policies.tabulated import STATUS, NoiseRule, TableRule


@dataclass(frozen=True, slots=True)
class ReleasedColumn:
    """A published column, and the source columns and generalisation it comes from."""

    name: str
    sources: tuple[str, ...]  # names of source columns
    logical_type: Literal["string", "integer", "number", "boolean", "date", "timestamp"]
    description: str = ""  # French
    generalization: str = "identity"  # name of a function of anonymization.generalization
    options: dict[str, Any] = field(default_factory=dict)
    quasi_identifier: bool = False
    unit: str | None = None
    derived_from: str | None = None  # another published column, of whose published value this one is a function


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of an aggregated release."""

    name: str
    function: Literal["sum", "mean", "median", "units", "rows"]  # `units`: distinct protection units
    column: str | None = None
    description: str = ""  # French
    unit: str | None = None
    decimals: int = 2


@dataclass(frozen=True, slots=True)
class ReleaseRule:
    """What the published data must look like. Counts are distinct protection units, never rows."""

    kind: Literal["as_is", "records", "aggregate", "protected_table", "noisy_table"]
    columns: tuple[ReleasedColumn, ...]
    measures: tuple[Measure, ...] = ()  # kind == "aggregate"
    k: int | None = None  # kind == "records": smallest equivalence class
    minimum_units: int | None = None  # "aggregate", "protected_table": smallest cell
    dominance: float | None = None  # the same: largest share one unit may have of any summed measure
    table: TableRule | None = None  # kind == "protected_table"
    noise: NoiseRule | None = None  # kind == "noisy_table"
    suppression_limit: float = 1.0  # share of rows that suppression may remove before the release is refused
    longitude: str | None = None  # published columns that make a GeoJSON geometry
    latitude: str | None = None
    formats: tuple[Literal["parquet", "csv", "geojson", "geoparquet"], ...] = ("parquet", "csv")
    searchable: bool = True  # loaded in CKAN's DataStore
    full_text: tuple[str, ...] = ()  # published texts that the DataStore's free search looks in
    search: SearchRule | None = None  # kind == "records": the best generalization under models; `k` is then theirs

    @property
    def status(self) -> str | None:
        """The column that tells published cells from secret ones, where there is one."""
        return STATUS if self.kind == "protected_table" else None


@dataclass(frozen=True, slots=True)
class ProtectionUnit:
    """Who or what is protected, and the pseudonymised column that tells one from another."""

    kind: Literal["person", "household", "delivery_point"]
    column: str
