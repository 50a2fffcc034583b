"""Every benchmark runs to its end and prints its ratio. The figures are for people to read: nothing is timed here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
NAMES = sorted(file.stem for file in FOLDER.glob("*.py") if file.stem != "__init__")


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", NAMES)
def test_it_prints_a_ratio(name: str):
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    ran = subprocess.run(command, cwd=FOLDER.parent, capture_output=True, text=True, timeout=1700)
    print(ran.stdout)
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert any(character.isdigit() for character in ran.stdout)
