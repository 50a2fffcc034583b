"""An event loop in a thread of its own, for connectors whose libraries are asynchronous inside a synchronous walk.

Why: whoever reads a delivery (landing) pulls bytes when it is ready for more, and may take long; keep-alives must be
answered meanwhile. And a deadline on a coroutine also cuts an operator who sends one byte a minute.
What must not change: every call has an end, :meth:`Loop.close` leaves no thread and no task.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import queue
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class Loop:
    """Runs coroutines, one call at a time. To be closed."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"connector {name}", daemon=True)
        self._thread.start()

    def call(self, coroutine: Coroutine[Any, Any, _Result], seconds: float) -> _Result:
        """Run a coroutine to its end.

        Raises:
            TimeoutError: it was not done after `seconds`, and is cancelled.
            ConnectionError: the loop was closed.
        """
        if seconds <= 0 or self._loop.is_closed():
            coroutine.close()
            raise TimeoutError if seconds <= 0 else ConnectionError("this session has ended")
        future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(coroutine, seconds), self._loop)
        try:
            return future.result(seconds + 5.0)
        except (TimeoutError, concurrent.futures.TimeoutError):
            future.cancel()
            raise TimeoutError from None

    def close(self) -> None:
        """Cancel what still runs, and end the thread. May be repeated."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(_cancel_others(), self._loop).result(5.0)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5.0)
        if not self._thread.is_alive():
            self._loop.close()


async def _cancel_others() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.wait(others, timeout=2.0) if others else None


def patiently(chunks: Iterator[bytes], seconds: float) -> Iterator[bytes]:
    """Chunks of a blocking iterator, each waited for at most `seconds`; read one ahead, in a thread.

    Raises:
        TimeoutError: one did not come in time; the thread is left to end with its connection.
    """
    ready: queue.Queue[bytes | BaseException | None] = queue.Queue(1)
    given_up = threading.Event()

    def put(item: bytes | BaseException | None) -> None:
        while not given_up.is_set():
            try:
                return ready.put(item, timeout=1.0)
            except queue.Full:
                continue

    def read() -> None:
        try:
            for chunk in chunks:
                put(chunk)
                if given_up.is_set():
                    return
            put(None)
        except BaseException as error:  # handed to who waits
            put(error)

    threading.Thread(target=read, name="connector reading", daemon=True).start()
    try:
        while True:
            try:
                item = ready.get(timeout=seconds)
            except queue.Empty:
                raise TimeoutError from None
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        given_up.set()
