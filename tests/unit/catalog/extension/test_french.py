"""Figures and dates on the catalogue's pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from ckanext.ardoise.french import age, french_date, number, size, vocabulary


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026-10", "octobre 2026"),
        ("2026-10-01", "1er octobre 2026"),
        ("2026-08-15T12:00:00+00:00", "15 août 2026"),
        ("2026-W44", "semaine du 26 octobre 2026"),
        ("bientôt", "bientôt"),
        ("A-W", "A-W"),
        ("2026-W99", "2026-W99"),
        (None, ""),
    ],
)
def test_dates(value: str | None, text: str) -> None:
    assert french_date(value) == text


@pytest.mark.parametrize(
    ("delta", "text"),
    [
        (timedelta(seconds=20), "à l’instant"),
        (timedelta(seconds=-5), "à l’instant"),
        (timedelta(minutes=1), "il y a une minute"),
        (timedelta(minutes=59), "il y a 59 minutes"),
        (timedelta(hours=2), "il y a 2 heures"),
        (timedelta(days=1), "il y a un jour"),
        (timedelta(days=40), "il y a un mois"),
        (timedelta(days=800), "il y a 2 ans"),
    ],
)
def test_ages(delta: timedelta, text: str) -> None:
    assert age(delta) == text


def test_counts_and_sizes() -> None:
    assert number("45000") == "45\u202f000"
    assert number("beaucoup") == ""
    assert [size(value) for value in (0, 999, 1234, 45_678, 3_400_000, 5e10, None)] == [
        "0 octets", "999 octets", "1,2 ko", "46 ko", "3,4 Mo", "50 Go", "",
    ]  # fmt: skip


def test_vocabularies() -> None:
    assert vocabulary("http://publications.europa.eu/resource/authority/frequency/DAILY") == "tous les jours"
    assert vocabulary("http://elsewhere.example/term") == "http://elsewhere.example/term"
