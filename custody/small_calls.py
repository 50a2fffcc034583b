"""Small calls: a few identifiers in JSON, for whoever pseudonymises at the source with no more than curl.

What a call costs is its durable row of the log. So calls that come together share one transaction: a thread takes
whatever waits, and each is answered when that is durable (group commit). A call that is refused is refused alone.
"""

from __future__ import annotations

import asyncio
import queue
import time
from threading import Lock, Thread

import pyarrow as pa
from psycopg import OperationalError as DriverError
from sqlalchemy import PoolProxiedConnection

from custody.callers import Caller
from custody.counting import Counts
from custody.errors import RefusedError, TamperedError
from custody.inputs import DistinctInputs
from custody.pseudonymizing import Asked
from custody.small_batches import SmallBatches, SmallCall
from custody.translation import translate
from custody.vault import LOG_KEY, Vault

TOGETHER = 256  # calls that share a transaction
IDLE_SECONDS = 1.0  # after which keys and connection are closed
WRITE_SECONDS = 1.0  # counts of distinct inputs are written so often

_Waiting = tuple[SmallCall, asyncio.Future[None]]


class SmallCalls:
    """The queue of small calls, and the thread that answers it."""

    def __init__(self, vault: Vault, counts: Counts) -> None:
        self._vault, self._counts = vault, counts
        self._queue: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        self._batches: SmallBatches | None = None
        self._connection: PoolProxiedConnection | None = None
        self._uncounted: dict[str, tuple[Caller, int]] = {}  # domains whose counts moved: who asked, what is expected
        self._counted_at = 0.0
        self._thread: Thread | None = None
        self._lock = Lock()

    async def ask(self, token: str, asked: Asked, identifiers: pa.Array) -> SmallCall:
        """Return the call once its row of the log is durable; it has an answer or a refusal.

        Args:
            identifiers: canonical text, a few.
        """
        call = SmallCall(token, asked, identifiers)
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put((call, answered))
        self._start()
        await answered
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
                waiting = [self._queue.get(timeout=IDLE_SECONDS)]
            except queue.Empty:
                self._rest()
                continue
            while len(waiting) < TOGETHER and not self._queue.empty():
                waiting.append(self._queue.get())
            self._answer([call for call, _ in waiting])
            for _, answered in waiting:
                answered.get_loop().call_soon_threadsafe(_finish, answered)
            self._count()
            if time.monotonic() - self._counted_at > WRITE_SECONDS:
                self._write_counts()

    def _answer(self, calls: list[SmallCall]) -> None:
        """Answer them, or refuse all of them if custody can not; a connection that was lost is made again once."""
        for attempt in (1, 2):
            try:
                self._transact(calls)
                return
            except Exception as error:  # this thread must outlive whatever the database does
                self._release(broken=True)
                if attempt == 1 and isinstance(error, DriverError):
                    continue
                refusal = self._refusal(error)
                for call in calls:
                    call.refusal, call.answer = refusal, None
                return

    def _transact(self, calls: list[SmallCall]) -> None:
        vault = self._vault
        if self._batches is None:
            with vault.engine.connect() as connection:
                self._batches = SmallBatches(vault.service_key(connection, LOG_KEY))
        if self._connection is None:
            self._connection = vault.engine.raw_connection()
        driver = self._connection.driver_connection
        if driver is None:
            raise RefusedError("database_unavailable", "custody's database does not answer: try again later")
        head = self._batches.answer(driver, vault.master, calls, vault.now())
        if head is not None and vault.witness is not None:
            vault.witness.move(head, lazily=True)

    def _refusal(self, error: Exception) -> RefusedError:
        if not isinstance(error, TamperedError):
            return translate(error)
        try:
            with self._vault.engine.connect() as connection:
                self._vault.require_renewed(connection)
        except Exception as found:
            return translate(found)
        return translate(error)

    def _rest(self) -> None:
        """No call came for a while: keep nothing open, leave nothing unwritten."""
        if self._batches is not None:
            self._batches.forget()
        self._release()
        self._write_counts()
        if self._vault.witness is not None:
            self._vault.witness.settle()

    def _release(self, *, broken: bool = False) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and broken:
            connection.invalidate()
        elif connection is not None:
            connection.close()

    def _inputs(self, domain: str) -> DistinctInputs:
        if (known := self._counts.known(domain)) is not None:
            return known
        with self._vault.engine.connect() as connection:
            return self._counts.of(connection, domain)

    def _count(self) -> None:
        """Count what was answered; nobody waits for that any more."""
        try:
            for domain, caller, tags in self._batches.made() if self._batches is not None else ():
                self._inputs(domain.name).add(tags)
                self._uncounted[domain.name] = caller, domain.expected_inputs
        except Exception as error:  # this thread must outlive whatever the database does
            translate(error)

    def _write_counts(self) -> None:
        """Write the counts that moved."""
        self._counted_at = time.monotonic()
        moved, self._uncounted = self._uncounted, {}
        if not moved:
            return
        try:
            with self._vault.transaction() as connection:
                now, rows = self._vault.now(), []
                for domain, (caller, expected) in sorted(moved.items()):
                    rows += self._counts.write(connection, caller, domain, expected, now)
                if rows:
                    self._vault.note_all(connection, rows)
        except Exception as error:  # they are written with the next ones
            self._uncounted = moved | self._uncounted
            translate(error)


def _finish(answered: asyncio.Future[None]) -> None:
    if not answered.done():
        answered.set_result(None)
