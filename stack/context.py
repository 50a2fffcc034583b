"""Build what the services are told: ports, secrets and settings of one state folder, made at first start and kept."""

from __future__ import annotations

import json
import os
import random
import sys
import tomllib
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from settings import load_settings
from stack.paths import StackPaths
from stack.ports import Ports, load_or_choose
from stack.secrets import Secrets, generate
from stack.service import OperatorOptions, StackContext

ADDRESSED = ("custody", "console", "ckan", "airflow", "operators", "inbox")
ROOT = Path(__file__).resolve().parent.parent


def build_context(
    home: Path,
    *,
    territory: Path | None = None,
    operators: OperatorOptions | None = None,
    preferred_ports: bool = True,
    rng: random.Random | None = None,
) -> StackContext:
    """Return the context of the stack kept in ``home``, making folder, ports, secrets and ``ardoise.toml`` as needed.

    Args:
        home: the state folder.
        territory: folder of contracts and strategy; by default the one in the settings.
        operators: size and seed of the simulated operators.
        preferred_ports: take the well-known port numbers where they are free; tests do not.
        rng: source of the other port numbers.
    """
    home = home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    paths = StackPaths.of(home)
    ports = load_or_choose(home / "ports.toml", rng or random.SystemRandom(), preferred=preferred_ports)
    secrets = Secrets(home / "secrets")
    generate(secrets)
    _write_settings(home, ports, paths, territory)
    for folder in (paths.logs, paths.run, paths.scratch, paths.drop):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = load_settings(home)
    return StackContext(
        home=home,
        paths=paths,
        ports=ports,
        secrets=secrets,
        settings=settings,
        python=Path(sys.executable),
        ckan_python=ckan_python(),
        root=ROOT,
        territory=settings.territory.resolve(),
        operators=_kept_options(home / "operators.json", operators),
    )


def _write_settings(home: Path, ports: Ports, paths: StackPaths, territory: Path | None) -> None:
    """Write the addresses into ``ardoise.toml``; whatever else an adopter wrote there stays."""
    file = home / "ardoise.toml"
    values: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    s3 = {**values.pop("s3", {}), "endpoint": f"http://127.0.0.1:{ports['s3']}"}
    values |= {f"{name}_url": f"http://127.0.0.1:{ports[name]}" for name in ADDRESSED}
    values["database"] = f"postgresql+psycopg://ardoise@127.0.0.1:{ports['postgres-hub']}/ardoise"
    values["drop_folder"] = str(paths.drop)
    if territory is not None:
        values["territory"] = str(territory.resolve())
    text = "# Adresses écrites par « ardoise up » ; les autres réglages sont les vôtres.\n"
    text += "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
    text += "\n[s3]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in s3.items())
    partial = file.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(file)


def _kept_options(file: Path, given: OperatorOptions | None) -> OperatorOptions:
    """Keep the operators' options once given: a later start without any must not change the feeds."""
    if given is not None:
        file.write_text(json.dumps(asdict(given), default=str), encoding="utf-8")
        return given
    if not file.exists():
        return OperatorOptions()
    kept = json.loads(file.read_text(encoding="utf-8"))
    kept["today"] = date.fromisoformat(kept["today"]) if kept["today"] else None
    kept["canaries"] = Path(kept["canaries"]) if kept["canaries"] else None
    kept["defects"] = tuple((name, value) for name, value in kept["defects"])
    return OperatorOptions(**kept)


def ckan_python() -> Path:
    """Return the interpreter of CKAN's environment: ``ARDOISE_CKAN_PYTHON``, else ``.venv-ckan`` beside ours."""
    if told := os.environ.get("ARDOISE_CKAN_PYTHON"):
        return Path(told)
    return Path(sys.prefix).parent / ".venv-ckan" / "bin" / "python"
