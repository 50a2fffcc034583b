"""The alerts about feeds, as pages show them: what is wrong, since when, what to do. Never a value."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from console import french
from console.views import AlertLine, When
from policies.contract import DatasetId, Territory
from sources.feed_alerts import HEADLINES, sentence
from storage import FeedAlert


def alert_lines(territory: Territory, alerts: Iterable[FeedAlert], now: datetime) -> tuple[AlertLine, ...]:
    """Alerts that stand, oldest first; one about a dataset whose contract is gone has nobody to tell."""
    zone = ZoneInfo(territory.strategy.timezone)
    return tuple(
        AlertLine(
            headline=HEADLINES.get(alert.kind, "Alerte"),
            dataset=territory.contracts[DatasetId(alert.dataset)].title,
            dataset_address=f"/jeux-de-donnees/{quote(alert.dataset)}",
            since=moment_of(alert.raised_at, zone, now),
            sentence=sentence(alert.kind, alert.details, territory.strategy.timezone),
        )
        for alert in alerts
        if DatasetId(alert.dataset) in territory.contracts
    )


def moment_of(value: datetime, zone: ZoneInfo, now: datetime) -> When:
    """A moment, for people and machines."""
    return When(value.isoformat(timespec="seconds"), french.moment(value, zone), french.ago(value, now))
