from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources import PayloadError
from sources.limits import MEBIBYTE, bounded, inflated


@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=4), st.integers(1, 500))
def test_gzip_comes_out_however_it_is_cut_and_in_several_members(members: list[bytes], size: int) -> None:
    packed = b"".join(gzip.compress(member) for member in members) + bytes(7)
    cut = [packed[start : start + size] for start in range(0, len(packed), size)]
    assert b"".join(inflated(cut, 1 << 20, "ici")) == b"".join(members)


@given(st.binary(min_size=1, max_size=300), st.data())
def test_gzip_cut_anywhere_is_refused(content: bytes, data: st.DataObject) -> None:
    packed = gzip.compress(content)
    end = data.draw(st.integers(1, len(packed) - 1))
    with pytest.raises(PayloadError, match="coupé"):
        list(inflated([packed[:end]], 1 << 20, "ici"))


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
