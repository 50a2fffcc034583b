"""Work that overlaps keeps its order, its errors and its bounds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from storage import ahead, side_by_side


class Source:
    """Numbers, and what became of them."""

    def __init__(self, count: int, fails: bool = False) -> None:
        self.count, self.fails = count, fails
        self.made, self.closed = 0, False
        self.thread: threading.Thread | None = None

    def __iter__(self) -> Iterator[int]:
        self.thread = threading.current_thread()
        try:
            for number in range(self.count):
                self.made += 1
                yield number
            if self.fails:
                raise OSError("the source broke")
        finally:
            self.closed = True


def settled(condition: Callable[[], bool]) -> bool:
    """Whether a condition holds within two seconds."""
    end = time.monotonic() + 2
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


@pytest.mark.parametrize("depth", [1, 2, 50])
def test_items_come_in_order_from_another_thread(depth: int) -> None:
    source = Source(20)
    assert list(ahead(iter(source), depth)) == list(range(20))
    assert source.thread is not threading.current_thread()


def test_no_more_than_so_many_wait() -> None:
    source = Source(100)
    items = ahead(iter(source), 3)
    assert next(items) == 0
    assert settled(lambda: source.made == 5)  # one taken, three waiting, one in hand
    time.sleep(0.05)
    assert source.made == 5
    items.close()


def test_an_error_comes_in_its_place() -> None:
    items = ahead(iter(Source(3, fails=True)))
    assert [next(items), next(items), next(items)] == [0, 1, 2]
    with pytest.raises(OSError, match="the source broke"):
        next(items)


def test_who_stops_reading_closes_the_source() -> None:
    source = Source(1_000)
    items = ahead(iter(source), 1)
    next(items)
    items.close()
    assert source.closed
    assert source.made < 1_000
    assert source.thread is not None
    assert not source.thread.is_alive()


def test_side_by_side_keeps_the_order() -> None:
    def slow(number: int) -> int:
        time.sleep(0.01 * (number % 3))
        return number * number

    assert list(side_by_side(slow, range(12))) == [number * number for number in range(12)]


def test_side_by_side_works_on_two_at_a_time() -> None:
    both = threading.Barrier(2, timeout=5)
    assert list(side_by_side(lambda number: both.wait() >= 0 and number, range(4))) == [0, 1, 2, 3]


def test_an_error_side_by_side_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(side_by_side(lambda number: 1 // number, [1, 0, 2]))
