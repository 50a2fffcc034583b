"""Files that appear somewhere (a folder, an SFTP account, a bucket), one delivery each, oldest first, each once.

When a file is complete is the contract's to say, as no protocol tells:

* ``rename``: it is written under another name (hidden, `.part`, `.tmp`, `.filepart`) and renamed;
* ``done``: an empty companion, the same name and `.done`, follows it;
* ``stable``: two looks, `rest` apart, found it the same.

Whatever the convention, a file that is no longer the one that was listed once its last byte was read is not taken. The
cursor holds name, size and mark of the files that landed and are still there. A file is deleted only if the contract
says so, after the journal has its delivery, and only while it is still the one that landed.

A file that can not be taken (too large, refused) is a problem that is told; it holds up no other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import IO, Protocol

from policies.contract import Contract
from sources.connectors.options import DroppedOptions
from sources.errors import SourceUnavailableError
from sources.limits import described, place
from sources.protocol import Cursor, Delivery, PayloadPart

DONE = ".done"
_UNFINISHED = (".part", ".tmp", ".filepart")


@dataclass(frozen=True, slots=True)
class Dropped:
    """A file as it was listed. `mark` changes whenever its content does."""

    name: str
    size: int  # bytes
    mark: int | str
    modified: float  # seconds since the epoch

    @property
    def known(self) -> list[int | str]:
        """How the cursor recognises it."""
        return [self.size, self.mark]


class Place(Protocol):
    """Where files appear. Each method raises SourceUnavailableError if the place can not be reached."""

    def look(self, now: datetime) -> list[Dropped]:
        """Every plain file whose name matches the pattern, or would with its companion's ending taken off."""
        ...

    def read(self, file: Dropped) -> IO[bytes]:
        """The file's bytes. To be closed. Raises FileNotFoundError or FileRefusedError about this file alone."""
        ...

    def now_there(self, file: Dropped) -> Dropped | None:
        """What stands under the file's name now."""
        ...

    def remove(self, name: str) -> None:
        """Delete a file; one that is gone already is passed over."""
        ...


class Drops:
    """One place, watched for one contract."""

    def __init__(
        self,
        contract: Contract,
        pattern: str,
        options: DroppedOptions,
        where: Place,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._contract = contract
        self._pattern = pattern
        self._options = options
        self._place = where
        self._sleep = sleep
        self.problems: list[str] = []

    def deliveries(self, cursor: Cursor | None, now: datetime) -> Iterator[Delivery]:
        """Yield a delivery for each complete file that did not land yet."""
        there = self._place.look(now)
        listed = {file.name: file for file in there}
        seen: dict[str, list[int | str]] = {
            name: known for name, known in (cursor or {}).get("files", {}).items() if name in listed
        }
        for file in there:
            if seen.get(file.name) == file.known:
                self._dispose(file)  # of a file that landed before a visit was cut short
        fresh = [file for file in self._complete(listed) if seen.get(file.name) != file.known]
        for rank, file in enumerate(self._steady(fresh, now), start=1):
            label = described(rank, self._pattern, file.size, datetime.fromtimestamp(file.modified, UTC))
            if file.size > self._options.maximum_bytes:
                self.problems.append(
                    f"{place(self._contract, label)} : plus de {self._options.maximum_bytes} octets, laissé sur place"
                )
                continue
            opened = self._opened(file, label)
            if opened is None:
                continue
            seen = {**seen, file.name: file.known}
            delivery = Delivery(source=file.name, fetched_at=now, parts=iter(()))
            delivery.parts = self._parts(file, opened, label, {"files": seen}, delivery)
            yield delivery
            if delivery.next_cursor:  # it was read whole, and the journal has it by now
                self._dispose(file)

    def _complete(self, listed: dict[str, Dropped]) -> list[Dropped]:
        """The files that may be taken, oldest first."""
        done = self._options.complete == "done"
        found = []
        for file in listed.values():
            name = PurePosixPath(file.name).name
            if name.startswith(".") or name.endswith((*_UNFINISHED, DONE)):
                continue
            if not done or file.name + DONE in listed:
                found.append(file)
        return sorted(found, key=lambda file: (file.modified, file.name))

    def _steady(self, fresh: list[Dropped], now: datetime) -> list[Dropped]:
        """Those that two looks found the same."""
        if self._options.complete != "stable" or not fresh:
            return fresh
        self._sleep(self._options.rest.total_seconds())
        again = {file.name: file for file in self._place.look(now)}
        return [file for file in fresh if file.name in again and again[file.name].known == file.known]

    def _opened(self, file: Dropped, label: str) -> IO[bytes] | None:
        try:
            return self._place.read(file)
        except FileNotFoundError:  # taken away between the listing and now
            return None
        except FileRefusedError as error:
            self.problems.append(f"{place(self._contract, label)} : {error}")
            return None

    def _parts(
        self, file: Dropped, opened: IO[bytes], label: str, cursor: Cursor, delivery: Delivery
    ) -> Iterator[PayloadPart]:
        with opened:
            yield PayloadPart(PurePosixPath(file.name).name, opened)
        if not self._still(file):
            raise SourceUnavailableError(
                f"{place(self._contract, label)} : le fichier a changé pendant sa lecture ; relancez"
            )
        delivery.next_cursor = cursor

    def _still(self, file: Dropped) -> bool:
        there = self._place.now_there(file)
        return there is not None and there.known == file.known

    def _dispose(self, file: Dropped) -> None:
        """Delete a file that landed, and its companion, where the contract says so."""
        if self._options.afterwards == "delete" and self._still(file):
            self._place.remove(file.name)
            if self._options.complete == "done":
                self._place.remove(file.name + DONE)


class FileRefusedError(Exception):
    """One file can not be read; the others may. Its text says why, in French, without the file's name."""
