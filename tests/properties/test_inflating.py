"""Gzip comes out whole however it is cut, and never when it is cut short."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources import PayloadError
from sources.limits import inflated


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
