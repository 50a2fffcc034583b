"""What killed test runs leave is erased by the next one, whose processes all begin with it at once."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stack.context import build_context
from tests.stack_fixtures import PREFIX, sweep


@pytest.fixture
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that a run left whose process is no more."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    home = tmp_path / f"{PREFIX}{gone.pid}-abc"
    home.mkdir()
    build_context(home, preferred_ports=False)
    return home


def test_several_processes_of_a_run_sweep_at_once(left: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(sweep) for _ in range(4)]:
            done.result(60)
    assert not left.exists()


def test_a_folder_where_a_command_is_still_at_work_is_left_to_the_next_sweep(left: Path) -> None:
    run = build_context(left, preferred_ports=False).paths.run
    with (run / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sweep()
        assert left.exists()
    sweep()
    assert not left.exists()


def test_what_is_no_stack_is_erased_too(left: Path, tmp_path: Path) -> None:
    broken = tmp_path / f"{left.name}-broken"
    broken.mkdir()
    (broken / "ports.toml").write_text("not = [toml")
    sweep()
    assert not list(tmp_path.glob(f"{PREFIX}*"))
