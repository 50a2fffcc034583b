from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from console import french

NOW = datetime(2026, 11, 4, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1234567, "1\u202f234\u202f567"),
        (1234.5, "1\u202f234,5"),
        (0.0909, "0,0909"),
        (11.0, "11"),
        (-3, "-3"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert french.number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0,0 s"), (9.96, "10,0 s"), (12.4, "12 s"), (75.2, "1 min 15 s"), (3720, "1 h 02")],
)
def test_durations(seconds: float, text: str) -> None:
    assert french.duration(seconds).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("2026-10", "octobre 2026"),
        ("2026-10-01", "1er octobre 2026"),
        ("2026-10-31", "31 octobre 2026"),
        ("2026-W44", "semaine du 26 octobre 2026"),
        (None, "toutes périodes"),
        ("2026-99", "2026-99"),
    ],
)
def test_periods(key: str | None, text: str) -> None:
    assert french.period(key) == text


@pytest.mark.parametrize(
    ("elapsed", "text"),
    [
        (timedelta(seconds=-5), "à l'instant"),
        (timedelta(seconds=59), "à l'instant"),
        (timedelta(minutes=1), "il y a 1 minute"),
        (timedelta(hours=3, minutes=59), "il y a 3 heures"),
        (timedelta(days=2), "il y a 2 jours"),
    ],
)
def test_elapsed_time(elapsed: timedelta, text: str) -> None:
    assert french.ago(NOW - elapsed, NOW).replace("\u00a0", " ") == text


def test_moments_are_in_the_territorys_time() -> None:
    text = french.moment(datetime(2026, 7, 1, 22, 5, tzinfo=UTC), ZoneInfo("Europe/Paris"))
    assert text.replace("\u00a0", " ") == "2 juillet 2026 à 0 h 05"
