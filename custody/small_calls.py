"""Small calls: a few identifiers in JSON, for whoever pseudonymises at the source with no more than curl.

What a call costs is its durable row of the log. So calls that come together share one transaction: a thread takes
whatever waits, and identifies, pays and logs all of it at once; each is answered when that is durable (group commit). A
call that is refused is refused alone.
"""

from __future__ import annotations

import asyncio
import queue
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock, Thread
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, update

from custody.callers import Caller, find, require_fresh
from custody.counting import Counts
from custody.domains import OpenDomain, OpenDomains
from custody.errors import RefusedError
from custody.journal import entry
from custody.metrics import IDENTIFIERS
from custody.pseudonymizing import Asked, check_use
from custody.spending import GRANT, quota_of
from custody.transforming import Transformer
from custody.translation import translate
from custody.vault import Vault

MAX_IDENTIFIERS = 1_000  # of one call
TOGETHER = 256  # calls that share a transaction
WRITE_SECONDS = 1.0  # counts of distinct inputs are written so often
IDLE_SECONDS = 1.0  # after which opened keys are closed


@dataclass(frozen=True, slots=True)
class SmallAnswer:
    """What a small call comes back with: pseudonyms, and the metadata of their field."""

    metadata: dict[str, str]
    pseudonyms: pa.Array


@dataclass(slots=True, eq=False)
class SmallCall:
    """One call on its way. ``caller`` is known once it was answered or refused."""

    token: str
    asked: Asked
    identifiers: pa.Array = field(repr=False)
    answered: asyncio.Future[None] = field(repr=False)
    caller: Caller | None = None
    known: OpenDomain | None = None  # its domain, if there is such a one
    refusal: RefusedError | None = None
    answer: SmallAnswer | None = field(default=None, repr=False)

    @property
    def count(self) -> int:
        """How many identifiers it pays for."""
        return int(len(self.identifiers) - self.identifiers.null_count)


class SmallCalls:
    """The queue of small calls, and the thread that answers it."""

    def __init__(self, vault: Vault, counts: Counts) -> None:
        self._vault, self._counts = vault, counts
        self._queue: queue.SimpleQueue[SmallCall] = queue.SimpleQueue()
        self._domains = OpenDomains()
        self._unwritten: dict[str, tuple[Caller, int]] = {}  # domains whose counts moved: who asked, what is expected
        self._written: datetime | None = None
        self._thread: Thread | None = None
        self._lock = Lock()

    async def ask(self, token: str, asked: Asked, identifiers: pa.Array) -> SmallCall:
        """Return the call once its row of the log is durable; it has an answer or a refusal.

        Args:
            identifiers: canonical text; at most :data:`MAX_IDENTIFIERS`.
        """
        call = SmallCall(token, asked, identifiers, asyncio.get_running_loop().create_future())
        self._queue.put(call)
        self._start()
        await call.answered
        return call

    def _start(self) -> None:
        """Begin with the first call: making a service starts nothing."""
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._serve, name="custody-small-calls", daemon=True)
                self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                calls = [self._queue.get(timeout=IDLE_SECONDS)]
            except queue.Empty:
                self._domains.forget()
                self._write_counts()
                continue
            while len(calls) < TOGETHER and not self._queue.empty():
                calls.append(self._queue.get())
            try:
                with self._vault.transaction() as connection, self._vault.opening(connection):
                    self._answer(connection, calls)
            except Exception as error:  # this thread must outlive whatever the database does
                refusal = translate(error)
                for call in calls:
                    call.refusal, call.answer = refusal, None
            for call in calls:
                call.answered.get_loop().call_soon_threadsafe(_finish, call.answered)

    def _answer(self, connection: Connection, calls: list[SmallCall]) -> None:
        """One transaction: (1) who asks, (2) in which domains, (3) may they, (4) pseudonyms, (5) payment, (6) log."""
        now = self._vault.now()
        found = find(connection, {call.token for call in calls}, lock=True)
        opened = self._domains.open(connection, self._vault.master, {call.asked.domain for call in calls})
        left = {token: quota for token, (_, quota) in found.items()}
        for call in calls:
            call.caller, call.known = found.get(call.token, (None, 0))[0], opened.get(call.asked.domain)
            try:
                _admit(call, now, left[call.token] if call.caller else 0)
                self._make(connection, call)
                left[call.token] -= call.count
            except RefusedError as refusal:
                call.refusal = refusal
        for token, (caller, quota) in found.items():
            if spent := quota - left[token]:
                table, row = quota_of(caller)
                connection.execute(update(table).where(row).values(quota_left=table.c.quota_left - spent))
        rows = [_row(call, call.caller, now) for call in calls if call.caller is not None]
        rows += self._counted(connection, now)
        if rows:
            self._vault.note_all(connection, rows)

    def _make(self, connection: Connection, call: SmallCall) -> None:
        if call.known is None or call.caller is None:
            raise RefusedError("domain_unknown", "custody has no such domain")
        transformer = Transformer(call.known, call.asked.column)
        pseudonyms, tags = transformer(call.identifiers)
        self._counts.of(connection, call.known.name).add(tags)
        self._unwritten[call.known.name] = call.caller, call.known.expected_inputs
        call.answer = SmallAnswer(transformer.metadata, pseudonyms)
        IDENTIFIERS.labels(call.known.name).inc(call.count)

    def _counted(self, connection: Connection, now: datetime) -> list[dict[str, Any]]:
        """Write the counts that moved, from time to time; return the rows of the log that this calls for."""
        if self._written is not None and (now - self._written).total_seconds() < WRITE_SECONDS:
            return []
        rows: list[dict[str, Any]] = []
        for domain, (caller, expected) in sorted(self._unwritten.items()):
            rows += self._counts.write(connection, caller, domain, expected, now)
        self._unwritten.clear()
        self._written = now
        return rows

    def _write_counts(self) -> None:
        if not self._unwritten:
            return
        try:
            with self._vault.transaction() as connection:
                if rows := self._counted(connection, self._vault.now()):
                    self._vault.note_all(connection, rows)
        except Exception as error:  # they are written with the next call
            translate(error)


def _admit(call: SmallCall, now: datetime, left: int) -> None:
    """Refuse what may not be asked.

    Raises:
        RefusedError: the token is unknown or expired, the domain is not its own, or its quota is spent.
    """
    if call.caller is None:
        raise RefusedError("token_unknown", "custody does not know this token")
    require_fresh(call.caller, now)
    if call.known is None:
        raise RefusedError("domain_unknown", "custody has no such domain")
    check_use(call.caller, call.asked)
    if call.count > left:
        raise RefusedError("quota_spent", "this token may not send so many identifiers more")


def _row(call: SmallCall, caller: Caller, now: datetime) -> dict[str, Any]:
    return entry(
        caller,
        GRANT,
        now,
        domain=call.known.name if call.known else None,
        epoch=call.known.epoch if call.known else None,
        identifiers=0 if call.refusal else call.count,
        outcome=call.refusal.code if call.refusal else None,
    )


def _finish(answered: asyncio.Future[None]) -> None:
    if not answered.done():
        answered.set_result(None)
