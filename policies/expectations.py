"""What a contract expects of its feed: how often it delivers, and how many rows at least.

ODCS says the first as a service level, `slaProperties` with `property: frequency`; the one with `element: landing` is
about the feed, one without it serves where there is no other. It says the second as a quality rule of the table,
`metric: rowCount`. A feed that brings less raises an alert and is stopped by nothing: see docs/contracts.md.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from policies.contract import Expectation
from policies.document import Document
from policies.errors import ContractError

_UNITS = {
    **dict.fromkeys(("min", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), timedelta(days=1)),
    **dict.fromkeys(("w", "week", "weeks"), timedelta(weeks=1)),
    **dict.fromkeys(("m", "month", "months"), timedelta(days=31)),
    **dict.fromkeys(("y", "yr", "year", "years"), timedelta(days=366)),
}


def read_expectation(document: Document) -> Expectation:
    """What `document` declares of its feed.

    Raises:
        ContractError: a frequency without a usable unit, or a rule on the table that nothing would watch.
    """
    return Expectation(_frequency(document), _minimum_rows(document))


def _frequency(document: Document) -> timedelta | None:
    found: dict[str, timedelta] = {}
    for number, item in enumerate(document.data["slaProperties"]):
        if item.get("property") != "frequency":
            continue
        unit, value = _UNITS.get(str(item.get("unit"))), item.get("value")
        if unit is None or isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
            raise ContractError(
                document.finding(
                    ("slaProperties", number), "frequency", "la fréquence s'écrit en min, h, d, w, m (mois) ou y"
                )
            )
        found[item.get("element") or ""] = unit * value
    return found.get("landing", found.get(""))


def _minimum_rows(document: Document) -> int | None:
    least: int | None = None
    for number, rule in enumerate(document.data["schema"][0].get("quality") or ()):
        value: Any = rule.get("mustBeGreaterOrEqualTo")
        usable = rule.get("metric") == "rowCount" and rule.get("unit", "rows") == "rows"
        if not usable or isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ContractError(
                document.finding(
                    ("schema", 0, "quality", number),
                    "volume",
                    "sur la table, seule « metric: rowCount » avec « mustBeGreaterOrEqualTo » est surveillée",
                )
            )
        least = value
    return least
