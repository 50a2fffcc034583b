"""The journal's part about feeds: what reading each delivery came to, and the alerts that are raised about it.

Counts, codes, positions and names of the contract's own columns: never a value. Of columns that the contract does not
know only the number is kept, because the first line of a file without its header would be a row of data.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.database.engine import translated
from storage.database.tables import deliveries, feed_alerts, feed_readings, stages
from storage.journal_judgments import JournalJudgments


@dataclass(frozen=True, slots=True)
class RejectCount:
    """Rows of one delivery rejected for one reason."""

    code: str
    column: str | None  # of the contract
    rows: int
    first: int  # 0-based row of the delivery


@dataclass(frozen=True, slots=True)
class Reading:
    """What the last reading of a delivery came to."""

    delivery_id: str
    dataset: str
    run_id: str
    contract_version: str
    read_at: datetime
    received_at: datetime
    rows: int
    rejected: int
    unreadable: bool
    unknown_columns: int
    filled: tuple[str, ...]
    reasons: tuple[RejectCount, ...]


@dataclass(frozen=True, slots=True)
class FeedAlert:
    """Something is wrong with a feed since `raised_at`; it is over once `resolved_at` is set."""

    dataset: str
    kind: str
    raised_at: datetime
    seen_at: datetime
    resolved_at: datetime | None
    details: dict[str, Any]


class FeedRecords(JournalJudgments):
    """Readings and alerts. Every write is one statement and may be repeated."""

    def record_reading(self, reading: Reading) -> None:
        """Keep what reading a delivery came to, in place of what an earlier reading of it did."""
        values = asdict(reading) | {"filled": list(reading.filled), "reasons": [asdict(one) for one in reading.reasons]}
        self._upsert(feed_readings, values, "what a delivery came to")

    def readings(
        self, dataset: str, since: datetime | None = None, before: datetime | None = None, limit: int | None = None
    ) -> list[Reading]:
        """Readings of the deliveries received from `since` on and before `before`, latest first."""
        where = [feed_readings.c.dataset == dataset]
        where += [feed_readings.c.received_at >= since] if since is not None else []
        where += [feed_readings.c.received_at < before] if before is not None else []
        order = (feed_readings.c.received_at.desc(), feed_readings.c.delivery_id)
        return _readings(self._all(select(feed_readings).where(*where).order_by(*order).limit(limit), "readings"))

    def rows_received(self, dataset: str, after: datetime, until: datetime) -> int:
        """Rows of the deliveries received after `after` and not after `until`."""
        where = (feed_readings.c.received_at > after, feed_readings.c.received_at <= until)
        total = func.coalesce(func.sum(feed_readings.c.rows), 0).label("total")
        row = self._one(select(total).where(feed_readings.c.dataset == dataset, *where), "readings")
        return int(row["total"]) if row else 0

    def first_received(self, dataset: str) -> datetime | None:
        """When the first delivery that was read had landed."""
        first = func.min(feed_readings.c.received_at).label("first")
        row = self._one(select(first).where(feed_readings.c.dataset == dataset), "readings")
        return None if row is None else row["first"]

    def received_at(self, delivery_id: str) -> datetime | None:
        """When a delivery landed; None if it is not recorded."""
        statement = select(deliveries.c.received_at).where(deliveries.c.delivery_id == delivery_id)
        row = self._one(statement, "a delivery")
        return None if row is None else row["received_at"]

    def last_delivery(self, dataset: str) -> datetime | None:
        """When the latest delivery landed."""
        statement = select(func.max(deliveries.c.received_at).label("last")).where(deliveries.c.dataset == dataset)
        row = self._one(statement, "a delivery")
        return None if row is None else row["last"]

    def first_collection(self, dataset: str) -> datetime | None:
        """When it was collected for the first time, whatever came of it."""
        first = func.min(stages.c.started_at).label("first")
        row = self._one(select(first).where(stages.c.dataset == dataset, stages.c.stage == "ingest"), "stages")
        return None if row is None else row["first"]

    def alerts(self, dataset: str | None = None) -> list[FeedAlert]:
        """The alerts that are not over, of a dataset or of all, oldest first."""
        where: list[ColumnElement[bool]] = [feed_alerts.c.resolved_at.is_(None)]
        where += [feed_alerts.c.dataset == dataset] if dataset is not None else []
        order = (feed_alerts.c.raised_at, feed_alerts.c.dataset, feed_alerts.c.kind)
        return [FeedAlert(**row) for row in self._all(select(feed_alerts).where(*where).order_by(*order), "alerts")]

    def past_alerts(self, dataset: str, limit: int) -> list[FeedAlert]:
        """The latest alerts of a dataset that are over, latest first."""
        where = (feed_alerts.c.dataset == dataset, feed_alerts.c.resolved_at.is_not(None))
        statement = select(feed_alerts).where(*where).order_by(feed_alerts.c.resolved_at.desc()).limit(limit)
        return [FeedAlert(**row) for row in self._all(statement, "alerts")]

    def raise_alert(self, dataset: str, kind: str, details: dict[str, Any], now: datetime) -> bool:
        """Raise an alert, or say again what is known of one that stands; return whether it is new."""
        insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        values = {"dataset": dataset, "kind": kind, "raised_at": now, "seen_at": now, "details": details}
        statement = (
            insert(feed_alerts)
            .values(**values)
            .on_conflict_do_nothing(index_elements=["dataset", "kind"], index_where=feed_alerts.c.resolved_at.is_(None))
            .returning(feed_alerts.c.kind)
        )
        with translated("an alert"), self._engine.begin() as connection:
            if connection.execute(statement).first() is not None:
                return True
            standing = update(feed_alerts).where(*_standing(dataset, kind))
            connection.execute(standing.values(seen_at=now, details=details))
        return False

    def resolve_alert(self, dataset: str, kind: str, now: datetime) -> bool:
        """End an alert; return whether one stood."""
        with translated("an alert"), self._engine.begin() as connection:
            ended = update(feed_alerts).where(*_standing(dataset, kind)).values(resolved_at=now)
            return bool(connection.execute(ended).rowcount)


def _standing(dataset: str, kind: str) -> tuple[ColumnElement[bool], ...]:
    return (feed_alerts.c.dataset == dataset, feed_alerts.c.kind == kind, feed_alerts.c.resolved_at.is_(None))


def _readings(rows: Any) -> list[Reading]:
    return [
        Reading(
            **(
                row
                | {
                    "filled": tuple(row["filled"]),
                    "reasons": tuple(RejectCount(**reason) for reason in row["reasons"]),
                }
            )
        )
        for row in rows
    ]
