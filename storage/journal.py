"""The journal: what the hub remembers of its runs. Addresses, digests, counts and decisions; never a row of data.

Every write is one transaction and may be repeated: a stage that runs again overwrites its own line, a delivery or
release that is recorded again is the same line. Decisions are only ever added.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update

from storage.database.tables import cursors, deliveries, partitions, stages
from storage.database.upsert import upsert
from storage.feed_records import FeedRecords
from storage.journal_records import DeliveryRecord, PartitionRecord
from storage.references import DatasetRef, DeliveryId


class Journal(FeedRecords):
    """Records of one hub. Safe to share between threads."""

    # -- where connectors stand, and what they brought

    def cursor(self, dataset: str) -> dict[str, Any] | None:
        """Where the dataset's connector stands; None before its first delivery."""
        row = self._one(select(cursors.c.cursor).where(cursors.c.dataset == dataset), "a connector's cursor")
        return None if row is None else dict(row["cursor"])

    def record_delivery(
        self,
        delivery_id: DeliveryId,
        dataset: str,
        run_id: str,
        ref: DatasetRef,
        received_at: datetime,
        cursor: dict[str, Any] | None = None,
    ) -> bool:
        """Record a delivery that landed and, with it or not at all, its connector's cursor; return whether it is new.

        The same delivery landed again (its first landing erased since) gets its new ref, and is to be processed again.
        """
        values = {
            "delivery_id": delivery_id,
            "dataset": dataset,
            "run_id": run_id,
            "ref": ref.to_json(),
            "received_at": received_at,
            "processed_at": None,
            "erased_at": None,
        }
        known = self.delivery_ref(delivery_id)
        new = known is None or (known.key, known.digest) != (ref.key, ref.digest)
        statements = [upsert(self._engine, deliveries, values)] if new else []
        if cursor is not None:
            statements.append(upsert(self._engine, cursors, {"dataset": dataset, "cursor": cursor}))
        self._write_together(statements, "a delivery")
        return new

    def delivery_ref(self, delivery_id: DeliveryId) -> DatasetRef | None:
        """Where a delivery landed; None if it is not recorded."""
        row = self._one(select(deliveries.c.ref).where(deliveries.c.delivery_id == delivery_id), "a delivery")
        return None if row is None else DatasetRef.from_json(row["ref"])

    def mark_processed(self, delivery_id: DeliveryId, at: datetime) -> None:
        """The delivery's rows are all in trusted or quarantine. The first time counts."""
        statement = update(deliveries).where(
            deliveries.c.delivery_id == delivery_id, deliveries.c.processed_at.is_(None)
        )
        self._write(statement.values(processed_at=at), "a delivery")

    def mark_erased(self, delivery_id: DeliveryId, at: datetime) -> None:
        """The delivery's key was destroyed. The first time counts."""
        statement = update(deliveries).where(deliveries.c.delivery_id == delivery_id, deliveries.c.erased_at.is_(None))
        self._write(statement.values(erased_at=at), "a delivery")

    def pending_deliveries(self, dataset: str) -> list[DeliveryRecord]:
        """Deliveries that landed and were not processed (their run died, or they are new), oldest first."""
        return self._deliveries(
            deliveries.c.dataset == dataset, deliveries.c.processed_at.is_(None), deliveries.c.erased_at.is_(None)
        )

    def expired_deliveries(self, dataset: str, before: datetime) -> list[DeliveryRecord]:
        """Deliveries received before `before` and not erased yet, oldest first."""
        return self._deliveries(
            deliveries.c.dataset == dataset, deliveries.c.received_at < before, deliveries.c.erased_at.is_(None)
        )

    # -- periods of trusted

    def mark_partition(
        self,
        dataset: str,
        major: int,
        period: str,
        content: str,
        run_id: str,
        closed_at: datetime,
        changed_at: datetime,
    ) -> bool:
        """Record a period's content; return whether it differs from the one recorded before.

        A period that closes `closed_at` is dirty from then on while its content is not the one last released.
        """
        where = _partition(dataset, major, period)
        known = self._one(select(partitions.c.content).where(*where), "a period")
        if known is not None and known["content"] == content:
            self._write(update(partitions).where(*where).values(closed_at=closed_at), "a period")
            return False
        values = {
            "dataset": dataset,
            "major": major,
            "period": period,
            "content": content,
            "run_id": run_id,
            "closed_at": closed_at,
            "changed_at": changed_at,
        }
        self._upsert(partitions, values, "a period")
        return True

    def dirty_periods(self, dataset: str, major: int, now: datetime) -> list[str]:
        """Closed periods whose content is not the one last released, in order."""
        return self._changed(dataset, major, partitions.c.closed_at <= now)

    def open_periods(self, dataset: str, major: int, now: datetime) -> list[str]:
        """Periods whose content is not the one last released, but that are not closed yet, in order."""
        return self._changed(dataset, major, partitions.c.closed_at > now)

    def periods(self, dataset: str, major: int) -> list[str]:
        """Every period that is recorded, in order."""
        where = (partitions.c.dataset == dataset, partitions.c.major == major)
        statement = select(partitions.c.period).where(*where).order_by(partitions.c.period)
        return [row["period"] for row in self._all(statement, "periods")]

    def partition(self, dataset: str, major: int, period: str) -> PartitionRecord | None:
        """What is recorded of a period."""
        row = self._one(select(partitions).where(*_partition(dataset, major, period)), "a period")
        return None if row is None else PartitionRecord(**row)

    def mark_released(self, dataset: str, major: int, period: str, content: str) -> None:
        """The release made from trusted content `content` is out; a content that changed since stays dirty."""
        statement = update(partitions).where(*_partition(dataset, major, period)).values(released_content=content)
        self._write(statement, "a period")

    def carry_partition(self, dataset: str, major: int, period: str, old: str, new: str) -> None:
        """A period's content `old` is `new` from now on, the same rows under other pseudonyms: it is no more dirty.

        Where another content than `old` is recorded, it stays. May be repeated.
        """
        for column in (partitions.c.content, partitions.c.released_content):
            statement = update(partitions).where(*_partition(dataset, major, period), column == old)
            self._write(statement.values({column.name: new}), "a period")

    # -- stages

    def start_stage(self, run_id: str, dataset: str, period: str | None, stage: str, now: datetime) -> None:
        """A stage begins, or begins again: its line starts afresh and counts one attempt more."""
        values = {
            "run_id": run_id,
            "dataset": dataset,
            "period": period or "",
            "stage": stage,
            "attempts": 1,
            "status": "running",
            "started_at": now,
            "seconds": None,
            "counts": {},
            "error_code": None,
        }
        self._upsert(stages, values, f"stage {stage}", {"attempts": stages.c.attempts + 1})

    def finish_stage(
        self,
        run_id: str,
        dataset: str,
        period: str | None,
        stage: str,
        counts: dict[str, int],
        seconds: float,
        status: str,
        error_code: str | None = None,
    ) -> None:
        """A started stage ends. `status` is ``succeeded``, ``failed`` or another word the console shows."""
        where = (
            stages.c.run_id == run_id,
            stages.c.dataset == dataset,
            stages.c.period == (period or ""),
            stages.c.stage == stage,
        )
        values = {"counts": counts, "seconds": seconds, "status": status, "error_code": error_code}
        self._write(update(stages).where(*where).values(**values), f"stage {stage}")

    def _changed(self, dataset: str, major: int, closed: ColumnElement[bool]) -> list[str]:
        statement = (
            select(partitions.c.period)
            .where(
                partitions.c.dataset == dataset,
                partitions.c.major == major,
                closed,
                partitions.c.content.is_distinct_from(partitions.c.released_content),
            )
            .order_by(partitions.c.period)
        )
        return [row["period"] for row in self._all(statement, "changed periods")]


def _partition(dataset: str, major: int, period: str) -> tuple[ColumnElement[bool], ...]:
    return (partitions.c.dataset == dataset, partitions.c.major == major, partitions.c.period == period)
