"""How a stage's end becomes Airflow's, and what travels between tasks."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

PLANTED = "Jeanne Canari, 06 12 34 56 78"
REF = {"zone": "candidate", "dataset": "parking", "version": "1.0.0", "period": "2026-10-31", "key": "k", "digest": "d"}


class Task:
    """What Airflow gives a task, as far as ours use it."""

    def __init__(self, **pushed: Any) -> None:
        self.pushed = pushed
        self.outlets = ["asset"]
        self.announced: list[str] = []
        self.add_partitions = self.announced.extend

    def xcom_pull(self, *, task_ids: str) -> Any:
        return self.pushed.get(task_ids)

    def context(self, *, partition: str | None = None, trigger: str | None = None, **params: Any) -> dict[str, Any]:
        return {
            "ti": self,
            "task": self,
            "run_id": "run-1",
            "params": params,
            "outlet_events": {"asset": self},
            "dag_run": SimpleNamespace(partition_key=partition, triggering_user_name=trigger),
        }


def replace_stage(monkeypatch: pytest.MonkeyPatch, name: str, answer: Any) -> list[tuple[Any, ...]]:
    from pipeline import entry

    asked: list[tuple[Any, ...]] = []

    def stage(*args: Any, **kwargs: Any) -> Any:
        asked.append((*args, kwargs) if kwargs else args)
        return answer

    monkeypatch.setattr(entry, name, stage)
    return asked


def test_an_operator_s_credentials_come_from_airflow_s_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    from dags.journey import ingest, operator_connection

    known = '{"conn_type": "sftp", "login": "a", "password": "b", "host": "h", "port": 22, "extra": {"host_key": "k"}}'
    monkeypatch.setenv("AIRFLOW_CONN_OPERATOR-EAU", known)
    found = operator_connection("operator-eau")
    assert found is not None
    assert json.loads(found) == {"login": "a", "password": "b", "host": "h", "port": 22, "extra": {"host_key": "k"}}
    assert operator_connection("operator-nobody") is None
    asked = replace_stage(monkeypatch, "ingest", [REF])
    assert ingest("parking", **Task().context()) == [REF]
    assert asked == [("parking", "run-1", operator_connection)]


def test_a_rotation_takes_one_domain_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    from dags.journey import retire, rotate, rotations_due

    replace_stage(monkeypatch, "rotations_due", ["water-meters", "citizen-reports"])
    done = {"domain": "water-meters", "epoch": 3, "datasets": ["water-meters"], "counts": {"periods": 2}}
    rotated = replace_stage(monkeypatch, "rotate", done)
    replace_stage(monkeypatch, "retire", 4)
    context = Task().context()
    assert rotations_due(**context) == [["water-meters"], ["citizen-reports"]]
    assert rotate("water-meters", **context) == done
    assert rotated == [("water-meters", "run-1")]
    assert retire(**context) == 4


def test_a_feed_that_alerts_shows_in_red_and_ends_green_once_it_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from dags.journey import watch_feeds

    alert = {"dataset": "parking", "kind": "stopped", "new": True, "sentence": "Aucune livraison depuis hier."}
    replace_stage(monkeypatch, "watch_feeds", [alert])
    with pytest.raises(AirflowFailException, match="parking : Aucune livraison depuis hier"):
        watch_feeds(**Task().context())
    replace_stage(monkeypatch, "watch_feeds", [])
    watch_feeds(**Task().context())


def test_what_is_taken_back_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    from dags.journey import retire_open

    asked = replace_stage(monkeypatch, "retire_open", {"parking": 2})
    assert retire_open(**Task().context()) == {"parking": 2}
    assert asked == [("run-1",)]


def test_mails_are_sent_by_the_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    from dags.journey import send_mails

    asked = replace_stage(monkeypatch, "send_mails", {"sent": 3, "refused": 1})
    assert send_mails(**Task().context()) == {"sent": 3, "refused": 1}
    assert asked == [("run-1",)]


def test_an_outage_may_be_retried_and_nothing_else() -> None:
    from airflow.sdk.exceptions import AirflowException, AirflowFailException

    from dags.journey import guarded
    from pipeline.errors import BadPayloadError, OutageError

    def outage() -> NoReturn:
        raise OutageError("ingest parking: the operator can not be reached")

    def payload() -> NoReturn:
        raise BadPayloadError("ingest parking: live/0003.json is not JSON")

    with pytest.raises(AirflowException, match=r"^\[outage\] ingest parking: the operator") as caught:
        guarded(outage)
    assert not isinstance(caught.value, AirflowFailException)
    with pytest.raises(AirflowFailException, match=r"^\[bad_payload\] ingest parking: live/0003"):
        guarded(payload)


def test_the_text_of_an_unforeseen_fault_is_withheld() -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from dags.journey import guarded

    def fault() -> NoReturn:
        raise ValueError(PLANTED)

    with pytest.raises(AirflowFailException) as caught:
        guarded(fault)
    assert PLANTED not in str(caught.value)
    assert "fault: ValueError" in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_period_is_the_partition_else_the_parameter_and_nothing_of_another_shape() -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from dags.journey import period_of

    task = Task()
    assert period_of(task.context(partition="2026-10", period="2026-09"), "month") == "2026-10"
    assert period_of(task.context(period="2026-09"), "month") == "2026-09"
    assert period_of(task.context(partition="2026-10-31"), "day") == "2026-10-31"
    for wrong in (None, "", "2026-10-31", "2026-13", "../../etc"):
        with pytest.raises(AirflowFailException):
            period_of(task.context(period=wrong), "month")


def test_closed_periods_and_those_asked_for_again_are_announced_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from dags.journey import deidentify

    touched = {"periods": ["2026-10", "2026-09"], "open_periods": ["2026-11"], "counts": {"rows_in": 3}}
    asked = replace_stage(monkeypatch, "deidentify", touched)
    task = Task(ingest=[REF])
    assert deidentify("water", "month", **task.context(periods=["2026-01", "2026-10"])) == touched
    assert task.announced == ["2026-01", "2026-09", "2026-10"]
    assert asked == [("water", "run-1", [REF])]


def test_nothing_is_announced_when_no_period_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    from dags.journey import deidentify

    replace_stage(monkeypatch, "deidentify", {"periods": [], "open_periods": [], "counts": {}})
    task = Task()
    deidentify("water", "month", **task.context())
    assert task.announced == []
    assert task.outlets == []


def test_a_refused_verdict_fails_with_its_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from dags.journey import assess

    judged = {"candidate": REF, "verdict": "refused", "reasons": ["Case de 3 foyers."], "counts": {}, "measures": {}}
    replace_stage(monkeypatch, "assess", judged)
    with pytest.raises(AirflowFailException, match="Case de 3 foyers"):
        assess("parking", "day", **Task(anonymize=REF).context(partition="2026-10-31"))


@pytest.mark.parametrize(("option", "approved"), [("Approuver la publication", True), ("Refuser", False)])
def test_a_decision_names_who_answered_and_who_started_the_run(
    monkeypatch: pytest.MonkeyPatch, option: str, approved: bool
) -> None:
    from dags.journey import decide

    asked = replace_stage(monkeypatch, "decide", {})
    answer = {
        "chosen_options": [option],
        "params_input": {"motif": "relu"},
        "responded_by_user": {"id": "2", "name": "steward"},
    }
    task = Task(approve=answer, assess={"candidate": REF})
    assert decide("parking", "day", **task.context(partition="2026-10-31", trigger="author")) is approved
    expected = {"approved": approved, "decided_by": "steward", "triggered_by": "author", "comment": "relu"}
    assert asked == [("parking", "2026-10-31", "run-1", REF, expected)]


def test_without_an_answer_there_is_no_decision(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from dags.journey import decide

    asked = replace_stage(monkeypatch, "decide", {})
    for answer in (None, {}, {"chosen_options": ["Approuver la publication"], "responded_by_user": None}):
        with pytest.raises(AirflowFailException, match="Personne n'a répondu"):
            decide("parking", "day", **Task(approve=answer, assess={"candidate": REF}).context(partition="2026-10-31"))
    assert asked == []


def test_a_publication_announces_its_period_to_whoever_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from dags.journey import publish

    asked = replace_stage(monkeypatch, "publish", {"url": "u", "rows": 3})
    task = Task(assess={"candidate": REF})
    assert publish("parking", "day", **task.context(period="2026-10-31")) == {"url": "u", "rows": 3}  # by hand
    assert asked == [("parking", "2026-10-31", "run-1", REF)]
    assert task.announced == ["2026-10-31"]
    task.outlets, task.announced[:] = [], []
    publish("water-meters", "month", **task.context(partition="2026-10"))
    assert task.announced == []


def test_the_twin_is_made_again_and_says_what_it_holds(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from dags.journey import refresh_twin

    asked = replace_stage(monkeypatch, "refresh_twin", {"url": "u", "layers": {"parking": 19}, "removed": 2})
    with caplog.at_level("INFO"):
        assert refresh_twin(**Task().context())["layers"] == {"parking": 19}
    assert asked == [("run-1",)]
    assert "layers: parking=19; files removed: 2" in caplog.text
