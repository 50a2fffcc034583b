"""A real Airflow over a real PostgreSQL, on a house whose journey is a twin (see ``twin/entry.py``).

The house's tasks are tried again after two seconds where the real ones wait twenty: nothing else of the DAGs differs.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from stack.airflow_client import AirflowClient, until
from stack.embedded import Stack
from stack.service import StackContext
from stack.services.airflow import services
from stack.supervision import Supervisor
from tests.stack_fixtures import PostgresServer

TWIN = Path(__file__).parent / "twin" / "entry.py"
DELAY, SHORT = '"retry_delay": timedelta(seconds=10),', '"retry_delay": timedelta(seconds=1),'


@dataclass(frozen=True, slots=True)
class Airflow:
    """The running Airflow, and what the twin was asked."""

    context: StackContext
    sign_in: Callable[[str], AirflowClient]

    @property
    def twin(self) -> Path:
        """Folder of the twin's switches and of its record."""
        folder = self.context.home / "twin"
        folder.mkdir(exist_ok=True)
        return folder

    def asked(self, **wanted: Any) -> list[dict[str, Any]]:
        """What the twin was asked, oldest first, that has these values."""
        record = self.twin / "calls.jsonl"
        lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
        calls = [json.loads(line) for line in lines]
        return [call for call in calls if wanted.items() <= call.items()]


@pytest.fixture(scope="package")
def airflow(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """Return Airflow, running, with its DAGs read and collections switched off; it ends with this folder's tests."""
    context = replace(postgres.context, root=_house(tmp_path_factory.mktemp("house"), postgres.context.root))
    Stack(context, only=("postgres", "airflow")).up(die_with_parent=True)
    with ExitStack() as clients:

        def sign_in(login: str) -> AirflowClient:
            password = context.secrets.get(f"login-{login}")
            return clients.enter_context(AirflowClient(context.settings.airflow_url, login, password))

        reader = sign_in("steward")
        until(lambda: "parking" in reader.dags(), "the DAGs", 300.0)  # healthy does not say that they are read
        yield Airflow(context, sign_in)
    Supervisor(context.paths).halt([process.name for process in services(context)])


@pytest.fixture
def steward(airflow: Airflow) -> AirflowClient:
    return airflow.sign_in("steward")


def _house(folder: Path, real: Path) -> Path:
    """Lay out the rooms as links, but for the journey's entry points."""
    for room in ("settings", "policies", "storage", "sources", "catalog", "consent", "anonymization"):
        (folder / room).symlink_to(real / room)
    for room, changed in (("pipeline", "entry.py"), ("dags", "ardoise.py")):
        (folder / room).mkdir()
        for file in (real / room).iterdir():
            if file.name not in (changed, "__pycache__"):
                (folder / room / file.name).symlink_to(file)
    shutil.copy(TWIN, folder / "pipeline" / "entry.py")
    dags = (real / "dags" / "ardoise.py").read_text(encoding="utf-8")
    assert dags.count(DELAY) == 1
    (folder / "dags" / "ardoise.py").write_text(dags.replace(DELAY, SHORT), encoding="utf-8")
    return folder
