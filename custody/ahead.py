"""Working ahead, a little: a body read before the worker asks for it, pieces of an answer made before they can be sent.

Both go between the event loop and a worker thread. Neither goes further ahead than it says: what comes in waits in the
client once so much waits here, and the worker waits once so much waits to be sent.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Generator
from threading import Condition

from starlette.types import Receive

from anonymization.pseudonyms.wire import Piece
from custody.errors import RefusedError

AHEAD_BYTES = 4 * 1024 * 1024  # of the body that wait for the worker: several batches, so that it seldom waits
AHEAD_PIECES = 4  # of the answer that wait to be sent


class BodyPuller:
    """Called from a worker thread, returns the body's next bytes, ``b""`` at its end.

    Made in the event loop, which from then on reads ahead until :meth:`close`.
    """

    def __init__(self, receive: Receive, stall_seconds: float) -> None:
        self._receive = receive
        self._stall_seconds = stall_seconds
        self._ready: deque[bytes] = deque()
        self._waiting = 0  # bytes in `_ready`
        self._wanted = 1
        self._ended = False
        self._stalled = False
        self._condition = Condition()
        self._room = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._came = self._loop.time()  # when something came, or was waited for, last
        self._watch = self._loop.call_later(stall_seconds, self._look)
        self._task = self._loop.create_task(self._read_ahead())

    def __call__(self, wanted: int) -> bytes:
        """Return the next bytes, once ``wanted`` of them are there, or as many as are kept ahead, or the last ones.

        Raises:
            RefusedError: nothing came for too long.
        """
        with self._condition:
            self._wanted = min(max(wanted, 1), AHEAD_BYTES)
            while self._waiting < self._wanted and not self._ended:
                self._condition.wait()
            if not self._ready:
                if self._stalled:
                    raise RefusedError("stream_stalled", "nothing came for too long")
                return b""
            data, full = self._ready.popleft(), self._waiting >= AHEAD_BYTES
            self._waiting -= len(data)
            room = full and self._waiting < AHEAD_BYTES
        if room:
            self._loop.call_soon_threadsafe(self._room.set)
        return data

    def close(self) -> None:
        """Stop reading. Called in the event loop."""
        self._watch.cancel()
        self._task.cancel()

    def _look(self) -> None:
        """Stop waiting for a body that brings nothing; one timer for all its messages."""
        if self._ended:
            return
        left = self._came + self._stall_seconds - self._loop.time()
        if left > 0 or self._waiting >= AHEAD_BYTES:
            self._watch = self._loop.call_later(max(left, self._stall_seconds / 2), self._look)
            return
        self._stalled = True
        self._task.cancel()

    async def _read_ahead(self) -> None:
        ended = False
        try:
            while not ended:
                message = await self._receive()
                self._came = self._loop.time()
                ended = message["type"] == "http.disconnect" or not message.get("more_body", False)
                await self._put(message.get("body", b""))
        finally:
            with self._condition:
                self._ended = True
                self._condition.notify()

    async def _put(self, body: bytes) -> None:
        with self._condition:
            if body:
                self._ready.append(body)
                self._waiting += len(body)
                if self._waiting >= self._wanted:
                    self._condition.notify()
            full = self._waiting >= AHEAD_BYTES
            self._room.clear()
        if full:
            await self._room.wait()
            self._came = self._loop.time()


class Pieces:
    """An answer made in a worker thread, handed to the event loop piece by piece, a few ahead of what was sent."""

    def __init__(self, pieces: Generator[Piece]) -> None:
        self._pieces = pieces
        self._ready: deque[Piece] = deque()
        self._over = False  # no piece will follow
        self._left = False  # nobody wants them any more
        self._error: Exception | None = None
        self._condition = Condition()
        self._news = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def make(self) -> None:
        """Make them all; run in a worker thread."""
        try:
            for piece in self._pieces:
                if not self._offer(piece):
                    break
        except Exception as error:
            self._error = error
        finally:
            self._pieces.close()  # whatever ends it, what was not used is given back
            self._over = True
            self._loop.call_soon_threadsafe(self._news.set)

    async def next(self) -> Piece | None:
        """Return the next piece, None after the last one.

        Raises:
            Exception: what making it raised.
        """
        while not self._ready and not self._over:
            self._news.clear()
            await self._news.wait()
        if self._ready:
            with self._condition:
                piece = self._ready.popleft()
                self._condition.notify()
            return piece
        if self._error is not None:
            raise self._error
        return None

    def leave(self) -> None:
        """Want no more of them."""
        with self._condition:
            self._left = True
            self._condition.notify()

    def _offer(self, piece: Piece) -> bool:
        """Hand a piece over once there is room; return whether anybody wants more."""
        with self._condition:
            while len(self._ready) >= AHEAD_PIECES and not self._left:
                self._condition.wait()
            self._ready.append(piece)
        self._loop.call_soon_threadsafe(self._news.set)
        return not self._left
