"""What every stage has in common: it begins and ends in the journal and in the lineage, and fails in one way."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from catalog.lineage import Stage
from pipeline.errors import JourneyError
from pipeline.hub import Hub
from pipeline.translation import translate
from policies.contract import Contract
from storage import DatasetRef

log = logging.getLogger("ardoise.journey")


@dataclass(slots=True)
class StageReport:
    """What a stage tells of itself; filled while it runs."""

    counts: dict[str, int] = field(default_factory=dict)
    inputs: list[DatasetRef] = field(default_factory=list)
    outputs: list[DatasetRef] = field(default_factory=list)

    def add(self, **counts: int) -> None:
        """Add to the counts."""
        for name, count in counts.items():
            self.counts[name] = self.counts.get(name, 0) + count


@contextmanager
def stage(
    hub: Hub, name: Stage, contract: Contract, run_id: str, period: str | None, inputs: Sequence[DatasetRef] = ()
) -> Iterator[StageReport]:
    """Run the body as one stage.

    Raises:
        JourneyError: whatever the body ended with, translated; the journal and the lineage have it by then.
    """
    report = StageReport(inputs=list(inputs))
    where = f"{name.value} {contract.id}" + (f" {period}" if period else "")
    marks = {"run_id": run_id, "stage": name.value, "dataset": str(contract.id), "period": period}
    started = hub.now()
    try:
        hub.journal.start_stage(run_id, str(contract.id), period, name.value, started)
        hub.lineage.stage_started(name, contract, run_id, period, inputs, now=started)
        log.info("%s: begins", where, extra=marks)
        yield report
        ended = hub.now()
        seconds = (ended - started).total_seconds()
        hub.lineage.stage_completed(
            name, contract, run_id, period, report.inputs, report.outputs, report.counts, now=ended
        )
        hub.journal.finish_stage(
            run_id, str(contract.id), period, name.value, report.counts, seconds, status="succeeded"
        )
        log.info("%s: ends after %.1f s, %s", where, seconds, report.counts, extra=marks)
    except Exception as error:
        failure = translate(where, error)
        log.error("%s (%s)", failure, failure.code, extra=marks)
        _tell_failure(hub, name, contract, run_id, period, report, failure, started)
        raise failure from None


def _tell_failure(
    hub: Hub,
    name: Stage,
    contract: Contract,
    run_id: str,
    period: str | None,
    report: StageReport,
    failure: JourneyError,
    started: datetime,
) -> None:
    """Record a failure where that is still possible; what can not be told is logged, and the failure stands."""
    now = hub.now()
    try:
        hub.lineage.stage_failed(name, contract, run_id, period, report.inputs, error_code=failure.code, now=now)
    except Exception as error:
        log.warning("failure of %s not told to the lineage: %s", name.value, type(error).__name__)
    try:
        hub.journal.finish_stage(
            run_id,
            str(contract.id),
            period,
            name.value,
            report.counts,
            (now - started).total_seconds(),
            status="failed",
            error_code=failure.code,
        )
    except Exception as error:
        log.warning("failure of %s not written to the journal: %s", name.value, type(error).__name__)
