"""Instants and Solr's date mathematics (« Working with Dates » of Solr's reference guide).

``NOW``, or an instant, then any number of ``+2DAYS``, ``-1MONTH`` and ``/DAY`` (cut off to the start of the unit), all
in UTC. Solr keeps milliseconds: so does everything here.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta

_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(?:Z|\+00:00)?)?")
_MATH = re.compile(r"(?P<sign>[+-])(?P<number>\d{1,6})(?P<unit>[A-Z]+)|/(?P<start>[A-Z]+)")
_START = re.compile(r"NOW|[^Z/]*Z|\d{4}-\d{2}-\d{2}")
_UNITS = {
    "YEAR": "year", "MONTH": "month", "DAY": "day", "DATE": "day", "HOUR": "hour", "MINUTE": "minute",
    "SECOND": "second", "MILLI": "millisecond", "MILLISECOND": "millisecond",
}  # fmt: skip
_LENGTHS = {
    "day": timedelta(days=1), "hour": timedelta(hours=1), "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1), "millisecond": timedelta(milliseconds=1),
}  # fmt: skip
_FIRST = {"month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0}


def instant(text: str) -> datetime | None:
    """Return the moment of an ISO 8601 date or UTC date-time, cut to milliseconds; None if it is neither."""
    found = _INSTANT.fullmatch(text.strip())
    if found is None:
        return None
    time, _, fraction = (found.group(2) or "00:00").partition(".")
    try:
        moment = datetime.fromisoformat(f"{found.group(1)}T{time}+00:00")
    except ValueError:
        return None
    return moment.replace(microsecond=int(fraction[:3].ljust(3, "0")) * 1000)


def written(moment: datetime) -> str:
    """Return a moment as Solr writes it: ``2014-06-10T08:24:12.782Z``, without its milliseconds when there are none."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    return f"{text}.{moment.microsecond // 1000:03d}Z" if moment.microsecond >= 1000 else f"{text}Z"


def sortable(moment: datetime) -> str:
    """Return a moment in the one form that sorts as text."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    return f"{text}.{moment.microsecond // 1000:03d}Z"


def calculated(text: str, now: datetime) -> datetime | None:
    """Return the moment that an expression of date mathematics means at ``now``; None if it is none."""
    start = _START.match(text)
    if start is None:
        return None
    moment = now if start.group() == "NOW" else instant(start.group())
    position = start.end()
    while moment is not None and position < len(text):
        step = _MATH.match(text, position)
        if step is None:
            return None
        moment = _step(moment, step)
        position = step.end()
    return moment and moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _step(moment: datetime, step: re.Match[str]) -> datetime | None:
    name = step.group("unit") or step.group("start")
    unit = _UNITS.get(name) or _UNITS.get(name.removesuffix("S"))
    if unit is None:
        return None
    if step.group("start"):
        return _cut(moment, unit)
    number = int(step.group("number")) * (-1 if step.group("sign") == "-" else 1)
    try:
        if unit in _LENGTHS:
            return moment + number * _LENGTHS[unit]
        return _months(moment, number * (12 if unit == "year" else 1))
    except (OverflowError, ValueError):
        return None


def _months(moment: datetime, number: int) -> datetime:
    """Some months later, on the month's last day where it has no such day."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + number, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def _cut(moment: datetime, unit: str) -> datetime:
    """The start of the unit that ``moment`` is in."""
    if unit == "millisecond":
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    units = ["year", *_FIRST]
    finer = {name: _FIRST[name] for name in units[units.index(unit) + 1 :]}
    return moment.replace(microsecond=0, **finer)  # type: ignore[arg-type]
