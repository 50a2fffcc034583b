"""Find and end the processes a killed stack left behind.

Every process of a stack carries its state folder in the environment variable ``ARDOISE_STACK``; PostgreSQL and Valkey,
which write over their environment, are known by program and working folder. Only such processes are ever touched, by
number.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection
from pathlib import Path

from stack.paths import StackPaths
from stack.service import STACK_MARK

PATIENCE_SECONDS = 15.0
SELF_TITLED = ("postgres", "valkey-server")


def find(paths: StackPaths, *, besides: Collection[int] = ()) -> list[int]:
    """Return the numbers of the processes that belong to the stack of ``paths``, this process and ``besides`` apart."""
    mark = f"{STACK_MARK}={paths.home}".encode()
    spared = {os.getpid(), *besides}
    return [pid for pid in _processes() if pid not in spared and (_carries(pid, mark) or _serves(pid, paths))]


def end(paths: StackPaths, *, besides: Collection[int] = ()) -> int:
    """End what :func:`find` finds: SIGINT to those that take it as a fast shutdown, SIGTERM, at last SIGKILL."""
    found = find(paths, besides=besides)
    for pid in found:
        _send(pid, signal.SIGINT if _serves(pid, paths) else signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (left := find(paths, besides=besides)) and time.monotonic() < deadline:
        time.sleep(0.1)
    while left:
        for pid in left:
            _send(pid, signal.SIGKILL)
        time.sleep(0.1)
        left = find(paths, besides=besides)
    return len(found)


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _carries(pid: int, mark: bytes) -> bool:
    try:
        return mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def _serves(pid: int, paths: StackPaths) -> bool:
    try:
        folder = Path(f"/proc/{pid}/cwd").readlink()
        program = Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return False
    return program in SELF_TITLED and any(folder.is_relative_to(base) for base in (paths.home, paths.outside))


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
