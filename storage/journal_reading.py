"""Reading the journal: the models that the console shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Engine, func, select

from storage.database.engine import translated
from storage.database.tables import decisions, deliveries, partitions, releases, stages, verdicts
from storage.journal_records import (
    DatasetOverview,
    DecisionRecord,
    DeliveryRecord,
    ReleaseRecord,
    RunDetail,
    RunOverview,
    StageRecord,
    VerdictRecord,
)
from storage.references import DatasetRef

_UNFINISHED = ("failed", "running")


class JournalReading:
    """The journal for those who only read it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def deliveries(self, dataset: str) -> list[DeliveryRecord]:
        """All deliveries of a dataset, oldest first."""
        return self._deliveries(deliveries.c.dataset == dataset)

    def release_history(self, dataset: str) -> list[ReleaseRecord]:
        """Every release of a dataset, latest first."""
        return self._releases(releases.c.dataset == dataset)

    def verdicts(self, dataset: str, limit: int = 50) -> list[VerdictRecord]:
        """The latest verdicts of a dataset, latest first."""
        return self._verdicts(verdicts.c.dataset == dataset, limit=limit)

    def latest_verdict(self, dataset: str, period: str) -> VerdictRecord | None:
        """The latest verdict on any candidate of a period."""
        found = self._verdicts(verdicts.c.dataset == dataset, verdicts.c.period == period, limit=1)
        return found[0] if found else None

    def runs(self, dataset: str, limit: int = 50) -> list[RunOverview]:
        """The latest runs of a dataset, latest first."""
        latest = (
            select(stages.c.run_id, func.min(stages.c.started_at).label("first"))
            .where(stages.c.dataset == dataset)
            .group_by(stages.c.run_id)
            .order_by(func.min(stages.c.started_at).desc(), stages.c.run_id)
            .limit(limit)
            .subquery()
        )
        found = self._stages(stages.c.dataset == dataset, stages.c.run_id.in_(select(latest.c.run_id)))
        return sorted(_overviews(found), key=lambda run: run.started_at, reverse=True)

    def run(self, run_id: str, dataset: str | None = None) -> RunDetail | None:
        """Everything of a run. Two datasets may have runs of the same id: name the dataset, or get the latest."""
        of_dataset = [stages.c.dataset == dataset] if dataset else []
        overviews = _overviews(self._stages(stages.c.run_id == run_id, *of_dataset))
        if not overviews:
            return None
        overview = max(overviews, key=lambda found: found.started_at)
        name = overview.dataset
        judged = self._verdicts(verdicts.c.run_id == run_id, verdicts.c.dataset == name)
        released = self._releases(releases.c.run_id == run_id, releases.c.dataset == name)
        candidates = {verdict.candidate_digest for verdict in judged} | {found.candidate_digest for found in released}
        return RunDetail(
            overview=overview,
            stages=tuple(self._stages(stages.c.run_id == run_id, stages.c.dataset == name)),
            deliveries=tuple(self._deliveries(deliveries.c.run_id == run_id, deliveries.c.dataset == name)),
            verdicts=tuple(judged),
            decisions=tuple(self._decisions(decisions.c.candidate_digest.in_(candidates))),
            releases=tuple(released),
        )

    def dataset_overviews(self) -> list[DatasetOverview]:
        """Every dataset the journal knows of, in order."""
        return [self.dataset_overview(name) for name in self._datasets()]

    def dataset_overview(self, dataset: str) -> DatasetOverview:
        """One dataset of the list, empty if nothing ever happened."""
        changed = partitions.c.content.is_distinct_from(partitions.c.released_content)
        history = self.release_history(dataset)
        judged = self._verdicts(verdicts.c.dataset == dataset, limit=1)
        return DatasetOverview(
            dataset=dataset,
            last_run=next(iter(self.runs(dataset, 1)), None),
            last_verdict=judged[0] if judged else None,
            last_release=history[0] if history else None,
            released_periods=len({(release.major, release.period) for release in history}),
            changed_periods=self._count(partitions.c.dataset == dataset, changed),
            deliveries=self._count(deliveries.c.dataset == dataset),
        )

    def _datasets(self) -> list[str]:
        tables = (stages, deliveries, partitions, releases)
        rows = (row for table in tables for row in self._all(select(table.c.dataset).distinct(), "datasets"))
        return sorted({row["dataset"] for row in rows})

    def _deliveries(self, *where: ColumnElement[bool]) -> list[DeliveryRecord]:
        order = (deliveries.c.received_at, deliveries.c.delivery_id)
        rows = self._all(select(deliveries).where(*where).order_by(*order), "deliveries")
        return [DeliveryRecord(**(row | {"ref": DatasetRef.from_json(row["ref"])})) for row in rows]

    def _stages(self, *where: ColumnElement[bool]) -> list[StageRecord]:
        order = (stages.c.dataset, stages.c.run_id, stages.c.started_at, stages.c.stage)
        rows = self._all(select(stages).where(*where).order_by(*order), "stages")
        return [StageRecord(**(row | {"period": row["period"] or None})) for row in rows]

    def _verdicts(self, *where: ColumnElement[bool], limit: int | None = None) -> list[VerdictRecord]:
        columns = [column for column in verdicts.c if column.name != "verdict_id"]
        order = (verdicts.c.judged_at.desc(), verdicts.c.verdict_id)
        rows = self._all(select(*columns).where(*where).order_by(*order).limit(limit), "verdicts")
        return [VerdictRecord(**(row | {"reasons": tuple(row["reasons"])})) for row in rows]

    def _decisions(self, *where: ColumnElement[bool]) -> list[DecisionRecord]:
        order = (decisions.c.decided_at.desc(), decisions.c.approved, decisions.c.decided_by)
        rows = self._all(select(decisions).where(*where).order_by(*order), "decisions")
        return [DecisionRecord(**row) for row in rows]

    def _releases(self, *where: ColumnElement[bool]) -> list[ReleaseRecord]:
        order = (releases.c.released_at.desc(), releases.c.period.desc(), releases.c.candidate_digest)
        rows = self._all(select(releases).where(*where).order_by(*order), "releases")
        return [ReleaseRecord(**(row | {"files": tuple(row["files"])})) for row in rows]

    def _count(self, *where: ColumnElement[bool]) -> int:
        row = self._one(select(func.count().label("number")).where(*where), "counts")
        return int(row["number"]) if row else 0

    def _one(self, statement: Any, what: str) -> dict[str, Any] | None:
        return next(iter(self._all(statement, what)), None)

    def _all(self, statement: Any, what: str) -> Sequence[dict[str, Any]]:
        with translated(what), self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]


def _overviews(found: Iterable[StageRecord]) -> list[RunOverview]:
    """Stages, sorted by dataset and run, as runs."""
    return [_overview(list(group)) for _, group in groupby(found, key=lambda stage: (stage.dataset, stage.run_id))]


def _overview(found: list[StageRecord]) -> RunOverview:
    first = min(found, key=lambda stage: stage.started_at)
    statuses = {stage.status for stage in found}
    periods = {stage.period for stage in found if stage.period}
    counts: dict[str, int] = {}
    for name in dict.fromkeys(stage.stage for stage in found):
        added: Counter[str] = Counter()  # over the periods of one stage
        for stage in found:
            if stage.stage == name:
                added.update(stage.counts)
        counts |= added
    return RunOverview(
        run_id=first.run_id,
        dataset=first.dataset,
        period=periods.pop() if len(periods) == 1 else None,
        status=next((status for status in _UNFINISHED if status in statuses), "succeeded"),
        started_at=first.started_at,
        seconds=sum(stage.seconds or 0.0 for stage in found),
        counts=counts,
        stages=tuple(stage.stage for stage in found),
        error_code=next((stage.error_code for stage in found if stage.error_code), None),
    )
