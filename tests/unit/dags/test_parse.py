"""The DAG file as Airflow's processor reads it: in a new process, by what that computes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from settings.model import SHIPPED_TERRITORY

PARSE = """
import json, sys, time
from airflow.dag_processing.dagbag import DagBag
from airflow.providers.standard.operators import hitl, python
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization

before = time.process_time()
bag = DagBag(dag_folder=sys.argv[1])
computed = time.process_time() - before
print(json.dumps({
    "errors": dict(bag.import_errors),
    "files": [stat.file for stat in bag.dagbag_stats],
    "seconds": computed,
    "dags": {dag_id: [sorted(dag.task_ids), dag.doc_md] for dag_id, dag in bag.dags.items()},
    "serialized": {dag_id: len(json.dumps(DagSerialization.to_dict(dag))) for dag_id, dag in bag.dags.items()},
    "heavy": sorted({"polars", "pyarrow", "spacy", "presidio_analyzer", "pipeline", "minio"} & set(sys.modules)),
}))
"""


def parse(house: Path, home: Path, territory: Path) -> dict[str, Any]:
    env = os.environ | {
        "ARDOISE_HOME": str(home),
        "ARDOISE_TERRITORY": str(territory),
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "PYTHONPATH": str(house),
    }
    command = [sys.executable, "-c", PARSE, str(house / "dags")]
    done = subprocess.run(command, env=env, cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def broken_territory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three datasets of the shipped territory, one of them with a contract that does not load."""
    folder = tmp_path_factory.mktemp("territory") / "angers"
    shutil.copytree(SHIPPED_TERRITORY, folder)
    for contract in (folder / "contracts").iterdir():
        if not contract.name.startswith(("parking.", "citizen-reports.", "water-meters.")):
            contract.unlink()
    weak = folder / "contracts" / "citizen-reports.odcs.yaml"
    text = weak.read_text(encoding="utf-8")
    assert "id: citizen-reports" in text
    weak.write_text(text.replace("id: citizen-reports", "id: Citizen Reports", 1), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def parsed(house: Path, broken_territory: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return parse(house, tmp_path_factory.mktemp("home"), broken_territory)


def test_reading_contracts_computes_for_less_than_two_seconds(parsed: dict[str, Any]) -> None:
    assert parsed["errors"] == {}
    assert [Path(file).name for file in parsed["files"]] == ["ardoise.py"]
    assert 0 < parsed["seconds"] < 2


def test_nothing_heavy_is_imported(parsed: dict[str, Any]) -> None:
    assert parsed["heavy"] == []


def test_a_refused_contract_says_why_and_takes_no_other_with_it(parsed: dict[str, Any]) -> None:
    assert set(parsed["dags"]) == {
        "parking",
        "parking__release",
        "water-meters",
        "water-meters__release",
        "citizen-reports",
        "digital-twin",
        "rotate_keys",
        "feeds_watch",
        "open_retention",
    }
    tasks, page = parsed["dags"]["citizen-reports"]
    assert tasks == ["contract"]
    assert "citizen-reports.odcs.yaml, ligne 3" in page
    assert "minuscules-avec-tirets" in page


def test_every_dag_can_be_stored(parsed: dict[str, Any]) -> None:
    assert set(parsed["serialized"]) == set(parsed["dags"])
    assert max(parsed["serialized"].values()) < 50_000
