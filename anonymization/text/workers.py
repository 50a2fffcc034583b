"""Texts read by several processes side by side, in pieces, the answers in order and never more than a few pieces in
memory.

Each process has its own detector, kept for the next texts: worth its start only for many texts. A process that may have
no children (a daemon of a task runner) reads alone.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import lru_cache
from itertools import islice

from anonymization.errors import AnonymizationError, RedactionError
from anonymization.text.hit import Hit
from anonymization.text.settings import RedactionSettings

_PIECE = 2_000  # texts
_WORTH = 20_000  # texts for each process more


def processes(texts: int, settings: RedactionSettings) -> int:
    """How many processes are to read so many texts."""
    if multiprocessing.current_process().daemon:
        return 1
    if settings.workers:
        return min(settings.workers, max(1, texts // _PIECE))
    return max(1, min(os.cpu_count() or 1, texts // _WORTH))


def detect_apart(texts: Sequence[str], settings: RedactionSettings, count: int) -> Iterator[list[Hit]]:
    """What is in each text, in order.

    Raises:
        TextModelError, RedactionError: what the first process to fail ended with.
    """
    pieces = (texts[start : start + _PIECE] for start in range(0, len(texts), _PIECE))
    key = pickle.dumps(settings)
    pool = _pool(count)
    pending: deque[Future[list[list[Hit]]]] = deque(
        pool.submit(_read, key, piece) for piece in islice(pieces, count + 1)
    )
    while pending:
        try:
            answer = pending.popleft().result()
        except AnonymizationError:
            raise
        except Exception as error:
            _pool.cache_clear()  # a broken pool reads nothing more
            raise RedactionError(f"a process that read texts ended ({type(error).__name__})") from None
        for piece in islice(pieces, 1):
            pending.append(pool.submit(_read, key, piece))
        yield from answer


@lru_cache(maxsize=1)
def _pool(count: int) -> ProcessPoolExecutor:
    """The processes, with what they have loaded, for as long as this one lives."""
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"))


def _read(key: bytes, texts: Sequence[str]) -> list[list[Hit]]:
    from anonymization.text.detector import detector

    return detector(key).detect(texts)
