"""What the pages read: runs, verdicts and releases of the journal, and events of the lineage store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from console.events import ReceivedEvent


@dataclass(frozen=True, slots=True)
class StageRecord:
    """One stage of a run. `seconds` is None while it runs."""

    stage: str
    status: str  # "running", "done", "failed"
    started_at: datetime
    period: str | None = None
    seconds: float | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """What *assess* found of a candidate, and what a person decided, if anyone has."""

    candidate_digest: str
    period: str
    verdict: str  # "publishable", "needs_approval", "refused"
    reasons: tuple[str, ...]
    measures: Mapping[str, float]
    contract_version: str
    approved: bool | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """A published period."""

    major: int
    period: str
    rows: int
    url: str
    run_id: str
    released_at: datetime


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run, its stages in order."""

    run_id: str
    dataset: str
    stages: tuple[StageRecord, ...]
    verdicts: tuple[VerdictRecord, ...] = ()


class JournalReader(Protocol):
    """The journal's read side."""

    def runs(self, dataset: str, limit: int) -> Sequence[RunRecord]:
        """The latest runs of a dataset, latest first."""
        ...

    def run(self, dataset: str, run_id: str) -> RunRecord | None:
        """One run."""
        ...

    def releases(self, dataset: str) -> Sequence[ReleaseRecord]:
        """What is published of a dataset, latest period first."""
        ...


class LineageRecords(Protocol):
    """Where received lineage events are kept."""

    def record(self, event: ReceivedEvent, now: datetime) -> None:
        """Keep an event; one that is there already is kept once."""
        ...

    def latest(self, dataset: str) -> Sequence[Mapping[str, Any]]:
        """The bodies of the latest event of each stage that ended well, oldest first."""
        ...
