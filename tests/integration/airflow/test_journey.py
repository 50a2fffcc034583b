"""Collections, partitions, releases and people, through Airflow's own scheduler."""

from __future__ import annotations

import inspect
import os
import signal
import subprocess

import pytest

from stack.airflow_client import AirflowClient, AirflowError, RequiredAction, Run, until
from tests.integration.airflow.conftest import Airflow
from tests.integration.airflow.twin import entry as twin

PATIENCE = 120.0


def test_the_twin_is_asked_as_the_journey_is() -> None:
    from pipeline import entry

    for stage in (
        "ingest",
        "deidentify",
        "anonymize",
        "assess",
        "decide",
        "publish",
        "rotations_due",
        "rotate",
        "retire",
    ):
        asked, real = (inspect.signature(getattr(module, stage)).parameters for module in (twin, entry))
        assert list(asked.items()) == list(real.items()), stage


def releases(client: AirflowClient, dataset: str, count: int, but: set[str] = frozenset()) -> list[Run]:  # type: ignore[assignment]
    def started() -> list[Run] | None:
        runs = [run for run in client.runs(f"{dataset}__release") if run.run_id not in but]
        return runs if len(runs) >= count else None

    return until(started, f"{count} releases of {dataset}", PATIENCE)


def pending(client: AirflowClient, run: Run) -> RequiredAction:
    def asked() -> RequiredAction | None:
        return next((action for action in client.required_actions(run.dag_id) if action.run_id == run.run_id), None)

    return until(asked, f"the question of {run.run_id}", PATIENCE)


def test_switching_a_collection_on_releases_each_period_it_closed(airflow: Airflow, steward: AirflowClient) -> None:
    """1. its schedule runs it at once; 2. one release a partition; 3. no question where the contract asks none."""
    steward.unpause("parking")
    collection = until(lambda: steward.runs("parking"), "the collection", PATIENCE)[0]  # a quarter may strike meanwhile
    assert steward.wait("parking", collection.run_id, patience=PATIENCE).state == "success"
    runs = [steward.wait(run.dag_id, run.run_id, patience=PATIENCE) for run in releases(steward, "parking", 2)]
    assert {(run.period, run.state) for run in runs} == {("2026-11-20", "success"), ("2026-11-21", "success")}
    steward.unpause("parking", paused=True)
    asked = airflow.asked(dataset="parking")
    assert [call["stage"] for call in asked[:2]] == ["ingest", "deidentify"]
    assert asked[1]["deliveries"][0]["zone"] == "landing"
    assert len({call["run_id"] for call in asked}) >= 3
    assert {call["period"] for call in airflow.asked(stage="publish", dataset="parking")} == {
        "2026-11-20",
        "2026-11-21",
    }


def test_a_steward_approves_one_period_and_refuses_another(airflow: Airflow, steward: AirflowClient) -> None:
    runs = [steward.trigger("citizen-reports__release", partition=period) for period in ("2026-07", "2026-08")]
    first, second = (pending(steward, run) for run in runs)
    assert first.subject.startswith("Juillet 2026 : publier « ")
    assert "12\u202f345" in first.body
    assert steward.tasks(first.dag_id, first.run_id)["approve"] == "awaiting_input"
    for login in ("dpo", "operator"):
        with pytest.raises(AirflowError, match="403"):
            airflow.sign_in(login).respond(first, approve=True)
    airflow.sign_in("author").respond(first, approve=True, reason="relu")
    steward.respond(second, approve=False, reason="trop tôt")
    assert all(steward.wait(run.dag_id, run.run_id, patience=PATIENCE).state == "success" for run in runs)
    assert steward.tasks(second.dag_id, second.run_id)["publish"] == "skipped"
    approval, refusal = (airflow.asked(stage="decide", period=period)[0] for period in ("2026-07", "2026-08"))
    assert (approval["approved"], approval["decided_by"], approval["comment"]) == (True, "author", "relu")
    assert (refusal["approved"], refusal["decided_by"], refusal["comment"]) == (False, "steward", "trop tôt")
    assert approval["triggered_by"] == "steward"
    assert airflow.asked(stage="publish", period="2026-07")
    assert not airflow.asked(stage="publish", period="2026-08")


def test_marking_the_question_answered_publishes_nothing(airflow: Airflow, steward: AirflowClient) -> None:
    run = steward.trigger("citizen-reports__release", partition="2026-06")
    pending(steward, run)
    steward.mark(run.dag_id, run.run_id, "approve", "success")
    assert steward.wait(run.dag_id, run.run_id, patience=PATIENCE).state == "failed"
    assert "Personne n'a répondu" in steward.log(run.dag_id, run.run_id, "decide")
    assert not airflow.asked(stage="publish", period="2026-06")


def test_a_collection_that_closes_no_period_announces_nothing(airflow: Airflow, steward: AirflowClient) -> None:
    (airflow.twin / "quiet-water-meters").touch()
    run = collect(steward, "water-meters")
    assert run.state == "success"
    assert "periods to release: none" in steward.log(run.dag_id, run.run_id, "deidentify")
    assert steward.runs("water-meters__release") == []
    assert steward.events("missing partition key") == []


