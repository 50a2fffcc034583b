"""Where the embedded stack keeps its files.

Started by an ordinary user, everything lies in the state folder. Started as root, PostgreSQL and custody run as users
of their own, who can not reach a state folder under a mode-700 home: their files, and a copy of PostgreSQL's binaries,
then lie in ``/var/lib/ardoise/<hash of the state folder>``.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

SYSTEM_FOLDER = Path("/var/lib/ardoise")


@dataclass(frozen=True, slots=True)
class StackPaths:
    """The folders of one stack."""

    home: Path  # the state folder
    outside: Path  # what other operating-system users must reach; equals ``home`` for an ordinary user

    @classmethod
    def of(cls, home: Path, *, root: bool | None = None) -> StackPaths:
        """Return the folders of the stack kept in ``home``; ``root`` says whether it is started as root."""
        home = home.resolve()
        if os.geteuid() == 0 if root is None else root:
            return cls(home, SYSTEM_FOLDER / hashlib.sha256(str(home).encode()).hexdigest()[:16])
        return cls(home, home)

    @property
    def logs(self) -> Path:
        """One log file a service."""
        return self.home / "logs"

    @property
    def run(self) -> Path:
        """Supervisor's socket and files, launch descriptions (mode 700)."""
        return self.home / "run"

    @property
    def scratch(self) -> Path:
        """Temporary files of the processes, emptied at each start."""
        return self.home / "tmp"

    @property
    def objects(self) -> Path:
        """The object store's volumes, filer database and configuration."""
        return self.home / "objects"

    @property
    def hub_postgres(self) -> Path:
        """Data folder of the hub's PostgreSQL cluster."""
        return self.outside / "hub" / "postgres"

    @property
    def custody(self) -> Path:
        """Custody's own folder (mode 700, its user's): settings, master key, database password, cluster."""
        return self.outside / "custody"

    @property
    def custody_postgres(self) -> Path:
        """Data folder of custody's PostgreSQL cluster."""
        return self.custody / "postgres"

    @property
    def drop(self) -> Path:
        """Where operators' files arrive."""
        return self.home / "drop"

    def of_service(self, name: str) -> Path:
        """Return the folder of service ``name`` (``ckan``, ``airflow``, ``valkey``…)."""
        return self.home / name
