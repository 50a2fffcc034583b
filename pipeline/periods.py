"""Periods of the territory's calendar: the unit in which datasets are merged, closed and released.

A period is a local day ("2026-10-25"), week of ISO 8601 ("2026-W43") or month ("2026-10") in the strategy's time zone,
so a day may last 23 or 25 hours. It closes `lateness` after its end; rows that come more than `corrections` after it
closed are too late.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import BadInputError
from policies.contract import Contract, PeriodUnit

_FORMATS = {PeriodUnit.DAY: "%Y-%m-%d", PeriodUnit.WEEK: "%G-W%V", PeriodUnit.MONTH: "%Y-%m"}
_EXAMPLES = {PeriodUnit.DAY: "2026-10-31", PeriodUnit.WEEK: "2026-W44", PeriodUnit.MONTH: "2026-10"}


def period_keys(times: pa.Array, unit: PeriodUnit, timezone: str) -> pa.Array:
    """Return the period of each time.

    Args:
        times: date32, or timestamp with a time zone.
        unit: day, week or month.
        timezone: IANA name of the territory's time zone.

    Returns:
        dictionary<int32, string> of the same length; null where the time is null.
    """
    local = pc.cast(times, pa.timestamp("us", tz=timezone)) if pa.types.is_timestamp(times.type) else times
    days = pc.dictionary_encode(pc.cast(local, pa.date32()) if pa.types.is_timestamp(local.type) else local)
    labels = pc.strftime(pc.cast(days.dictionary, pa.timestamp("s")), format=_FORMATS[unit])
    periods = pc.dictionary_encode(labels)
    return pa.DictionaryArray.from_arrays(periods.indices.take(days.indices), periods.dictionary)


def bounds(period: str, unit: PeriodUnit, timezone: str) -> tuple[datetime, datetime]:
    """Return the first instant of a period and the first instant after it.

    Raises:
        BadInputError: the key is not one of this unit.
    """
    zone = ZoneInfo(timezone)
    try:
        if unit is PeriodUnit.WEEK:  # a week is parsed by one of its days
            start = datetime.strptime(f"{period}-1", "%G-W%V-%u").replace(tzinfo=zone)
        else:
            start = datetime.strptime(period, _FORMATS[unit]).replace(tzinfo=zone)
    except ValueError:
        raise BadInputError(f"« {period} » is not a {unit.value}: write it like {_EXAMPLES[unit]}") from None
    naive = start.replace(tzinfo=None)
    if unit is PeriodUnit.MONTH:
        following = (naive + timedelta(days=32)).replace(day=1)
    else:
        following = naive + timedelta(days=1 if unit is PeriodUnit.DAY else 7)
    return start, following.replace(tzinfo=zone)


def closes_at(contract: Contract, period: str, timezone: str) -> datetime:
    """When a period may be released."""
    return bounds(period, contract.period, timezone)[1] + contract.lateness


def last_correction_at(contract: Contract, period: str, timezone: str) -> datetime:
    """When rows for a period come too late."""
    return closes_at(contract, period, timezone) + contract.corrections
