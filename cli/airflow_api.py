"""Airflow's public REST API (v2), as far as the commands need it, spoken to as the person « steward »."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from cli.errors import AirflowRefusedError, NotRunningError
from settings import Settings

TIMEOUT_SECONDS = 60.0
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class DagRun:
    """One run of a DAG."""

    dag_id: str
    run_id: str
    state: str  # queued, running, success, failed
    partition: str | None
    queued_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskState:
    """One task of a run."""

    task_id: str
    state: str | None


class AirflowApi:
    """A signed-in client. Use as a context manager."""

    def __init__(self, settings: Settings, login: str = "steward") -> None:
        self._login = login
        self._password = settings.secret(f"login-{login}")
        self._client = httpx.Client(base_url=settings.airflow_url, timeout=TIMEOUT_SECONDS, trust_env=False)

    def __enter__(self) -> AirflowApi:
        try:
            body = {"username": self._login, "password": self._password.get_secret_value()}
            answer = self._client.post("/auth/token", json=body)
        except httpx.HTTPError:
            raise NotRunningError("Airflow ne répond pas : lancez « ardoise up »") from None
        if answer.is_error:
            raise AirflowRefusedError(f"Airflow refuse l'entrée à « {self._login} » ({answer.status_code})")
        self._client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def dag_ids(self) -> set[str]:
        """Return the ids of the DAGs that Airflow has read."""
        return {dag["dag_id"] for dag in self._call("GET", "/dags", params={"limit": "200"})["dags"]}

    def import_errors(self) -> list[str]:
        """Return what Airflow could not read, one line an error."""
        return [error["stack_trace"].strip() for error in self._call("GET", "/importErrors")["import_errors"]]

    def set_paused(self, dag_id: str, *, paused: bool) -> None:
        """Pause a DAG, or let its schedule run it."""
        self._call("PATCH", f"/dags/{dag_id}", json={"is_paused": paused})

    def is_paused(self, dag_id: str) -> bool:
        """Tell whether a DAG is paused."""
        return bool(self._call("GET", f"/dags/{dag_id}")["is_paused"])

    def trigger(self, dag_id: str, conf: Mapping[str, Any]) -> DagRun:
        """Ask for a run now."""
        body = {"logical_date": None, "conf": dict(conf)}
        return _run(self._call("POST", f"/dags/{dag_id}/dagRuns", json=body))

    def run(self, dag_id: str, run_id: str) -> DagRun:
        """Return one run."""
        return _run(self._call("GET", f"/dags/{dag_id}/dagRuns/{run_id}"))

    def runs(self, dag_id: str, limit: int = 100) -> list[DagRun]:
        """Return the latest runs of a DAG, latest first."""
        params = {"limit": str(limit), "order_by": "-run_after"}
        return [_run(entry) for entry in self._call("GET", f"/dags/{dag_id}/dagRuns", params=params)["dag_runs"]]

    def tasks(self, run: DagRun) -> list[TaskState]:
        """Return the tasks of a run."""
        entries = self._call("GET", f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances")["task_instances"]
        return [TaskState(entry["task_id"], entry["state"]) for entry in entries]

    def announced(self, run: DagRun) -> set[str]:
        """Return the periods that a finished collection announced for release."""
        path = f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/deidentify/xcomEntries/return_value"
        value = self._call("GET", path)["value"]
        return set((json.loads(value) if isinstance(value, str) else value)["periods"])

    def _call(self, method: str, path: str, **arguments: Any) -> Any:
        answer = self._request(method, f"/api/v2{path}", **arguments)
        if answer.is_error:
            raise AirflowRefusedError(f"Airflow répond {answer.status_code} à {method} {path}")
        return answer.json()

    def _request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Send a request; on a busy machine a reading one is sent again for some time before giving up."""
        deadline = time.monotonic() + (PATIENCE_SECONDS if method == "GET" else 0)
        while True:
            try:
                answer = self._client.request(method, path, **arguments)
                if answer.status_code < 500 or time.monotonic() > deadline:
                    return answer
            except httpx.HTTPError:
                if time.monotonic() > deadline:
                    raise NotRunningError("Airflow ne répond plus : voyez « ardoise status »") from None
            time.sleep(1)


def _run(entry: Mapping[str, Any]) -> DagRun:
    queued = entry.get("queued_at")
    return DagRun(
        entry["dag_id"],
        entry["dag_run_id"],
        entry["state"],
        entry.get("partition_key"),
        datetime.fromisoformat(queued) if queued else None,
    )
