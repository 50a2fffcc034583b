"""The wheel installs the rooms, all of them and nothing else."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

from stack.context import ROOT

BUILD = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
ROOMS = BUILD["targets"]["wheel"]["packages"]


def test_the_rooms_are_importable_from_the_wheel_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "site")
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == set(ROOMS)
    assert not [name for name in names if name.startswith("catalog/ckanext") or "__pycache__" in name]
    code = (
        "import sys, importlib.util as u; "
        f"sys.exit(', '.join(n for n in {ROOMS!r} if not u.find_spec(n).origin.startswith({str(tmp_path)!r})) or None)"
    )
    env = {"PYTHONPATH": str(tmp_path / "site"), "PATH": "/usr/bin:/bin"}
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    check = "from policies import load_territory; from settings.model import SHIPPED_TERRITORY as t; load_territory(t)"
    result = subprocess.run([sys.executable, "-c", check], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
