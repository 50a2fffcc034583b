"""What connectors wait with: everything has an end, and nothing is left behind."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from sources.connectors.loop import Loop, patiently


async def soon(value: int) -> int:
    await asyncio.sleep(0)
    return value


def test_a_call_ends_and_a_closed_loop_says_so() -> None:
    before = threading.active_count()
    loop = Loop("test")
    assert loop.call(soon(3), 1.0) == 3
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        loop.call(asyncio.sleep(60), 0.05)
    with pytest.raises(TimeoutError):
        loop.call(soon(1), 0.0)
    loop.close()
    loop.close()
    with pytest.raises(ConnectionError):
        loop.call(soon(1), 1.0)
    assert time.monotonic() - started < 2.0
    assert threading.active_count() == before


def test_chunks_are_passed_on_in_order_with_their_error() -> None:
    def broken() -> Iterator[bytes]:
        yield b"a"
        yield b"b"
        raise ValueError("c")

    chunks = patiently(broken(), 5.0)
    assert [next(chunks), next(chunks)] == [b"a", b"b"]
    with pytest.raises(ValueError, match="c"):
        next(chunks)


def test_a_chunk_that_does_not_come_is_not_waited_for() -> None:
    come = threading.Event()

    def stuck() -> Iterator[bytes]:
        yield b"a"
        come.wait(10)

    chunks = patiently(stuck(), 0.05)
    assert next(chunks) == b"a"
    with pytest.raises(TimeoutError):
        next(chunks)
    come.set()
