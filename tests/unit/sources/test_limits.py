from __future__ import annotations

import tracemalloc
import zlib
from collections import deque

import pytest

from sources import PayloadError
from sources.limits import MEBIBYTE, bounded, inflated


def test_a_bomb_costs_no_memory() -> None:
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(engine.compress(bytes(1 << 24)) for _ in range(4)) + engine.flush()  # 64 MiB in 65 KB
    pieces = inflated([bomb], 1 << 40, "ici")
    tracemalloc.start()
    with pytest.raises(PayloadError, match="compressés en donnent plus"):
        deque(pieces, maxlen=0)
    assert tracemalloc.get_traced_memory()[1] < 4 * MEBIBYTE
    tracemalloc.stop()


def test_what_is_not_gzip_is_refused_with_its_place() -> None:
    with pytest.raises(PayloadError, match="ici, position 12 : ces octets ne sont pas du gzip"):
        list(inflated([b"<html>salut>"], 100, "ici"))


def test_a_stream_is_cut_at_its_limit() -> None:
    assert b"".join(bounded([b"ab", b"c"], 3, "ici")) == b"abc"
    with pytest.raises(PayloadError, match="plus de 3 octets"):
        list(bounded([b"ab", b"cd"], 3, "ici"))
