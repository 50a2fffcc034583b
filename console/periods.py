"""Which period should be published by now."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from policies.contract import Contract, PeriodUnit


def latest_closed(contract: Contract, now: datetime, zone: ZoneInfo) -> str:
    """The key of the latest period that is over for at least the contract's `lateness`."""
    local = (now - contract.lateness).astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if contract.period is PeriodUnit.DAY:
        return f"{midnight - timedelta(days=1):%Y-%m-%d}"
    if contract.period is PeriodUnit.WEEK:
        return f"{midnight - timedelta(days=midnight.weekday() + 1):%G-W%V}"
    return f"{midnight.replace(day=1) - timedelta(days=1):%Y-%m}"
