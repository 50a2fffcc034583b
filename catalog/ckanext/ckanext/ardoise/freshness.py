"""How fresh a dataset is, from the frequency it promises and the last day it covers. Needs nothing of CKAN.

A dataset is late once a whole step of its frequency, and half a step of margin (two days at least), have passed since
the end of what it covers. Without a frequency, nothing is promised and nothing is late.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ckanext.ardoise.french import age, french_date

_STEPS = {
    "CONT": 1,
    "UPDATE_CONT": 1,
    "HOURLY": 1,
    "DAILY": 1,
    "WEEKLY": 7,
    "MONTHLY": 31,
    "QUARTERLY": 92,
    "ANNUAL": 366,
}
_LEAST_MARGIN = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Freshness:
    """A badge and the sentence beside it."""

    state: str  # "fresh", "late", "ended", "unknown"
    badge: str
    sentence: str


def freshness(package: Mapping[str, Any], now: datetime) -> Freshness:
    """Return the badge of a dataset as CKAN shows it."""
    renewed = _renewed(package, now)
    if package.get("successor") or "plus mis à jour" in str(package.get("version_notes") or ""):
        return Freshness("ended", "Plus mis à jour", renewed)
    step = _STEPS.get(str(package.get("frequency") or "").rpartition("/")[2])
    end = _last_day(package)
    if step is None or end is None:
        return Freshness("unknown", renewed or "Date inconnue", "")
    due = end + timedelta(days=step) + max(_LEAST_MARGIN, timedelta(days=step / 2))
    if now.date() <= due:
        return Freshness("fresh", "À jour", renewed)
    return Freshness(
        "late", "En retard", f"suite attendue avant le {french_date((due + timedelta(days=1)).isoformat())}"
    )


def _renewed(package: Mapping[str, Any], now: datetime) -> str:
    try:
        changed = datetime.fromisoformat(str(package.get("modified") or package.get("metadata_modified") or ""))
    except ValueError:
        return ""
    changed = changed if changed.tzinfo else changed.replace(tzinfo=UTC)
    return f"Mis à jour {age(now - changed)}"


def _last_day(package: Mapping[str, Any]) -> date | None:
    ends = [str(each.get("end") or "") for each in package.get("temporal_coverage") or []]
    try:
        return max((date.fromisoformat(end[:10]) for end in ends if end), default=None)
    except ValueError:
        return None
