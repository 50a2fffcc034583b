"""The days of a published period: « 2026-10-26 » a day, « 2026-W44 » an ISO 8601 week, « 2026-10 » a month."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

_WEEK = "-W"


def is_week(period: str) -> bool:
    """Whether a period's key is that of a week."""
    return _WEEK in period


def first_day(period: str) -> date:
    """Return the day a period starts on."""
    if is_week(period):
        year, _, week = period.partition(_WEEK)
        return date.fromisocalendar(int(year), int(week), 1)
    return date.fromisoformat(period if len(period) == 10 else f"{period}-01")


def last_day(period: str) -> date:
    """Return the day a period ends on, itself included."""
    first = first_day(period)
    if is_week(period):
        return first + timedelta(days=6)
    return first if len(period) == 10 else first.replace(day=calendar.monthrange(first.year, first.month)[1])
