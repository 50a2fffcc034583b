from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cli import watch
from cli.airflow_api import DagRun, TaskState

SINCE = datetime(2026, 11, 1, tzinfo=UTC)


class ScriptedAirflow:
    """Answers with one scripted moment after the other."""

    def __init__(self, moments: list[list[tuple[str, str, str]]]) -> None:
        self._moments = moments

    def runs(self, dag_id: str) -> list[DagRun]:
        moment = self._moments.pop(0) if len(self._moments) > 1 else self._moments[0]
        self._tasks = {period: task for period, _, task in moment}
        return [DagRun(dag_id, period, state, period, SINCE + timedelta(seconds=1)) for period, state, _ in moment]

    def tasks(self, run: DagRun) -> list[TaskState]:
        return [TaskState("anonymize", "success"), TaskState("approve", self._tasks[run.run_id])]


def collection(state: str) -> DagRun:
    return DagRun("x", "manual", state, None, SINCE)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "POLL_SECONDS", 0.0)
    monkeypatch.setattr(watch, "QUIET_SECONDS", 0.01)


def test_it_waits_for_releases_and_leaves_those_that_wait_for_a_person() -> None:
    airflow = ScriptedAirflow(
        [
            [],
            [("2026-09", "running", "running"), ("2026-10", "queued", "none")],
            [("2026-09", "success", "success"), ("2026-10", "running", "awaiting_input")],
        ]
    )
    (last,) = list(watch.follow(airflow, {"x": lambda: collection("success")}, SINCE, 5.0))[-1]
    assert (last.released, last.waiting, last.running, last.done) == (1, ["2026-10"], 0, True)
    assert last.words() == "1 période(s) publiée(s), 1 en attente d'approbation"


def test_a_failed_collection_ends_the_wait() -> None:
    (last,) = list(watch.follow(ScriptedAirflow([[]]), {"x": lambda: collection("failed")}, SINCE, 5.0))[-1]
    assert last.words() == "collecte en échec"


def test_it_gives_up_in_the_end() -> None:
    airflow = ScriptedAirflow([[("2026-09", "running", "running")]])
    (last,) = list(watch.follow(airflow, {"x": lambda: None}, SINCE, 0.05))[-1]
    assert not last.done


def test_older_runs_do_not_count() -> None:
    airflow = ScriptedAirflow([[("2026-09", "success", "success")]])
    since = SINCE + timedelta(hours=1)
    (last,) = list(watch.follow(airflow, {"x": lambda: collection("success")}, since, 5.0))[-1]
    assert last.released == 0
