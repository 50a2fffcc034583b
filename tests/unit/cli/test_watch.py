from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cli import watch
from stack.airflow_client import Run

SINCE = datetime(2026, 11, 1, tzinfo=UTC)


class ScriptedAirflow:
    """Answers with one scripted moment after the other."""

    def __init__(self, moments: list[list[tuple[str, str, str]]], periods: set[str] | None = None) -> None:
        self._moments = moments
        self.periods = periods or set()

    def runs(self, dag_id: str) -> list[Run]:
        moment = self._moments.pop(0) if len(self._moments) > 1 else self._moments[0]
        self._tasks = {period: task for period, _, task in moment}
        return [
            Run(dag_id, period, state, period, None, None, SINCE + timedelta(seconds=1)) for period, state, _ in moment
        ]

    def announced(self, run: Run) -> set[str]:
        return self.periods

    def tasks(self, dag_id: str, run_id: str) -> dict[str, str]:
        return {"anonymize": "success", "approve": self._tasks[run_id]}


def collection(state: str) -> Run:
    return Run("x", "manual", state, None, None, None, SINCE)


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


def test_an_announced_period_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "POLL_SECONDS", 0.02)  # longer than the quiet that would end the wait
    moments = [[], [], [], [], [("2026-10", "running", "running")], [("2026-10", "success", "success")]]
    states = list(watch.follow(ScriptedAirflow(moments, {"2026-10"}), {"x": lambda: collection("success")}, SINCE, 5.0))
    (last,) = states[-1]
    assert (last.released, last.missing, last.done) == (1, set(), True)


def test_an_announced_period_whose_release_never_starts_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOST_SECONDS", 0.05)
    airflow = ScriptedAirflow([[]], {"2026-10"})
    (last,) = list(watch.follow(airflow, {"x": lambda: collection("success")}, SINCE, 5.0))[-1]
    assert (last.missing, last.done) == ({"2026-10"}, True)
    assert last.words() == "1 en cours"


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
