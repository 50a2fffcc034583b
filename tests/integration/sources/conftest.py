"""The simulated operators as a real process on a free port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[3]
TODAY = "2026-11-22"


@dataclass(frozen=True)
class Operators:
    url: str
    drop: Path

    def control(self, what: str, **values: Any) -> dict[str, Any]:
        answer = httpx.post(f"{self.url}/control/{what}", json=values, timeout=30)
        answer.raise_for_status()
        return dict(answer.json())


@pytest.fixture(scope="session")
def _operators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operators]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    drop = tmp_path_factory.mktemp("drop")
    command = [sys.executable, "-m", "stack.operators", "--port", str(port), "--drop", str(drop), "--seed", "5"]
    command += ["--households", "120", "--reports", "350", "--today", TODAY]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    operators = Operators(f"http://127.0.0.1:{port}", drop)
    try:
        _wait(operators, process)
        yield operators
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def operators(_operators: Operators) -> Iterator[Operators]:
    """The operators in their everyday state, which they are given back after the test."""
    yield _operators
    switches = ("parking_renamed", "parking_not_json", "reports_without_account", "reports_retyped")
    _operators.control("defects", **dict.fromkeys(switches, False))


def _wait(operators: Operators, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{operators.url}/health", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise RuntimeError("the simulated operators did not start")
