"""A real Airflow over a real PostgreSQL, on a house whose journey is a twin (see ``twin/entry.py``)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from stack.airflow_client import AirflowClient
from stack.embedded import Stack
from stack.service import StackContext
from tests.stack_fixtures import PostgresServer

TWIN = Path(__file__).parent / "twin" / "entry.py"


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


@pytest.fixture(scope="session")
def airflow(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """Return Airflow, running, with three contracts read and their collections switched off."""
    context = replace(postgres.context, root=_house(tmp_path_factory.mktemp("house"), postgres.context.root))
    Stack(context, only=("postgres", "airflow")).up(die_with_parent=True)
    with ExitStack() as clients:

        def sign_in(login: str) -> AirflowClient:
            password = context.secrets.get(f"login-{login}")
            return clients.enter_context(AirflowClient(context.settings.airflow_url, login, password))

        yield Airflow(context, sign_in)


@pytest.fixture
def steward(airflow: Airflow) -> AirflowClient:
    return airflow.sign_in("steward")


def _house(folder: Path, real: Path) -> Path:
    """Lay out the rooms as links, but for the journey's entry points."""
    for room in ("dags", "settings", "policies", "storage", "sources", "catalog", "consent", "anonymization"):
        (folder / room).symlink_to(real / room)
    (folder / "pipeline").mkdir()
    for file in (real / "pipeline").iterdir():
        if file.name not in ("entry.py", "__pycache__"):
            (folder / "pipeline" / file.name).symlink_to(file)
    shutil.copy(TWIN, folder / "pipeline" / "entry.py")
    return folder
