"""A small client of Airflow's REST API: what the demonstration and the tests ask of it, as one person signed in.

Nothing of Airflow is imported: names and passwords are exchanged for a token at ``/auth/token``, and the token is
renewed when Airflow no longer takes it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from stack.errors import StackError

_Found = TypeVar("_Found")
SETTLING = timedelta(seconds=6)
ENDED = frozenset({"success", "failed"})


class AirflowError(StackError):
    """Airflow can not be reached, or answers with an error."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a DAG."""

    dag_id: str
    run_id: str
    state: str
    period: str | None  # its partition
    triggered_by: str | None
    seconds: float | None = None  # from its start to its end
    queued_at: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen in it."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class RequiredAction:
    """A question that waits for a person."""

    dag_id: str
    run_id: str
    task_id: str
    subject: str
    body: str
    options: tuple[str, ...]
    answered_by: str | None


class AirflowClient:
    """Airflow, as one person sees it."""

    def __init__(
        self, url: str, login: str, password: SecretStr, *, timeout: float = 120.0, patience: float = 0.0
    ) -> None:
        """Speak to ``url`` as ``login``; what only reads is tried again for ``patience`` seconds."""
        self._login, self._password, self._patience = login, password, patience
        self._http = httpx.Client(base_url=url, timeout=timeout, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> AirflowClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- DAGs ---------------------------------------------------------------------------------------------------------

    def dags(self) -> dict[str, dict[str, Any]]:
        """The DAGs this person may see, by id."""
        return {dag["dag_id"]: dag for dag in self._pages("/dags", "dags")}

    def import_errors(self) -> list[str]:
        """What keeps the DAG file from being read."""
        return [str(error["stack_trace"]) for error in self._pages("/importErrors", "import_errors")]

    def unpause(self, dag_id: str, *, paused: bool = False) -> None:
        """Switch a DAG on (or off)."""
        self._call("PATCH", f"/dags/{dag_id}", json={"is_paused": paused})

    # -- runs ---------------------------------------------------------------------------------------------------------

    def trigger(self, dag_id: str, *, partition: str | None = None, **params: Any) -> Run:
        """Start a run now."""
        body: dict[str, Any] = {"logical_date": None, "conf": params}
        if partition is not None:
            body["partition_key"] = partition
        return _run(self._call("POST", f"/dags/{dag_id}/dagRuns", json=body))

    def runs(self, dag_id: str) -> list[Run]:
        """The runs of a DAG, oldest first."""
        return [_run(run) for run in self._pages(f"/dags/{dag_id}/dagRuns", "dag_runs", order_by="run_after")]

    def run(self, dag_id: str, run_id: str) -> Run:
        """One run."""
        return _run(self._call("GET", f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}"))

    def wait(self, dag_id: str, run_id: str, *, patience: float = 300.0) -> Run:
        """Wait until a run has ended; AirflowError after ``patience`` seconds."""
        return until(lambda: self._if_ended(dag_id, run_id), f"la fin de {dag_id} {run_id}", patience)

    def tasks(self, dag_id: str, run_id: str) -> dict[str, str]:
        """State of each task of a run, by task id (the highest mapped index of each)."""
        path = f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances"
        return {task["task_id"]: str(task["state"]) for task in self._pages(path, "task_instances")}

    def announced(self, run: Run) -> set[str]:
        """The periods that an ended collection found closed and changed."""
        path = f"/dags/{run.dag_id}/dagRuns/{quote(run.run_id, safe='')}/taskInstances/deidentify"
        return set(self._call("GET", f"{path}/xcomEntries/return_value")["value"]["periods"])

    def attempts(self, dag_id: str, run_id: str, task_id: str) -> int:
        """How many times a task has been tried."""
        path = f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances/{task_id}"
        return int(self._call("GET", path)["try_number"])

    def clear(self, dag_id: str, run_id: str, *tasks: str) -> None:
        """Have tasks of a run, and what follows them, run again."""
        body = {"dag_run_id": run_id, "task_ids": list(tasks), "include_downstream": True, "dry_run": False}
        self._call("POST", f"/dags/{dag_id}/clearTaskInstances", json={**body, "only_failed": False})

    def mark(self, dag_id: str, run_id: str, task_id: str, state: str) -> None:
        """Set the state of a task by hand, as the pages allow."""
        path = f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances/{task_id}"
        self._call("PATCH", path, json={"new_state": state})

    def events(self, name: str) -> list[dict[str, Any]]:
        """Entries of the audit log called ``name``."""
        return list(self._pages("/eventLogs", "event_logs", event=name))

    def configuration(self) -> Any:
        """Airflow's configuration, if it is shown to anybody."""
        return self._call("GET", "/config")

    def log(self, dag_id: str, run_id: str, task_id: str, attempt: int = 1) -> str:
        """The text of a task's log."""
        path = f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances/{task_id}/logs/{attempt}"
        content = self._call("GET", path, params={"full_content": "true"})["content"]
        return "\n".join(_log_line(line) for line in content)

    # -- people -------------------------------------------------------------------------------------------------------

    def required_actions(self, dag_id: str = "~", *, pending: bool = True) -> list[RequiredAction]:
        """The questions that wait for a person (or all those that were answered).

        A question asked a moment ago is left out: until the scheduler has heard that its task came to rest, an answer
        makes it believe that the task was changed behind its back, and it fails the task.
        """
        found = self._pages(f"/dags/{dag_id}/dagRuns/~/hitlDetails", "hitl_details", response_received=not pending)
        return [_action(detail) for detail in found if not pending or _rests(detail)]

    def respond(self, action: RequiredAction, *, approve: bool, reason: str = "") -> None:
        """Answer a question: the first option approves, the second refuses."""
        run = quote(action.run_id, safe="")
        path = f"/dags/{action.dag_id}/dagRuns/{run}/taskInstances/{action.task_id}/-1/hitlDetails"
        chosen = action.options[0] if approve else action.options[1]
        self._call("PATCH", path, json={"chosen_options": [chosen], "params_input": {"motif": reason}})

    # -- HTTP ---------------------------------------------------------------------------------------------------------

    def _if_ended(self, dag_id: str, run_id: str) -> Run | None:
        run = self.run(dag_id, run_id)
        return run if run.ended else None

    def _pages(self, path: str, key: str, **params: Any) -> Iterator[dict[str, Any]]:
        offset = 0
        while True:
            page = self._call("GET", path, params={"limit": 100, "offset": offset, **params})
            yield from page[key]
            offset += len(page[key])
            if not page[key] or offset >= page["total_entries"]:
                return

    def _call(self, method: str, path: str, **request: Any) -> Any:
        answer = self._answer(method, path, **request)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._sign_in()
            answer = self._answer(method, path, **request)
        if answer.is_error:
            raise AirflowError(f"Airflow refuse {method} {path} ({answer.status_code}) : {_detail(answer)}")
        return answer.json() if answer.content else None

    def _answer(self, method: str, path: str, **request: Any) -> httpx.Response:
        deadline = time.monotonic() + (self._patience if method == "GET" else 0.0)
        while True:
            try:
                answer = self._http.request(method, f"/api/v2{path}", **request)
                if not answer.is_server_error or time.monotonic() >= deadline:
                    return answer
            except httpx.HTTPError as error:
                if time.monotonic() >= deadline:
                    where, why = self._http.base_url, type(error).__name__
                    raise AirflowError(f"Airflow ne répond pas à {where} ({why}) : voyez « ardoise status »") from None
            time.sleep(1)

    def _sign_in(self) -> None:
        credentials = {"username": self._login, "password": self._password.get_secret_value()}
        try:
            answer = self._http.post("/auth/token", json=credentials)
        except httpx.HTTPError:
            raise AirflowError("Airflow ne répond pas : lancez « ardoise up »") from None
        if answer.is_error:
            raise AirflowError(f"Airflow ne reconnaît pas l'identifiant « {self._login} » ({answer.status_code})")
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def until(probe: Callable[[], _Found | None], what: str, patience: float, pause: float = 1.0) -> _Found:
    """Return the first answer of ``probe`` that is not empty; AirflowError after ``patience`` seconds."""
    deadline = time.monotonic() + patience
    while not (found := probe()):
        if time.monotonic() > deadline:
            raise AirflowError(f"{what} : rien après {patience:.0f} secondes")
        time.sleep(pause)
    return found


def _run(value: dict[str, Any]) -> Run:
    return Run(
        dag_id=value["dag_id"],
        run_id=value["dag_run_id"],
        state=value["state"],
        period=value.get("partition_key"),
        triggered_by=value.get("triggering_user_name"),
        seconds=value.get("duration"),
        queued_at=datetime.fromisoformat(value["queued_at"]) if value.get("queued_at") else None,
    )


def _rests(value: dict[str, Any]) -> bool:
    task = value["task_instance"]
    # A question asked again keeps the moment of the first time; its task's start does not.
    asked = max(datetime.fromisoformat(moment) for moment in (value["created_at"], task.get("start_date")) if moment)
    return bool(task["state"] == "awaiting_input" and datetime.now(UTC) - asked > SETTLING)


def _action(value: dict[str, Any]) -> RequiredAction:
    task = value["task_instance"]
    return RequiredAction(
        dag_id=task["dag_id"],
        run_id=task["dag_run_id"],
        task_id=task["task_id"],
        subject=value["subject"],
        body=value["body"] or "",
        options=tuple(value["options"]),
        answered_by=(value.get("responded_by_user") or {}).get("name"),
    )


def _log_line(line: Any) -> str:
    if not isinstance(line, dict):
        return str(line)
    error = " ".join(f"{detail['exc_type']}: {detail['exc_value']}" for detail in line.get("error_detail") or ())
    return " ".join(part for part in (str(line.get("level", "")), str(line.get("event", "")), error) if part)


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("detail", ""))[:300]
    except ValueError:
        return answer.reason_phrase
