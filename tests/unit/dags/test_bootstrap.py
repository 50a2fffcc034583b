"""What is done before Airflow starts, as far as it needs no Airflow."""

from __future__ import annotations

import os
from pathlib import Path

from dags.bootstrap import prune_logs

NOW = 1_700_000_000.0


def write(file: Path, age: float) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("{}", encoding="utf-8")
    os.utime(file, (NOW - age, NOW - age))
    return file


def test_logs_are_kept_as_long_as_one_of_their_run_is_recent(tmp_path: Path) -> None:
    runs = tmp_path / "dag_id=parking"
    old = write(runs / "run_id=a" / "task_id=ingest" / "attempt=1.log", 100)
    mixed = write(runs / "run_id=b" / "task_id=ingest" / "attempt=1.log", 100)
    recent = write(runs / "run_id=b" / "task_id=publish" / "attempt=1.log", 10)
    readings = write(tmp_path / "dag_processor" / "2023-11-14" / "dags-folder" / "ardoise.py.log", 100)
    other = write(tmp_path / "elsewhere" / "kept.log", 100)
    assert prune_logs(tmp_path, NOW - 50) == 2
    assert [file.exists() for file in (old, mixed, recent, readings, other)] == [False, True, True, False, True]
