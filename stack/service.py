"""What a service of the embedded stack is, and what its module is told.

Each service lives in a module ``stack/services/<name>.py`` with

* ``services(context) -> list[Service]``: pure; describes processes from the context alone;
* ``prepare(context) -> None``: before its processes start, and after every service of a lower order is healthy: makes
  folders, writes configuration, migrates databases. Called at each start, hence idempotent and quick when nothing is
  to be done;
* ``settle(context) -> None`` (optional): once its processes are healthy: what needs the service itself (roles,
  buckets, organizations, tokens). Idempotent too;
* ``clear(context) -> None`` (optional): once everything has stopped: removes what it left outside the state folder.

``stack/services/__init__.py`` lists the modules by order. Modules of the same order are prepared side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from settings import Settings
from stack.paths import StackPaths
from stack.ports import Ports
from stack.secrets import Secrets

STACK_MARK = "ARDOISE_STACK"  # set in every process of a stack to its state folder: how leftovers are recognized


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """How to see that a service is ready, by one of ``url`` (any 2xx), ``port`` (accepts) or ``command`` (exit 0)."""

    url: str | None = None
    port: int | None = None
    command: tuple[str, ...] | None = None
    contains: str = ""  # text the URL's answer must contain, when a 2xx is not enough
    patience_seconds: float = 120.0  # from start to healthy


@dataclass(frozen=True, slots=True)
class Service:
    """One supervised process: it stays in the foreground, logs to standard output, and is restarted if it dies."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str]  # the whole environment: nothing is inherited (see StackContext.environment)
    cwd: Path
    log: Path
    user: str | None = None  # operating-system user, only when the stack runs as root
    ports: tuple[int, ...] = ()
    health: HealthCheck | None = None
    stop_signal: str = "TERM"
    stop_seconds: int = 10  # then KILL, to its whole process group


@dataclass(frozen=True, slots=True)
class OperatorOptions:
    """Size, seed and defects of the simulated operators (see ``python -m stack.operators --help``)."""

    rows: int | None = None  # water readings a month, the rest in proportion; None: each feed's natural size
    seed: int = 49007
    today: date | None = None  # the day they live; None: the real one
    households: int | None = None
    reports: int | None = None  # a month
    canaries: Path | None = None
    defects: tuple[tuple[str, str], ...] = ()
    every: bool = False  # all the feeds, not only those that the territory's demo.yaml lists
    scale: float | None = None  # of the feeds that rows, households and reports do not size


@dataclass(frozen=True, slots=True)
class StackContext:
    """Everything a service's module is told. ``settings`` is what hub processes will read from the state folder."""

    home: Path
    paths: StackPaths
    ports: Ports
    secrets: Secrets
    settings: Settings
    python: Path  # interpreter of the hub's environment
    ckan_python: Path  # interpreter of CKAN's environment
    root: Path  # folder that holds the rooms: a checkout, or site-packages
    territory: Path
    operators: OperatorOptions = field(default_factory=OperatorOptions)

    def environment(self, **extra: str) -> dict[str, str]:
        """Return the base environment of a hub process, with ``extra`` over it."""
        env = self.bare_environment(
            ARDOISE_HOME=str(self.home), ARDOISE_TERRITORY=str(self.territory), PYTHONPATH=str(self.root)
        )
        return env | extra

    def bare_environment(self, **extra: str) -> dict[str, str]:
        """Return the environment of a process that does not know the rooms (a server, CKAN), with ``extra`` over it."""
        env = {
            "PATH": f"{self.python.parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(self.paths.scratch),
            "TMPDIR": str(self.paths.scratch),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONUNBUFFERED": "1",
            "SPT_NOENV": "1",  # setproctitle would write over the environment that leftovers are recognized by
            STACK_MARK: str(self.home),
        }
        return env | extra

    def log_file(self, service: str) -> Path:
        """Return where ``service`` writes its log."""
        return self.paths.logs / f"{service}.log"
