"""Files that an operator drops in a folder, one delivery each, oldest first.

A file is complete when its name matches the contract's pattern, which an upload in progress (`.part`, hidden) never
does, and it has rested for a second. Links are not followed: a drop folder may be writable by others, and must not
become a way to read what the hub can read. The cursor holds names, sizes and times of the files already landed; the
same content under a new name lands on the same delivery and is recognised there.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath

from policies.contract import Contract
from sources.errors import SourceUnavailableError
from sources.options import DropOptions, read_options
from sources.protocol import Cursor, Delivery, PayloadPart

REST = 1.0  # seconds without a change
_UNFINISHED = (".part", ".tmp", ".filepart")


class FileDrop:
    """Watches one pattern of the drop folder."""

    def __init__(self, contract: Contract, folder: Path) -> None:
        self._pattern = read_options(contract, DropOptions).pattern
        self._contract = contract
        self._folder = folder

    def fetch(self, cursor: Cursor | None, now: datetime) -> Iterator[Delivery]:
        """Yield a delivery for each complete file not seen yet. See :class:`sources.protocol.Connector`."""
        if not self._folder.is_dir():
            raise SourceUnavailableError(f"{self._contract.id}: the drop folder {self._folder} is not there")
        complete = self._complete(now)
        present = {name for name, _, _ in complete}
        seen: dict[str, list[int]] = {
            name: known for name, known in (cursor or {}).get("files", {}).items() if name in present
        }
        for name, path, known in sorted(complete, key=lambda found: (found[2][1], found[0])):
            if seen.get(name) == known:
                continue
            seen = {**seen, name: known}
            delivery = Delivery(source=name, fetched_at=now, parts=iter(()))
            delivery.parts = self._parts(name, path, known, {"files": seen}, delivery)
            yield delivery

    def _complete(self, now: datetime) -> list[tuple[str, Path, list[int]]]:
        found = []
        for path in self._folder.glob(self._pattern):
            try:
                status = path.lstat()
            except FileNotFoundError:  # taken away between the listing and now
                continue
            hidden = path.name.startswith(".") or path.name.endswith(_UNFINISHED)
            if not stat.S_ISREG(status.st_mode) or hidden or now.timestamp() - status.st_mtime < REST:
                continue
            found.append((path.relative_to(self._folder).as_posix(), path, [status.st_size, status.st_mtime_ns]))
        return found

    def _parts(
        self, name: str, path: Path, known: list[int], cursor: Cursor, delivery: Delivery
    ) -> Iterator[PayloadPart]:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError as error:
            raise SourceUnavailableError(
                f"{self._contract.id}: a dropped file can not be read ({error.strerror})"
            ) from None
        with os.fdopen(descriptor, "rb") as stream:
            yield PayloadPart(PurePosixPath(name).name, stream)
            status = os.fstat(stream.fileno())
            if [status.st_size, status.st_mtime_ns] != known:
                raise SourceUnavailableError(
                    f"{self._contract.id}: a dropped file changed while it was read; run again"
                )
        delivery.next_cursor = cursor
