"""Periods follow the territory's calendar, clock changes included."""

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from pipeline.errors import BadInputError
from pipeline.periods import bounds, period_keys
from policies.contract import PeriodUnit

PARIS = "Europe/Paris"


def test_a_time_belongs_to_the_local_day():
    times = pa.array(
        [datetime(2026, 10, 24, 21, 59, tzinfo=UTC), datetime(2026, 10, 24, 22, 0, tzinfo=UTC), None],
        pa.timestamp("us", tz="UTC"),
    )
    assert period_keys(times, PeriodUnit.DAY, PARIS).to_pylist() == ["2026-10-24", "2026-10-25", None]


def test_dates_are_local_already():
    dates = pa.array([date(2026, 10, 1), date(2026, 9, 30)])
    assert period_keys(dates, PeriodUnit.MONTH, PARIS).to_pylist() == ["2026-10", "2026-09"]


@pytest.mark.parametrize(("day", "hours"), [("2026-10-25", 25), ("2026-03-29", 23), ("2026-06-01", 24)])
def test_days_have_as_many_hours_as_the_clock_says(day, hours):
    start, end = bounds(day, PeriodUnit.DAY, PARIS)
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=hours)


def test_december_ends_with_the_year():
    assert bounds("2026-12", PeriodUnit.MONTH, PARIS)[1].date() == date(2027, 1, 1)


def test_a_wrong_key_says_how_to_write_it():
    with pytest.raises(BadInputError, match="2026-10-31"):
        bounds("octobre", PeriodUnit.DAY, PARIS)


def test_a_week_runs_from_monday_to_sunday_across_months_and_years():
    dates = pa.array([date(2026, 11, 1), date(2026, 11, 2), date(2027, 1, 1)])
    assert period_keys(dates, PeriodUnit.WEEK, PARIS).to_pylist() == ["2026-W44", "2026-W45", "2026-W53"]
    start, end = bounds("2026-W53", PeriodUnit.WEEK, PARIS)
    assert (start.date(), end.date()) == (date(2026, 12, 28), date(2027, 1, 4))
    clock_change = bounds("2026-W43", PeriodUnit.WEEK, PARIS)
    assert clock_change[1].astimezone(UTC) - clock_change[0].astimezone(UTC) == timedelta(hours=7 * 24 + 1)


@pytest.mark.parametrize("key", ["2026-W54", "2026-10", "2026-W44-1", "W44"])
def test_a_wrong_week_says_how_to_write_it(key):
    with pytest.raises(BadInputError, match="2026-W44"):
        bounds(key, PeriodUnit.WEEK, PARIS)
