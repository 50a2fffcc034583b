"""Small rules, units and tables for the tests of this room."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pyarrow as pa

from policies.contract import Measure, ProtectionUnit, ReleasedColumn, ReleaseRule, Strategy

METER = ProtectionUnit("delivery_point", "meter")


def pseudonyms(units: Sequence[int | None]) -> pa.Array:
    """Sixteen bytes for each numbered unit."""
    return pa.array([None if unit is None else unit.to_bytes(16, "big") for unit in units], pa.binary(16))


def readings(
    units: Sequence[int | None], communes: Sequence[str | None], volumes: Sequence[float | int | None]
) -> pa.Table:
    """Trusted rows of water meters."""
    return pa.table(
        {"meter": pseudonyms(units), "commune": pa.array(communes, pa.string()), "volume": pa.array(volumes)}
    )


def aggregate(
    *measures: Measure, minimum_units: int | None = 3, dominance: float | None = None, **options: Any
) -> ReleaseRule:
    """Totals per commune."""
    chosen = measures or (Measure("compteurs", "units"), Measure("total", "sum", "volume"))
    column = ReleasedColumn("commune", ("commune",), "string")
    return ReleaseRule("aggregate", (column,), chosen, minimum_units=minimum_units, dominance=dominance, **options)


def records(k: int | None = 3, **options: Any) -> ReleaseRule:
    """Rows, protected by commune."""
    columns = (
        ReleasedColumn("commune", ("commune",), "string", quasi_identifier=True),
        ReleasedColumn("volume", ("volume",), "number"),
    )
    return ReleaseRule("records", columns, k=k, **options)


def strategy(minimum_k: int = 1, minimum_units: int = 1, maximum_dominance: float = 1.0) -> Strategy:
    """A territory's floors."""
    return Strategy(
        territory="Essai",
        slug="essai",
        version="1",
        timezone="Europe/Paris",
        locale="fr",
        minimum_k=minimum_k,
        minimum_units=minimum_units,
        maximum_dominance=maximum_dominance,
        approval_categories=(),
        maximum_landing_retention=timedelta(days=1),
        licences=("lov2",),
        hosting_region="FR",
        digest="0",
    )
