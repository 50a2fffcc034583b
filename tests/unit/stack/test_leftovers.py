from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from stack import leftovers
from stack.paths import StackPaths
from stack.service import STACK_MARK

SLEEP = [sys.executable, "-c", "import time; print('on', flush=True); time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('on', flush=True); time.sleep(60)",
]


def start(command: list[str], home: Path | None) -> subprocess.Popen[bytes]:
    env = {} if home is None else {STACK_MARK: str(home)}
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_only_the_processes_of_this_stack_are_ended(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(leftovers, "PATIENCE_SECONDS", 1.0)
    paths = StackPaths.of(tmp_path / "a", root=False)
    ours, deaf = start(SLEEP, paths.home), start(DEAF, paths.home)
    others = [start(SLEEP, None), start(SLEEP, tmp_path / "ab")]
    try:
        assert set(leftovers.find(paths)) == {ours.pid, deaf.pid}
        # A dead child of this process stays as a zombie without an environment: nothing is left to be found.
        assert leftovers.end(paths) == 2
        assert ours.wait(5) == -signal.SIGTERM
        assert deaf.wait(5) == -signal.SIGKILL
        assert [process.poll() for process in others] == [None, None]
    finally:
        for process in (ours, deaf, *others):
            process.kill()
            process.communicate()
