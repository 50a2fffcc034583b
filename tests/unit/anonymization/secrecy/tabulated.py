"""Trusted rows and rules of protected tables, small enough to be read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pyarrow as pa

from policies.contract import Measure, ProtectionUnit, ReleasedColumn, ReleaseRule
from policies.tabulated import Dimension, DominanceRule, TableRule

UNIT = ProtectionUnit("delivery_point", "contrat")
PLACE = Dimension("lieu", ("secteur", "commune"), "Territoire", (("nom", "commune"),))
KIND = Dimension("usage", ("usage",), "Tous usages")
COLUMNS = (
    ReleasedColumn("mois", ("date",), "string", generalization="month"),
    ReleasedColumn("secteur", ("code",), "string", generalization="prefix", options={"length": 1}),
    ReleasedColumn("commune", ("code",), "string"),
    ReleasedColumn("nom", ("nom",), "string"),
    ReleasedColumn("usage", ("usage",), "string"),
)
SUM = Measure("volume", "sum", "litres", decimals=0)
COUNT = Measure("foyers", "units")
MEAN = Measure("moyenne", "mean", "litres", decimals=1)


def rule(
    *, place: Dimension = PLACE, usage: bool = False, measures: tuple[Measure, ...] = (SUM, COUNT, MEAN),
    minimum: int = 10, dominance: float | None = 0.5, interval: float = 0.1, dominances: tuple[DominanceRule, ...] = (),
) -> ReleaseRule:  # fmt: skip
    """A rule over one place, and a usage if asked."""
    dimensions = (place, KIND) if usage else (place,)
    named = {name for one in dimensions for name in (*one.levels, *(label for label, _ in one.labels))}
    columns = tuple(column for column in COLUMNS if column.name in named | {"mois"})
    table = TableRule(dimensions, dominances, None, interval)
    return ReleaseRule("protected_table", columns, measures, None, minimum, dominance, table)


def pseudonym(number: int) -> bytes:
    return number.to_bytes(16, "big")


def rows(homes: Iterable[tuple[int | None, str, float]], *, days: int = 1, usage: str = "maison") -> pa.Table:
    """Readings of `homes` (unit, commune, litres a day)."""
    lines = [
        {
            "contrat": None if unit is None else pseudonym(unit), "code": code, "nom": f"Commune {code}",
            "usage": usage, "date": date(2026, 10, day + 1), "litres": litres,
        }
        for unit, code, litres in homes
        for day in range(days)
    ]  # fmt: skip
    return pa.Table.from_pylist(lines, schema=SCHEMA)


SCHEMA = pa.schema(
    [
        ("contrat", pa.binary(16)), ("code", pa.string()), ("nom", pa.string()), ("usage", pa.string()),
        ("date", pa.date32()), ("litres", pa.float64()),
    ]
)  # fmt: skip


def homes(counts: dict[str, int], litres: float = 100.0, first: int = 0) -> list[tuple[int | None, str, float]]:
    """So many homes in each commune, numbered from `first`; their use grows a little from one to the next."""
    found: list[tuple[int | None, str, float]] = []
    for code, count in counts.items():
        for _ in range(count):
            found.append((first + len(found), code, litres + len(found) % 7))
    return found
