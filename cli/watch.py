"""Follow the journey of datasets in Airflow until nothing moves any more, but what waits for a person."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from stack.airflow_client import AirflowClient, Run

ACTIVE = ("queued", "running")
QUIET_SECONDS = 4.0
LOST_SECONDS = 120.0  # a period was announced, and its release does not start
POLL_SECONDS = 2.0


@dataclass(slots=True)
class Progress:
    """How far one dataset is."""

    dataset: str
    collection: str = "attend"  # state of the latest collection
    released: int = 0
    running: int = 0
    failed: list[str] = field(default_factory=list)  # periods
    waiting: list[str] = field(default_factory=list)  # periods that wait for a person
    announced: set[str] | None = None  # periods that the collection announced; None while it runs
    missing: set[str] = field(default_factory=set)  # of those, the ones whose release has not begun
    quiet_since: float | None = None

    @property
    def done(self) -> bool:
        """Tell whether nothing moves any more."""
        patience = LOST_SECONDS if self.missing else QUIET_SECONDS
        return self.quiet_since is not None and time.monotonic() - self.quiet_since >= patience

    @property
    def broken(self) -> bool:
        """Tell whether something did not end as it should."""
        return self.collection != "success" or bool(self.failed or self.missing or self.running)

    def words(self) -> str:
        """Say it in French."""
        if self.collection == "failed":
            return "collecte en échec"
        if self.collection != "success":
            return "collecte et pseudonymise…"
        parts = [f"{self.released} période(s) publiée(s)"] if self.released else []
        begun = self.running + len(self.missing)
        parts += [f"{begun} en cours"] if begun else []
        parts += [f"{len(self.waiting)} en attente d'approbation"] if self.waiting else []
        parts += [f"{len(self.failed)} en échec"] if self.failed else []
        return ", ".join(parts) or "rien de nouveau à publier"


def follow(
    airflow: AirflowClient,
    collections: dict[str, Callable[[], Run | None]],
    since: datetime,
    limit_seconds: float,
) -> Iterator[list[Progress]]:
    """Yield the progress of each dataset every other second until all are done, or ``limit_seconds`` have passed.

    Args:
        airflow: a signed-in client.
        collections: for each dataset, what returns the collection to follow, ``None`` while there is none.
        since: releases queued earlier are not looked at, unless they wait for a person.
        limit_seconds: when to give up.
    """
    states = {dataset: Progress(dataset) for dataset in collections}
    deadline = time.monotonic() + limit_seconds
    while True:
        for dataset, collection in collections.items():
            _look(airflow, states[dataset], collection(), since)
        yield list(states.values())
        if all(state.done for state in states.values()) or time.monotonic() > deadline:
            return
        time.sleep(POLL_SECONDS)


def _look(airflow: AirflowClient, state: Progress, collection: Run | None, since: datetime) -> None:
    state.collection = collection.state if collection else "attend"
    if collection is not None and collection.state == "success" and state.announced is None:
        state.announced = airflow.announced(collection)
    runs = [run for run in airflow.runs(f"{state.dataset}__release") if _concerns(run, since)]
    waiting = [run for run in runs if run.state == "running" and _waits(airflow, run)]
    state.waiting = _periods(waiting)
    state.failed = _periods(run for run in runs if run.state == "failed")
    state.released = sum(run.state == "success" for run in runs)
    state.missing = (state.announced or set()) - {run.period for run in runs}
    state.running = sum(run.state in ACTIVE for run in runs) - len(waiting)
    if state.collection in ("success", "failed") and state.running == 0:
        state.quiet_since = state.quiet_since or time.monotonic()
    else:
        state.quiet_since = None


def _concerns(run: Run, since: datetime) -> bool:
    return run.state in ACTIVE or (run.queued_at is not None and run.queued_at >= since)


def _waits(airflow: AirflowClient, run: Run) -> bool:
    states = set(airflow.tasks(run.dag_id, run.run_id).values())
    return "awaiting_input" in states and not states & {"running", "queued", "scheduled", "up_for_retry"}


def _periods(runs: Iterable[Run]) -> list[str]:
    return sorted(run.period or run.run_id for run in runs)
