"""The badge of a dataset: what it promises, what it covers, and the day it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ckanext.ardoise.freshness import freshness

MONTHLY = "http://publications.europa.eu/resource/authority/frequency/MONTHLY"
DAILY = "http://publications.europa.eu/resource/authority/frequency/DAILY"


def dataset(frequency: str = MONTHLY, end: str = "2026-10-31", **more: Any) -> dict[str, Any]:
    covered = [{"start": "2026-01-01", "end": end}]
    return {"frequency": frequency, "temporal_coverage": covered, "modified": "2026-11-03T12:00:00+00:00", **more}


@pytest.mark.parametrize(
    ("frequency", "day", "state"),
    [
        (MONTHLY, "2026-12-16", "fresh"),  # a month and a half after October
        (MONTHLY, "2026-12-17", "late"),
        (DAILY, "2026-11-03", "fresh"),  # a day and two of margin
        (DAILY, "2026-11-04", "late"),
        ("", "2030-01-01", "unknown"),
    ],
)
def test_a_step_and_its_margin_after_the_last_day(frequency: str, day: str, state: str) -> None:
    now = datetime.fromisoformat(f"{day}T10:00:00").replace(tzinfo=UTC)
    assert freshness(dataset(frequency), now).state == state


def test_what_is_late_says_since_when() -> None:
    found = freshness(dataset(), datetime(2027, 1, 5, tzinfo=UTC))
    assert (found.badge, found.sentence) == ("En retard", "suite attendue avant le 17 décembre 2026")


@pytest.mark.parametrize(
    "more", [{"successor": "eau-v2"}, {"version_notes": "Ce jeu de données n'est plus mis à jour."}]
)
def test_what_has_ended_is_never_late(more: dict[str, Any]) -> None:
    assert freshness(dataset(**more), datetime(2030, 1, 1, tzinfo=UTC)).state == "ended"


@pytest.mark.parametrize("end", ["", "soon"])
def test_without_a_last_day_nothing_is_judged(end: str) -> None:
    assert freshness(dataset(end=end), datetime(2030, 1, 1, tzinfo=UTC)).state == "unknown"
