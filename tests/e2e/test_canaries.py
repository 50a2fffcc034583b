"""A thousand people planted in the feeds; after the journey, none of them stands in anything the hub keeps.

On the way everything that usually makes programs talk too much is provoked: rejected rows of each kind, a payload that
can not be read, an operator that answers with errors, a custody service and a catalogue that die in the middle. The
control of the scan stands in ``test_canary_control``.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from stack.airflow_client import AirflowClient, Run
from stack.embedded import Stack
from stack.operators.canaries import Canaries
from stack.service import StackContext
from storage import Journal, database_engine
from tests.e2e.canaries import Needles
from tests.e2e.places import places_of, scan

DATASETS = ("parking", "citizen-reports", "water-meters")
PATIENCE = 420.0  # seconds, on a loaded machine
OUTAGE = {"failed", "up_for_retry"}


@dataclass
class Journey:
    """The stack, the steward's hand on Airflow, and what happened."""

    stack: Stack
    airflow: AirflowClient
    runs: dict[str, Run] = field(default_factory=dict)

    @property
    def context(self) -> StackContext:
        return self.stack.context

    def collect(self, dataset: str, name: str) -> Run:
        """Start a collection."""
        self.runs[name] = self.airflow.trigger(dataset)
        return self.runs[name]

    def ended(self, name: str) -> Run:
        """Wait for the end of what `collect` started."""
        run = self.runs[name]
        self.runs[name] = self.airflow.wait(run.dag_id, run.run_id, patience=PATIENCE)
        return self.runs[name]

    def operators(self, path: str, body: dict[str, object]) -> None:
        """Have the operators misbehave."""
        httpx.post(f"{self.context.settings.operators_url}/control/{path}", json=body).raise_for_status()

    def kill(self, service: str) -> None:
        """Kill a service's process; its supervisor starts it again."""
        (status,) = [one for one in self.stack.status() if one.name == service]
        os.kill(status.pid, signal.SIGKILL)

    def calm(self) -> None:
        """Wait until no release moves, but for those that wait for a person."""
        until(lambda: not any(self._moves(f"{dataset}__release") for dataset in DATASETS), "releases that end")

    def _moves(self, dag_id: str) -> bool:
        for run in self.airflow.runs(dag_id):
            states = set() if run.ended else set(self.airflow.tasks(dag_id, run.run_id).values())
            if not run.ended and "awaiting_input" not in states:
                return True
        return False


def until(reached: Callable[[], bool], what: str) -> None:
    """Wait for something."""
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s for {what}"
        time.sleep(1)


@pytest.fixture(scope="module")
def journey(full_stack: Stack, canaries: Canaries) -> Iterator[Journey]:
    """Three feeds from the operators to the catalogue, with everything that can go wrong on the way."""
    settings = full_stack.context.settings
    with AirflowClient(settings.airflow_url, "steward", settings.secret("login-steward")) as airflow:
        found = Journey(full_stack, airflow)
        wanted = {*DATASETS, *(f"{dataset}__release" for dataset in DATASETS)}
        until(lambda: wanted <= set(airflow.dags()), "the DAGs of the contracts looked at")
        found.operators("fail", {"path": "/open311", "status": 500, "times": 6})
        for dataset in DATASETS:
            airflow.unpause(f"{dataset}__release")
            airflow.unpause(dataset)  # its schedule starts a first run at once
            until(lambda dataset=dataset: bool(airflow.runs(dataset)), f"a first run of {dataset}")  # type: ignore[misc]
            found.runs[dataset] = airflow.runs(dataset)[0]
        until(lambda: _at(found, found.runs["water-meters"], "deidentify"), "deidentify to begin")
        found.kill("custody")
        for dataset in DATASETS:
            found.ended(dataset)
        for dataset in DATASETS:  # a collection's end comes a moment before the releases it announced
            until(lambda dataset=dataset: bool(airflow.runs(f"{dataset}__release")), f"a release of {dataset}")  # type: ignore[misc]
        found.calm()
        until(lambda: bool(airflow.required_actions("citizen-reports__release")), "a question to the steward")
        _approve_everything(found)
        _unreadable_delivery(found, canaries)
        found.calm()
        yield found


def _unreadable_delivery(journey: Journey, canaries: Canaries) -> None:
    """A file without a header, so that a person stands where the names of columns should."""
    lines = "\n".join(f"{name};{phone};{meter}" for name, phone, meter in _rows(canaries))
    (journey.context.paths.drop / "water-meters" / "releves_illisibles.csv").write_text(lines, encoding="utf-8")
    journey.collect("water-meters", "unreadable")
    journey.ended("unreadable")


def _rows(canaries: Canaries) -> Iterator[tuple[str, str, str]]:
    yield from zip(canaries.names, canaries.phones, canaries.meters, strict=True)


def _at(journey: Journey, run: Run, task: str) -> bool:
    states = journey.airflow.tasks(run.dag_id, run.run_id)
    return states.get(task, "") in {"running", "success", *OUTAGE} or journey.airflow.run(run.dag_id, run.run_id).ended


def _approve_everything(journey: Journey) -> None:
    """Say yes to what waits, while the catalogue dies and comes back."""
    asked = journey.airflow.required_actions  # leaves out questions that Airflow has hardly asked
    until(lambda: bool(asked("citizen-reports__release")), "a question for the steward")
    for number, action in enumerate(asked("citizen-reports__release")):
        journey.airflow.respond(action, approve=True, reason="relu")
        if number == 0:
            journey.kill("ckan")


@pytest.fixture(scope="module")
def values(canaries: Canaries) -> list[str]:
    """Everything that tells who someone is, whole and in its telling parts."""
    surnames = [name.rpartition(" ")[2] for name in canaries.names]
    streets = [address.split(" ")[2] for address in canaries.addresses]
    return [*canaries.every(), *surnames, *streets]


def test_the_journey_went_through_and_failed_where_it_should(journey: Journey) -> None:
    for dataset in DATASETS:
        assert journey.runs[dataset].state == "success", dataset
    assert journey.runs["unreadable"].state == "failed"
    engine = database_engine(journey.context.settings.hub_database_url())
    journal = Journal(engine)
    for dataset in DATASETS:
        assert journal.releases(dataset), f"nothing of {dataset} was published"
    counts = [run.counts for dataset in DATASETS for run in journal.runs(dataset)]
    reasons = {name for found in counts for name in found if name.startswith("rejected_")}
    assert {"rejected_nullValues", "rejected_columnCount"} <= reasons
    assert any(found.get("not_covered") for found in counts)
    engine.dispose()


def test_nobody_planted_in_the_feeds_stands_in_anything_the_hub_keeps(journey: Journey, values: list[str]) -> None:
    report = scan(Needles(values), places_of(journey.context))
    print(f"\n{report.table()}")
    shown = sorted(report.hits)[:20]
    assert not report.hits, "\n".join(f"{hit.place}: value {hit.value}, {hit.written}, in {hit.where}" for hit in shown)
