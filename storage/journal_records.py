"""What the journal answers with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.references import DatasetRef, DeliveryId, RunId


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """A delivery that landed. `processed_at`: its rows are in trusted; `erased_at`: its key was destroyed."""

    delivery_id: DeliveryId
    dataset: str
    run_id: RunId
    ref: DatasetRef
    received_at: datetime
    processed_at: datetime | None
    erased_at: datetime | None


@dataclass(frozen=True, slots=True)
class PartitionRecord:
    """A period of trusted: its content, the content last released, and when it closes."""

    dataset: str
    major: int
    period: str
    content: str
    released_content: str | None
    run_id: RunId
    closed_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class StageRecord:
    """A stage of a run: `status` is running, or what `finish_stage` was told."""

    run_id: RunId
    dataset: str
    period: str | None
    stage: str
    attempts: int
    status: str
    started_at: datetime
    seconds: float | None
    counts: dict[str, int]
    error_code: str | None


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """What *assess* found of a candidate, under the circumstances it names."""

    candidate_digest: str
    dataset: str
    period: str
    run_id: RunId
    verdict: str
    reasons: tuple[str, ...]
    measures: dict[str, Any]
    contract_version: str
    strategy_version: str
    consent_root: str | None
    judged_at: datetime


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """What a person decided of a candidate, under one contract and one strategy."""

    candidate_digest: str
    contract_version: str
    strategy_version: str
    approved: bool
    decided_by: str
    triggered_by: str | None
    comment: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """A published period."""

    dataset: str
    major: int
    period: str
    candidate_digest: str
    content: str
    rows: int
    url: str
    run_id: RunId
    files: tuple[dict[str, Any], ...]
    released_at: datetime


@dataclass(frozen=True, slots=True)
class WithdrawalRecord:
    """A period's releases must go, and went at `done_at`."""

    dataset: str
    major: int
    period: str
    requested_at: datetime
    reason: str
    run_id: RunId
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class RunOverview:
    """A run of one dataset's journey: the worst status of its stages, their counts together."""

    run_id: RunId
    dataset: str
    period: str | None
    status: str  # failed, running or succeeded
    started_at: datetime
    seconds: float
    counts: dict[str, int]
    stages: tuple[str, ...]
    error_code: str | None


@dataclass(frozen=True, slots=True)
class RunDetail:
    """Everything the journal knows of a run."""

    overview: RunOverview
    stages: tuple[StageRecord, ...]
    deliveries: tuple[DeliveryRecord, ...]
    verdicts: tuple[VerdictRecord, ...]
    decisions: tuple[DecisionRecord, ...]
    releases: tuple[ReleaseRecord, ...]


@dataclass(frozen=True, slots=True)
class DatasetOverview:
    """A dataset on the console's list."""

    dataset: str
    last_run: RunOverview | None
    last_verdict: VerdictRecord | None
    last_release: ReleaseRecord | None
    released_periods: int
    changed_periods: int  # whose content is not the one released
    deliveries: int
