"""The log: who, which domain or key, how many, when, how it ended. Only ever added to, in the request's transaction.

Each row carries an HMAC-SHA-256, under a key of custody's own, of itself and of the row before: no row can be altered,
moved, inserted or taken out from the middle by whoever has only the database. What is cut off at the end shows against
the *witness*: the last row's number and HMAC, written to custody's folder after each commit. The witness may lag (a
kill between the two); it is never ahead.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, text

from custody.callers import Caller, Run
from custody.database.tables import requests
from custody.errors import LogError
from custody.keyring import fields

BEGIN = "log:begin"  # the first row of a chain; its count: rows of state 0001, which have no HMAC
ADMINISTRATOR = "administrator"  # whoever runs « python -m custody » on custody's machine

LAZY_SECONDS = 0.2

_NO_MAC = bytes(32)
LOG_HEAD = text("SELECT last_id, last_mac FROM log_head()")  # see migration 0002
_COVERED = tuple(column.name for column in requests.columns if column.name not in ("id", "mac"))


@dataclass(frozen=True, slots=True)
class Head:
    """The last row of the log."""

    row: int
    mac: bytes


def entry(
    who: Caller | str,
    action: str,
    now: datetime,
    *,
    dataset: str | None = None,
    domain: str | None = None,
    epoch: int | None = None,
    purpose: str | None = None,
    key_id: str | None = None,
    identifiers: int = 0,
    reference: str | None = None,
    outcome: str | None = None,
) -> dict[str, Any]:
    """Return a row of the log. ``who`` is a caller, or the name of an officer or administrator."""
    run = who if isinstance(who, Run) else None
    client = who.client if isinstance(who, Run) else who
    return {
        "at": now,
        "client": client if isinstance(client, str) else client.name,
        "run_id": run.run_id if run else None,
        "dataset": dataset or (run.dataset if run else None),
        "action": action,
        "domain": domain,
        "purpose": purpose,
        "key_id": key_id,
        "identifiers": identifiers,
        "epoch": epoch,
        "reference": reference,
        "outcome": outcome,
    }


def append(connection: Connection, key: bytes, rows: Sequence[Mapping[str, Any]]) -> Head:
    """Add rows to the log. Until the transaction ends nobody else can: do it last.

    Args:
        key: the log's own, 32 bytes.
        rows: made by :func:`entry`.
    """
    last = connection.execute(LOG_HEAD).first()
    if last is None or last.last_mac is None:
        older = connection.scalar(select(func.count()).select_from(requests)) or 0
        rows = [entry(ADMINISTRATOR, BEGIN, rows[0]["at"], identifiers=older), *rows]
    after = chain(key, last.last_mac if last is not None else None, rows)
    added = connection.execute(insert(requests).returning(requests.c.id, sort_by_parameter_order=True), after)
    return Head(max(added.scalars()), after[-1]["mac"])


def chain(key: bytes, last: bytes | None, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with their HMACs, the first one after the row whose HMAC is ``last`` (None: there is none)."""
    mac, chained = last or _NO_MAC, []
    for row in rows:
        mac = _mac(key, mac, row)
        chained.append({**row, "mac": mac})
    return chained


def verify(connection: Connection, key: bytes, witness: Head | None) -> int:
    """Read the log from its first row to its last; return how many rows it has.

    Raises:
        LogError: a row was altered, inserted, moved or taken out, or rows are missing at the end.
    """
    previous, count, unchained, seen = _NO_MAC, 0, 0, witness is None
    for row in _rows(connection):
        count += 1
        if row.mac is None:
            unchained += 1
            if count > unchained:
                raise LogError(f"row {row.id} of the log has no authentication: it was inserted or altered")
            continue
        if not hmac.compare_digest(row.mac, _mac(key, previous, dict(row._mapping))):
            raise LogError(f"row {row.id} of the log does not follow from the one before: altered, or one is missing")
        if previous == _NO_MAC and (row.action != BEGIN or row.identifiers != unchained):
            raise LogError(f"the log begins at row {row.id}, which is not where it began")
        if witness is not None and row.id == witness.row:
            _check_witness(row.mac, witness)
            seen = True
        previous = row.mac
    if not seen and witness is not None:
        raise LogError(f"the log ends before row {witness.row}, which was written: it was cut off")
    return count


def check_head(connection: Connection, witness: Head | None) -> None:
    """Look at the witnessed row alone: what a start can afford.

    Raises:
        LogError: it is gone, or another.
    """
    if witness is None:
        return
    row = connection.execute(select(requests.c.mac).where(requests.c.id == witness.row)).first()
    if row is None:
        raise LogError(f"the log ends before row {witness.row}, which was written: it was cut off")
    _check_witness(row.mac or _NO_MAC, witness)


class Witness:
    """The file that remembers the last row that was written."""

    def __init__(self, file: Path) -> None:
        self._file, self._lock = file, Lock()
        self._written, self._at = 0, 0.0
        self._waiting: Head | None = None

    def read(self) -> Head | None:
        """Return what was last witnessed, None if nothing ever was.

        Raises:
            LogError: the file is damaged.
        """
        try:
            row, mac = self._file.read_text(encoding="ascii").split()
            return Head(int(row), bytes.fromhex(mac))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            raise LogError(f"{self._file} is not readable or damaged: restore it") from None

    def move(self, head: Head, *, back: bool = False, lazily: bool = False) -> None:
        """Remember ``head``, unless a later row is remembered already.

        Args:
            back: even then.
            lazily: not if that was done a moment ago; :meth:`settle` does it in the end.
        """
        with self._lock:
            if head.row <= self._written and not back:
                return
            self._waiting = head
            if lazily and time.monotonic() - self._at < LAZY_SECONDS:
                return
            self._write(head)

    def settle(self) -> None:
        """Remember what :meth:`move` put off."""
        with self._lock:
            if self._waiting is not None and self._waiting.row > self._written:
                self._write(self._waiting)

    def _write(self, head: Head) -> None:
        partial = self._file.with_suffix(".partial")
        partial.write_text(f"{head.row} {head.mac.hex()}\n", encoding="ascii")
        partial.chmod(0o644)  # written by root or by custody's user, read by both; the folder is closed to others
        os.replace(partial, self._file)
        self._written, self._at = head.row, time.monotonic()


def _check_witness(mac: bytes, witness: Head) -> None:
    if not hmac.compare_digest(mac, witness.mac):
        raise LogError(f"row {witness.row} of the log is not the one that was written: another log took its place")


def _rows(connection: Connection) -> Iterator[Row[Any]]:
    query = select(requests).order_by(requests.c.id).execution_options(yield_per=10_000)
    yield from connection.execute(query)


def _mac(key: bytes, previous: bytes, row: Mapping[str, Any]) -> bytes:
    return hmac.digest(key, previous + fields(*(_text(row[name]) for name in _COVERED)), hashlib.sha256)


def _text(value: object) -> str:
    """Return a text for a field: no two values of a column have the same."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return "=" + value.astimezone(UTC).isoformat(timespec="microseconds")
    return f"={value}"
