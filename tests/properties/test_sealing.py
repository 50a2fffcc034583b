"""Sealed streams and containers, for any bytes in any chunks."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import PayloadPart, SealError, open_sealed, seal, sealing
from storage.container import Tally, pack, unpack

KEY = bytes(range(32))


@pytest.fixture(autouse=True, scope="module")
def small_segments():  # type: ignore[no-untyped-def]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "SEGMENT_SIZE", 64)
        yield


@settings(max_examples=80, deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=8), st.binary(max_size=20))
def test_any_stream_in_any_chunks_opens_to_itself(chunks: list[bytes], context: bytes) -> None:
    sealed = b"".join(seal(chunks, KEY, context))
    assert b"".join(open_sealed(io.BytesIO(sealed), KEY, context)) == b"".join(chunks)


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=400), st.data())
def test_no_change_goes_unnoticed(data: bytes, draw: st.DataObject) -> None:
    sealed = bytearray(b"".join(seal([data], KEY, b"")))
    place = draw.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= draw.draw(st.integers(1, 255))
    with pytest.raises(SealError):
        b"".join(open_sealed(io.BytesIO(bytes(sealed)), KEY, b""))


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=400), st.data())
def test_no_cut_goes_unnoticed(data: bytes, draw: st.DataObject) -> None:
    sealed = b"".join(seal([data], KEY, b""))
    length = draw.draw(st.integers(0, len(sealed) - 1))
    with pytest.raises(SealError):
        b"".join(open_sealed(io.BytesIO(sealed[:length]), KEY, b""))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=20).filter(lambda text: text.isprintable()), st.binary(max_size=3000))))
def test_any_parts_come_back(content: list[tuple[str, bytes]]) -> None:
    parts = [PayloadPart(name, io.BytesIO(data)) for name, data in content]
    archive = b"".join(pack(parts, Tally()))
    assert [(part.name, part.stream.read()) for part in unpack(io.BytesIO(archive))] == content
