"""Files that an operator drops in a local folder (see :mod:`sources.connectors.drops`).

A file has rested for a second before it is looked at. Links are not followed: a drop folder may be writable by others,
and must not become a way to read what the hub can read.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

from policies.contract import Contract
from sources.connectors.drops import DONE, Dropped, Drops, FileRefusedError
from sources.connectors.options import DropOptions
from sources.errors import SourceUnavailableError
from sources.limits import place
from sources.options import read_options
from sources.protocol import Cursor, Delivery

REST = 1.0  # seconds without a change


class FileDrop:
    """Watches one pattern of the drop folder."""

    def __init__(self, contract: Contract, folder: Path, sleep: Callable[[float], None] = time.sleep) -> None:
        options = read_options(contract, DropOptions)
        self._contract = contract
        self._folder = folder
        self._pattern = options.pattern
        self._drops = Drops(contract, options.pattern, options, self, sleep)

    @property
    def problems(self) -> list[str]:
        """Files that could not be taken."""
        return self._drops.problems

    def fetch(self, cursor: Cursor | None, now: datetime) -> Iterator[Delivery]:
        """Yield a delivery for each complete file not seen yet. See :class:`sources.protocol.Connector`."""
        return self._drops.deliveries(cursor, now)

    def look(self, now: datetime) -> list[Dropped]:
        """See :class:`~sources.connectors.drops.Place`."""
        if not self._folder.is_dir():
            where = place(self._contract, f"dossier {self._folder}")
            raise SourceUnavailableError(f"{where} : ce dossier de dépôt n'existe pas")
        found = []
        for pattern in (self._pattern, self._pattern + DONE):
            for path in self._folder.glob(pattern):
                file = self._file(path)
                if file is not None and (pattern.endswith(DONE) or now.timestamp() - file.modified >= REST):
                    found.append(file)
        return found

    def read(self, file: Dropped) -> IO[bytes]:
        """See :class:`~sources.connectors.drops.Place`."""
        try:
            descriptor = os.open(self._folder / file.name, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise FileRefusedError(f"illisible ({error.strerror})") from None
        return os.fdopen(descriptor, "rb")

    def now_there(self, file: Dropped) -> Dropped | None:
        """See :class:`~sources.connectors.drops.Place`."""
        return self._file(self._folder / file.name)

    def remove(self, name: str) -> None:
        """See :class:`~sources.connectors.drops.Place`."""
        try:
            (self._folder / name).unlink(missing_ok=True)
        except OSError as error:
            where = place(self._contract, f"dossier {self._folder}")
            raise SourceUnavailableError(f"{where} : un fichier ne s'efface pas ({error.strerror})") from None

    def _file(self, path: Path) -> Dropped | None:
        try:
            status = path.lstat()
        except OSError:  # taken away between the listing and now
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        name = path.relative_to(self._folder).as_posix()
        return Dropped(name, status.st_size, status.st_mtime_ns, status.st_mtime_ns / 1e9)
