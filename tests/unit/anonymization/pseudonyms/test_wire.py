"""Streams whose end is certain."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

from anonymization.pseudonyms.wire import (
    IDENTIFIER_SCHEMA,
    IpcReader,
    IpcWriter,
    MessageTooLargeError,
    StreamEndedError,
    StreamSource,
)

BATCH = pa.record_batch([pa.array(["a", None])], schema=IDENTIFIER_SCHEMA)


def pulled(data: bytes, size: int = 7) -> Callable[[int], bytes]:
    pieces = iter([data[at : at + size] for at in range(0, len(data), size)])
    return lambda wanted: next(pieces, b"")


def body(*, end: bool = True, batches: int = 2) -> bytes:
    writer = IpcWriter(IDENTIFIER_SCHEMA)
    pieces = [part for _ in range(batches) for part in writer.write(BATCH)]
    return b"".join([*pieces, *(writer.end() if end else ())])


def read_all(source: StreamSource) -> int:
    reader, batches = IpcReader(source), 0
    while reader.next_batch() is not None:
        batches += 1
    return batches


def test_two_streams_one_after_the_other() -> None:
    source = StreamSource(pulled(body() + body(batches=0) + body(batches=1)))
    assert [read_all(source) for _ in range(3)] == [2, 0, 1]
    with pytest.raises(StreamEndedError):
        IpcReader(source)


def test_every_cut_is_seen() -> None:
    whole = body()
    assert read_all(StreamSource(pulled(whole))) == 2
    for length in range(len(whole)):
        with pytest.raises(StreamEndedError):
            read_all(StreamSource(pulled(whole[:length])))


def test_metadata_travels_with_a_batch() -> None:
    writer = IpcWriter(IDENTIFIER_SCHEMA)
    reader = IpcReader(StreamSource(pulled(b"".join([*writer.write(BATCH, {b"k": b"v"}), *writer.end()]))))
    found = reader.next_batch()
    assert found is not None
    assert found[1] == {b"k": b"v"}


def test_an_enormous_message_is_not_even_read() -> None:
    source = StreamSource(lambda wanted: b"\xff\xff\xff\xff\xff\xff\xff\x7f")
    with pytest.raises(MessageTooLargeError):
        IpcReader(source)
