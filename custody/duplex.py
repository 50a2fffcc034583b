"""A request body pulled from a worker thread, and a response sent while that body still comes in.

Starlette's own streaming response listens for the client's departure on the channel that also brings the body, and
would eat it; this one leaves the channel to :class:`BodyPuller`. The answer's next piece is made only when the last one
has been taken by the socket: that is the back-pressure.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Protocol

import anyio
import anyio.from_thread
import anyio.to_thread
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from anonymization.pseudonyms.wire import MEDIA_TYPE
from custody.errors import RefusedError
from custody.translation import translate

Finished = Callable[[RefusedError | None], Awaitable[None]]


class EndedEarly(Protocol):
    """The part of an answer that tells why it stops before its end."""

    def error(self, refusal: RefusedError) -> bytes:
        """Return its last bytes."""
        ...


class BodyPuller:
    """Called from a worker thread, returns the body's next bytes, ``b""`` at its end."""

    def __init__(self, receive: Receive, stall_seconds: float) -> None:
        self._receive = receive
        self._stall_seconds = stall_seconds
        self._ended = False

    def __call__(self) -> bytes:
        """Return the next bytes."""
        return anyio.from_thread.run(self._next)

    async def _next(self) -> bytes:
        while not self._ended:
            try:
                with anyio.fail_after(self._stall_seconds):
                    message = await self._receive()
            except TimeoutError:
                raise RefusedError("stream_stalled", "nothing came for too long") from None
            self._ended = message["type"] == "http.disconnect" or not message.get("more_body", False)
            if body := message.get("body", b""):
                return bytes(body)
        return b""


class DuplexResponse(Response):
    """Sends an answer whose first piece is already made."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        answer: EndedEarly,
        first: bytes,
        rest: Generator[bytes],
        limiter: anyio.CapacityLimiter,
        finished: Finished,
    ) -> None:
        super().__init__(None)
        del self.headers["content-length"]
        self._answer, self._first, self._rest = answer, first, rest
        self._limiter, self._finished = limiter, finished

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer to its end, or to its refusal."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        piece: bytes | None = self._first
        refusal: RefusedError | None = None
        try:
            while piece is not None:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                piece = await anyio.to_thread.run_sync(next, self._rest, None, limiter=self._limiter)
        except RefusedError as error:
            refusal = error
        except Exception as error:
            refusal = translate(error)
        finally:
            with anyio.CancelScope(shield=True):  # whatever ends it, what was not used is given back
                await anyio.to_thread.run_sync(self._rest.close, limiter=self._limiter)
        await self._finished(refusal)
        last = self._answer.error(refusal) if refusal else b""
        await send({"type": "http.response.body", "body": last, "more_body": False})
