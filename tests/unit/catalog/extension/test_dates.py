"""Instants and date mathematics."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from ckanext.ardoise.search.dates import calculated, instant, sortable, written

NOW = datetime(2024, 2, 29, 13, 45, 50, 123_456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-10-03", "2026-10-03T00:00:00Z"),
        ("2026-10-03T01:02Z", "2026-10-03T01:02:00Z"),
        ("2026-10-03 01:02:03.4", "2026-10-03T01:02:03.400Z"),
        ("2026-10-03T01:02:03.123999", "2026-10-03T01:02:03.123Z"),
        ("2026-10-03T01:02:03+00:00", "2026-10-03T01:02:03Z"),
        ("2026-10-03T01:02:03+02:00", None),
        ("2026-13-03", None),
        ("2026-02-30", None),
        ("NOW-1DAY", None),
        ("hier", None),
    ],
)
def test_instants(text: str, same: str | None) -> None:
    moment = instant(text)
    assert (written(moment) if moment else None) == same


def test_the_sortable_form_has_one_length() -> None:
    texts = ["0999-01-01", "2026-10-03T01:02:03.4Z", "2026-10-03T01:02:03Z", "9999-12-31"]
    forms = [sortable(moment) for moment in map(instant, texts) if moment is not None]
    assert {len(form) for form in forms} == {24}
    assert sorted(forms) == [forms[0], forms[2], forms[1], forms[3]]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("NOW", "2024-02-29T13:45:50.123Z"),
        ("NOW/SECOND", "2024-02-29T13:45:50Z"),
        ("NOW/HOUR", "2024-02-29T13:00:00Z"),
        ("NOW/DAY", "2024-02-29T00:00:00Z"),
        ("NOW/MONTH", "2024-02-01T00:00:00Z"),
        ("NOW/YEAR", "2024-01-01T00:00:00Z"),
        ("NOW+1YEAR/DAY", "2025-02-28T00:00:00Z"),
        ("NOW-1MONTH/DAY", "2024-01-29T00:00:00Z"),
        ("NOW/MONTH-1MILLI", "2024-01-31T23:59:59.999Z"),
        ("NOW/DAY-13MONTHS+2DAYS-90MINUTES", "2023-01-30T22:30:00Z"),
        ("2024-01-31T00:00:00Z+1MONTH", "2024-02-29T00:00:00Z"),
        ("2024-01-31/MONTH", "2024-01-01T00:00:00Z"),
        ("NOW+1", None),
        ("NOW+1WEEK", None),
        ("NOW/", None),
        ("NOW+999999YEARS", None),
        ("NOWHERE", None),
        ("now", None),
        ("TODAY", None),
    ],
)
def test_mathematics(text: str, same: str | None) -> None:
    moment = calculated(text, NOW)
    assert (written(moment) if moment else None) == same
