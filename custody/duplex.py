"""A request body pulled from a worker thread, and a response sent while that body still comes in.

Starlette's own streaming response listens for the client's departure on the channel that also brings the body, and
would eat it; this one leaves the channel to :class:`BodyPuller`. A task reads a little ahead of the worker, and the
worker makes a few pieces ahead of what is sent: while one batch is ciphered, the next one comes in and the last one
goes out. Neither goes further ahead until the socket has taken what there is: this is the back-pressure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import Protocol, TypeVar

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from anonymization.pseudonyms.wire import MEDIA_TYPE, Piece, StreamSource
from custody.ahead import BodyPuller, Pieces
from custody.errors import RefusedError
from custody.translation import translate

SEND_BYTES = 1024 * 1024  # handed to the transport at once: uvicorn copies as much

Finished = Callable[[RefusedError | None], Awaitable[None]]


class Answering(Protocol):
    """An answer that is made piece by piece, in worker threads."""

    def __iter__(self) -> Generator[Piece]:
        """Yield its pieces, at least one."""
        ...

    def error(self, refusal: RefusedError) -> Piece:
        """Return the last bytes of one that can not go on."""
        ...


_Answer = TypeVar("_Answer", bound=Answering)


async def respond(
    request: Request,
    stall_seconds: float,
    limiter: anyio.CapacityLimiter,
    make: Callable[[StreamSource], _Answer],
    made: Callable[[_Answer], Finished],
) -> Response:
    """Return the response to a request whose body is a stream.

    Args:
        stall_seconds: how long the body may bring nothing.
        limiter: bounds how many answers are made at once; the others wait.
        make: makes the answer, in a worker thread; what it refuses, and what the first piece refuses, is an answer of
            its own, with a status.
        made: called with the answer; what it returns is called when that is over.
    """
    puller = BodyPuller(request.receive, stall_seconds)
    work: asyncio.Task[None] | None = None
    try:
        answer = await anyio.to_thread.run_sync(make, StreamSource(puller), limiter=limiter)
        finished = made(answer)
        pieces = Pieces(iter(answer))
        work = asyncio.create_task(anyio.to_thread.run_sync(pieces.make, limiter=limiter))
        first = await pieces.next()
    except BaseException:
        puller.close()
        if work is not None:
            pieces.leave()
            await asyncio.wait([work])
        raise
    return DuplexResponse(puller, answer, first, pieces, work, finished)


class DuplexResponse(Response):
    """Sends an answer of which the first piece is already made."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        puller: BodyPuller,
        answer: Answering,
        first: Piece | None,
        rest: Pieces,
        work: asyncio.Task[None],
        finished: Finished,
    ) -> None:
        super().__init__(None)
        del self.headers["content-length"]
        self._puller, self._answer, self._first, self._rest, self._work = puller, answer, first, rest, work
        self._finished = finished

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer to its end, or to its refusal."""
        refusal: RefusedError | None = None
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            piece = self._first
            while piece is not None:
                await _send(send, piece)
                piece = await self._rest.next()
        except RefusedError as error:
            refusal = error
        except Exception as error:
            refusal = translate(error)
        finally:
            self._rest.leave()
            self._puller.close()
            with anyio.CancelScope(shield=True):
                await asyncio.wait([self._work])
        await self._finished(refusal)
        if refusal:
            await _send(send, self._answer.error(refusal))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send(send: Send, piece: Piece) -> None:
    for part in piece:
        view = memoryview(part).cast("B")
        for start in range(0, len(view), SEND_BYTES):
            await send({"type": "http.response.body", "body": view[start : start + SEND_BYTES], "more_body": True})
