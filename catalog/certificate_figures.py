"""Figures, dates and periods as French readers write them."""

from __future__ import annotations

from datetime import UTC, datetime, time

from catalog.periods import first_day, is_week

_MONTHS = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
_NARROW, _WIDE = "\u202f", "\u00a0"


def french_date(moment: datetime) -> str:
    """Return « 3 octobre 2026 »."""
    return f"{'1er' if moment.day == 1 else moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def french_month(period: str) -> str:
    """Return « octobre 2026 » for a month, or for a day of it."""
    year, month = (int(part) for part in period.split("-")[:2])
    return f"{_MONTHS[month - 1]} {year}"


def french_period(period: str) -> str:
    """Return « octobre 2026 » for a month, « 3 octobre 2026 » for a day, « semaine du 26 octobre 2026 » for a week."""
    if is_week(period):
        return f"semaine du {french_date(datetime.combine(first_day(period), time(), UTC))}"
    parts = [int(part) for part in period.split("-")]
    day = datetime(parts[0], parts[1], parts[2] if len(parts) == 3 else 1, tzinfo=UTC)
    return french_date(day) if len(parts) == 3 else french_month(period)


def of_period(period: str) -> str:
    """Return « d'octobre 2026 », « de mai 2026 », « du 3 octobre 2026 », « de la semaine du 26 octobre 2026 »."""
    text = french_period(period)
    if is_week(period):
        return f"de la {text}"
    if period.count("-") == 2:
        return f"du {text}"
    return f"d'{text}" if text[0] in "ao" else f"de {text}"


def integer(value: float) -> str:
    """Return a count with French thousands."""
    return f"{round(value):,}".replace(",", _NARROW)


def share(value: float) -> str:
    """Return a share of one as a percentage."""
    percent = value * 100
    return f"{percent:.1f}".rstrip("0").rstrip(".").replace(".", ",") + f"{_WIDE}%"
