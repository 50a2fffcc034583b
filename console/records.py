"""What the pages read, of the journal and of the lineage store: protocols that storage's classes meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from storage import (
    DecisionRecord,
    FeedAlert,
    LineageEvent,
    Reading,
    ReleaseRecord,
    RunDetail,
    RunOverview,
    VerdictRecord,
)


class JournalReader(Protocol):
    """The journal's read side; see :class:`storage.Journal`."""

    def runs(self, dataset: str, limit: int) -> Sequence[RunOverview]:
        """The latest runs of a dataset, latest first."""
        ...

    def run(self, run_id: str, dataset: str) -> RunDetail | None:
        """Everything of a run of a dataset."""
        ...

    def verdicts(self, dataset: str, limit: int) -> Sequence[VerdictRecord]:
        """The latest verdicts of a dataset, latest first."""
        ...

    def decision(self, candidate_digest: str) -> DecisionRecord | None:
        """The latest decision on a candidate."""
        ...

    def releases(self, dataset: str) -> Sequence[ReleaseRecord]:
        """The current release of each period, in order."""
        ...

    def readings(self, dataset: str, since: datetime | None = None) -> Sequence[Reading]:
        """What reading each delivery received from `since` on came to, latest first."""
        ...

    def alerts(self, dataset: str | None = None) -> Sequence[FeedAlert]:
        """The alerts that stand, oldest first."""
        ...


class LineageRecords(Protocol):
    """Where received events are kept; see :class:`storage.LineageEvents`."""

    def record(self, event: LineageEvent, received_at: datetime) -> None:
        """Keep an event; one that is there already is kept once."""
        ...

    def latest(self, dataset: str) -> Sequence[Mapping[str, Any]]:
        """The bodies of the latest event of each stage that ended well, oldest first."""
        ...
