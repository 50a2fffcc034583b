"""Dates and times made coarser, by column, on the territory's own clock.

Every time zone in use is offset from UTC by a multiple of a quarter of an hour, so whatever a local calendar says
(day, month, hour, weekday) is constant within a quarter. A column of timestamps is therefore reduced to its quarters
(one of dates to its days), the calendar is computed once for each of the column's span, and the answer gathered back.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from anonymization.errors import GeneralizationError

Calendar = Callable[[pl.Series], pl.Series]  # of local Datetime or Date values

_QUARTER_US = 900_000_000
_LONGEST_SPAN = 4_000_000  # quarters: more than a century; a wider column is treated by its distinct values

WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


def on_local_clock(values: pl.Series, timezone: str, calendar: Calendar) -> pl.Series:
    """Apply `calendar` to a column of dates or timestamps; naive timestamps are taken as UTC.

    Raises:
        GeneralizationError: the column holds neither dates nor timestamps.
    """
    if values.dtype == pl.Date:
        return _by_number(values.to_physical(), lambda days: calendar(days.cast(pl.Int32).cast(pl.Date)))
    if not isinstance(values.dtype, pl.Datetime):
        raise GeneralizationError(f"column « {values.name} » holds neither dates nor times: its type is {values.dtype}")
    quarters = values.dt.timestamp("us") // _QUARTER_US
    return _by_number(quarters, lambda found: _calendar_of(found, timezone, calendar))


def _by_number(numbers: pl.Series, table: Calendar) -> pl.Series:
    """`table` of a column of whole numbers, computed once for each number between its least and its greatest."""
    first, last = numbers.min(), numbers.max()
    if not isinstance(first, int) or not isinstance(last, int):  # every value is null
        return table(numbers)
    if last - first >= _LONGEST_SPAN:
        known = numbers.unique()
        return numbers.replace_strict(known, table(known))
    return table(pl.int_range(first, last + 1, eager=True)).gather(numbers - first)


def _calendar_of(quarters: pl.Series, timezone: str, calendar: Calendar) -> pl.Series:
    instants = (quarters * _QUARTER_US).cast(pl.Datetime("us", "UTC"))
    return calendar(instants.dt.convert_time_zone(timezone))


def day(values: pl.Series) -> pl.Series:
    """The local day."""
    return values.dt.date() if values.dtype != pl.Date else values


def month(values: pl.Series) -> pl.Series:
    """The first day of the local month."""
    return day(values).dt.month_start()


def year(values: pl.Series) -> pl.Series:
    """The local year, an integer."""
    return values.dt.year().cast(pl.Int64)


def hour_of_day(values: pl.Series) -> pl.Series:
    """The hour of the local day, 0 to 23; midnight for a date."""
    instants = values.cast(pl.Datetime("us")) if values.dtype == pl.Date else values
    return instants.dt.hour().cast(pl.Int64)


def hour(values: pl.Series) -> pl.Series:
    """The instant at which the local hour began, in UTC."""
    return values.dt.truncate("1h").dt.convert_time_zone("UTC")


def weekday(values: pl.Series) -> pl.Series:
    """The day of the week, 1 (Monday) to 7, as in ISO 8601."""
    return values.dt.weekday().cast(pl.Int64)


def text(pattern: str, calendar: Calendar) -> Calendar:
    """`calendar`, written with a strftime pattern."""

    def written(values: pl.Series) -> pl.Series:
        return calendar(values).dt.strftime(pattern)

    return written


def weekday_name(values: pl.Series) -> pl.Series:
    """The French name of the day of the week."""
    return weekday(values).replace_strict(list(range(1, 8)), list(WEEKDAYS), return_dtype=pl.String)
