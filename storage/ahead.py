"""Work that overlaps: what comes next is made in a thread while what came last is used.

Compression, ciphers, digests and sockets leave the interpreter free, so two of them side by side take the time of the
longer one. Order never changes, and no more than `depth` items wait: memory stays bounded.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

_WORKERS = 2


class _Ended:
    """Stands behind the last item: with what the iterable raised, if it did."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(items: Iterable[Item], depth: int = 2) -> Iterator[Item]:
    """Yield `items`, iterated in a thread of its own, at most `depth` of them ahead.

    What `items` raises is raised here, in its place. Closing the generator stops the thread and closes `items`.
    """
    waiting: queue.Queue[Item | _Ended] = queue.Queue(depth)
    stopped = threading.Event()

    def put(item: Item | _Ended) -> None:
        while not stopped.is_set():
            try:
                return waiting.put(item, timeout=0.1)
            except queue.Full:
                continue

    def iterate() -> None:
        error: BaseException | None = None
        try:
            for item in items:
                put(item)
                if stopped.is_set():
                    break
        except BaseException as raised:
            error = raised
        finally:
            close = getattr(items, "close", None)
            if stopped.is_set() and close is not None:
                close()
            put(_Ended(error))

    thread = threading.Thread(target=iterate, name="ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := waiting.get(), _Ended):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        thread.join()


def side_by_side(make: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """Yield `make(item)` for each item, in order, a few at a time; `make` must leave the interpreter free to gain."""
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="side") as pool:
        started: deque[Future[Made]] = deque()
        for item in items:
            started.append(pool.submit(make, item))
            if len(started) > _WORKERS:
                yield started.popleft().result()
        while started:
            yield started.popleft().result()
