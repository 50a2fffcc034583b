import io
from collections.abc import Iterator

import pytest

from storage import DataKey, SealError, open_sealed, seal
from storage.envelope import disclose, enclose, read_key_id
from storage.sealing import SEGMENT_SIZE

KEY, OTHER_KEY = bytes(range(32)), bytes(32)
TEXT = b"16 rue de la Roe, 49000 Angers;" * 100_000  # 3.1 MB: three segments
HEADER, SEALED_SEGMENT = 42, SEGMENT_SIZE + 16


def sealed(data: bytes = TEXT, key: bytes = KEY, context: bytes = b"context") -> bytes:
    return b"".join(seal([data], key, context))


def opened(data: bytes, key: bytes = KEY, context: bytes = b"context") -> bytes:
    return b"".join(open_sealed(io.BytesIO(data), key, context))


@pytest.mark.parametrize("size", [0, 1, SEGMENT_SIZE - 1, SEGMENT_SIZE, SEGMENT_SIZE + 1, 3 * SEGMENT_SIZE])
def test_what_is_sealed_opens(size: int) -> None:
    data = TEXT[:size].ljust(size, b"x")
    assert opened(sealed(data)) == data


def test_the_chunks_leave_no_trace() -> None:
    assert [len(piece) for piece in seal([TEXT], KEY, b"")] == [
        len(piece) for piece in seal((TEXT[start : start + 999] for start in range(0, len(TEXT), 999)), KEY, b"")
    ]


def test_nothing_stays_in_the_clear_and_nothing_repeats() -> None:
    first, second = sealed(), sealed()
    assert b"rue de la Roe" not in first
    assert first[HEADER:] != second[HEADER:]


def test_another_key_or_context_does_not_open() -> None:
    with pytest.raises(SealError, match="segment 0"):
        opened(sealed(), key=OTHER_KEY)
    with pytest.raises(SealError, match="segment 0"):
        opened(sealed(), context=b"another")


@pytest.mark.parametrize("place", [0, 5, 8, 12, 41, HEADER, HEADER + SEALED_SEGMENT, len(TEXT), -1])
def test_one_changed_bit_is_noticed(place: int) -> None:
    data = bytearray(sealed())
    data[place] ^= 1
    with pytest.raises(SealError):
        opened(bytes(data))


def test_cut_repeated_swapped_or_added_segments_are_noticed() -> None:
    data = sealed()
    header, body = data[:HEADER], data[HEADER:]
    segments = [body[start : start + SEALED_SEGMENT] for start in range(0, len(body), SEALED_SEGMENT)]
    assert len(segments) == 3
    for wrong in (
        segments[:2],
        segments[:1],
        [],
        [segments[1], segments[0], segments[2]],
        [segments[0], segments[0], segments[2]],
        [segments[0], segments[2]],
        [*segments, segments[2]],
        [*segments, b"x"],
        [segments[0], segments[1], segments[2][:-1]],
    ):
        with pytest.raises(SealError):
            opened(header + b"".join(wrong))


@pytest.mark.parametrize("data", [b"", b"ARDS", b"ARDS\x02\x01" + bytes(36), b"ARDS\x01\x01" + bytes(36)])
def test_what_is_no_sealed_stream_is_refused(data: bytes) -> None:
    with pytest.raises(SealError):
        opened(data)


def test_only_authentic_plaintext_comes_out() -> None:
    data = bytearray(sealed())
    data[HEADER + 2 * SEALED_SEGMENT] ^= 1
    stream = open_sealed(io.BytesIO(bytes(data)), KEY, b"context")
    assert next(stream) == TEXT[:SEGMENT_SIZE]
    assert next(stream) == TEXT[SEGMENT_SIZE : 2 * SEGMENT_SIZE]
    with pytest.raises(SealError, match="segment 2"):
        next(stream)


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(SealError, match="32 bytes"):
        sealed(key=bytes(16))


def test_memory_is_bounded() -> None:
    longest = 0

    def chunks() -> Iterator[bytes]:
        for _ in range(40):
            yield bytes(SEGMENT_SIZE)

    for piece in seal(chunks(), KEY, b""):
        longest = max(longest, len(piece))
    assert longest == SEALED_SEGMENT


def test_an_envelope_names_its_key_in_the_clear_and_is_bound_to_it() -> None:
    data = b"".join(enclose([TEXT], DataKey("key-1", KEY), b"context"))
    assert read_key_id(io.BytesIO(data)) == "key-1"
    assert b"".join(disclose(io.BytesIO(data), {"key-1": KEY}.__getitem__, b"context")) == TEXT
    swapped = data.replace(b"key-1", b"key-2", 1)
    with pytest.raises(SealError):
        b"".join(disclose(io.BytesIO(swapped), lambda _: KEY, b"context"))


@pytest.mark.parametrize("data", [b"", b"ARDE\x01", b"ARDE\x01\x05key", b"ARDE\x02\x05key-1", b"<html>"])
def test_what_is_no_envelope_is_refused(data: bytes) -> None:
    with pytest.raises(SealError):
        read_key_id(io.BytesIO(data))


def test_a_key_shows_itself_nowhere() -> None:
    assert "key=" not in repr(DataKey("key-1", KEY))