def test_periods_can_be_released_again_by_hand(airflow: Airflow, steward: AirflowClient) -> None:
    """From the collection, as a backfill; and one by one, by partition or by parameter."""
    (airflow.twin / "quiet-water-meters").touch()
    collect(steward, "water-meters", periods=["2026-01", "2026-02"])
    by_hand = steward.trigger("water-meters__release", period="2026-03")
    runs = [steward.wait(run.dag_id, run.run_id, patience=PATIENCE) for run in releases(steward, "water-meters", 3)]
    assert {run.state for run in runs} == {"success"}
    published = airflow.asked(stage="publish", dataset="water-meters")
    assert sorted(call["period"] for call in published) == ["2026-01", "2026-02", "2026-03"]
    assert by_hand.triggered_by == "steward"
    with pytest.raises(AirflowError, match="400"):
        steward.trigger("water-meters__release", period="mars")
    lost = steward.trigger("water-meters__release")
    assert steward.wait(lost.dag_id, lost.run_id, patience=PATIENCE).state == "failed"
    assert "Aucune période n'est donnée" in steward.log(lost.dag_id, lost.run_id, "anonymize")


def test_a_refused_verdict_says_why(airflow: Airflow, steward: AirflowClient) -> None:
    (airflow.twin / "refused-water-meters").touch()
    run = steward.trigger("water-meters__release", partition="2026-05")
    assert steward.wait(run.dag_id, run.run_id, patience=PATIENCE).state == "failed"
    (airflow.twin / "refused-water-meters").unlink()
    assert "le plancher est 5" in steward.log(run.dag_id, run.run_id, "assess")
    assert not airflow.asked(stage="publish", period="2026-05")


def test_an_outage_is_tried_again_and_a_bad_payload_is_not(airflow: Airflow, steward: AirflowClient) -> None:
    """Neither what a payload holds nor what an unforeseen fault says reaches anything that Airflow keeps."""
    (airflow.twin / "payload-water-meters").touch()
    refused = collect(steward, "water-meters")
    (airflow.twin / "payload-water-meters").unlink()
    assert refused.state == "failed"
    line = "[bad_payload] ingest water-meters: live/0003.json is not JSON (byte 17)"
    assert line in steward.log(refused.dag_id, refused.run_id, "ingest")
    (airflow.twin / "fault-water-meters").touch()
    fault = collect(steward, "water-meters")
    (airflow.twin / "fault-water-meters").unlink()
    assert fault.state == "failed"
    assert "[unexpected] ingest: ValueError" in steward.log(fault.dag_id, fault.run_id, "ingest")
    assert not holding(airflow, twin.PLANTED)
    (airflow.twin / "quiet-water-meters").touch()
    (airflow.twin / "outage-water-meters").touch()
    assert collect(steward, "water-meters").state == "success"


def test_a_killed_worker_is_replaced(airflow: Airflow, steward: AirflowClient) -> None:
    (airflow.twin / "quiet-water-meters").touch()
    (airflow.twin / "stall-water-meters").touch()
    stalled = airflow.twin / "stalled"
    steward.unpause("water-meters")
    run = steward.trigger("water-meters")
    until(stalled.exists, "the stalled worker", PATIENCE)
    os.kill(int(stalled.read_text(encoding="ascii")), signal.SIGKILL)
    assert steward.wait(run.dag_id, run.run_id, patience=PATIENCE).state == "success"
    steward.unpause("water-meters", paused=True)
    assert len(airflow.asked(stage="ingest", run_id=run.run_id)) == 1
    assert len(airflow.asked(stage="deidentify", run_id=run.run_id)) == 2


def collect(client: AirflowClient, dataset: str, **params: object) -> Run:
    client.unpause(dataset)
    try:
        scheduled = until(lambda: client.runs(dataset), "the scheduled run", PATIENCE)
        client.wait(dataset, scheduled[-1].run_id, patience=PATIENCE)
        run = client.trigger(dataset, **params)
        return client.wait(dataset, run.run_id, patience=PATIENCE)
    finally:
        client.unpause(dataset, paused=True)


def holding(airflow: Airflow, text: str) -> list[str]:
    """Files of the state folder, of PostgreSQL and of its logs in which ``text`` stands."""
    folders = {str(airflow.context.home), str(airflow.context.paths.outside)}
    found = subprocess.run(["grep", "-rlaF", text, *folders], capture_output=True, text=True, check=False)
    return found.stdout.splitlines()


def test_a_rotation_started_at_custody_is_carried_out_domain_by_domain(
    airflow: Airflow, steward: AirflowClient
) -> None:
    for domain in ("citizen-reports", "water-meters"):
        (airflow.twin / f"rotating-{domain}").touch()
    (airflow.twin / "outage-water-meters").touch()
    run = steward.trigger("rotate_keys")
    assert steward.wait(run.dag_id, run.run_id, patience=PATIENCE).state == "success"
    asked = [call["domain"] for call in airflow.asked(stage="rotate")]
    assert sorted(asked) == ["citizen-reports", "water-meters", "water-meters"]  # an outage is tried again
    assert list(airflow.twin.glob("rotating-*")) == []
    again = steward.trigger("rotate_keys")
    assert steward.wait(again.dag_id, again.run_id, patience=PATIENCE).state == "success"
    assert len(airflow.asked(stage="rotate")) == 3
    assert len(airflow.asked(stage="retire")) >= 2
