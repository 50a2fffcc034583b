"""Lineage events the console has received (OpenLineage run events), kept whole and once.

They hold names, counts, digests and codes; who receives them has emptied what could quote data. The events' record is
the audit zone: this table is what the console reads, and can be filled again from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, func, select

from storage.database.engine import translated
from storage.database.tables import lineage_events
from storage.database.upsert import upsert
from storage.manifests import canonical_json


@dataclass(frozen=True, slots=True)
class LineageEvent:
    """A run event. `dataset`, `stage`, `orchestrator_run` and `period` are known for our own stages only."""

    event_time: datetime
    event_type: str
    run: UUID
    job_namespace: str
    job_name: str
    dataset: str | None
    stage: str | None
    orchestrator_run: str | None
    period: str | None
    body: dict[str, Any]


class LineageEvents:
    """The events of one hub. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, event: LineageEvent, received_at: datetime) -> None:
        """Keep an event; the same one again is the same line."""
        values = {
            "event_id": sha256(canonical_json(event.body)).hexdigest(),
            "event_time": event.event_time,
            "event_type": event.event_type,
            "run": str(event.run),
            "job_namespace": event.job_namespace,
            "job_name": event.job_name,
            "dataset": event.dataset,
            "stage": event.stage,
            "orchestrator_run": event.orchestrator_run,
            "period": event.period,
            "body": event.body,
            "received_at": received_at,
        }
        with translated("a lineage event"), self._engine.begin() as connection:
            connection.execute(upsert(self._engine, lineage_events, values, update=False))

    def latest(self, dataset: str) -> list[dict[str, Any]]:
        """The body of the latest event of each stage of a dataset that ended well, oldest first."""
        rank = func.row_number().over(
            partition_by=lineage_events.c.stage,
            order_by=(lineage_events.c.event_time.desc(), lineage_events.c.event_id),
        )
        ranked = (
            select(lineage_events.c.body, lineage_events.c.event_time, rank.label("rank"))
            .where(
                lineage_events.c.dataset == dataset,
                lineage_events.c.event_type == "COMPLETE",
                lineage_events.c.stage.is_not(None),
            )
            .subquery()
        )
        statement = select(ranked.c.body).where(ranked.c.rank == 1).order_by(ranked.c.event_time)
        with translated("lineage events"), self._engine.connect() as connection:
            return [dict(row["body"]) for row in connection.execute(statement).mappings()]

    def count(self) -> int:
        """How many events are kept."""
        with translated("lineage events"), self._engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(lineage_events)).scalar_one())
