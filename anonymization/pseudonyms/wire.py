"""What travels between the hub and custody: Arrow IPC streams, one after the other in one body.

    request    [subjects stream]  identifiers stream      (the first one only with a purpose)
    answer     pseudonyms stream, one batch for each batch of identifiers

A failure once the answer has begun is told in the answer itself: a batch without rows whose metadata names the error,
and then no end-of-stream marker. pyarrow takes a body that stops between two messages for a complete stream; so both
sides read through :class:`StreamSource`, which knows the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from anonymization.pseudonyms.columns import PSEUDONYM_TYPE
from anonymization.pseudonyms.kinds import Kind

ANSWER_TYPES = {Kind.ONE_WAY: PSEUDONYM_TYPE, Kind.REVERSIBLE: pa.binary(), Kind.FORMAT_PRESERVING: pa.string()}
MEDIA_TYPE = "application/vnd.apache.arrow.stream"
IDENTIFIER_SCHEMA = pa.schema([pa.field("identifier", pa.string())])
SUBJECT_SCHEMA = pa.schema([pa.field("subject", PSEUDONYM_TYPE)])
BATCH_ROWS = 65_536  # rows of the batches the client sends: what a batch costs custody is then a few per cent
MAX_BATCH_ROWS = 65_536  # custody takes no larger batch
MAX_MESSAGE_BYTES = 72 * 1024 * 1024  # such a batch of the longest identifiers
END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"  # format: Columnar.rst, « IPC Streaming Format »

Pull: TypeAlias = Callable[[int], bytes]
Bytes: TypeAlias = "bytes | pa.Buffer"
Piece: TypeAlias = Sequence[Bytes]  # what is sent together, in order

ERROR_CODE = b"ardoise.error.code"
ERROR_MESSAGE = b"ardoise.error.message"
ERROR_STATUS = b"ardoise.error.status"


class StreamEndedError(EOFError):
    """The body ended in the middle of an Arrow stream."""


class MessageTooLargeError(ValueError):
    """An Arrow message larger than :data:`MAX_MESSAGE_BYTES`."""


def pseudonym_schema(metadata: dict[str, str], kind: pa.DataType = PSEUDONYM_TYPE) -> pa.Schema:
    """Return the answer's schema: the pseudonyms, and how they were made."""
    return pa.schema([pa.field("pseudonym", kind, metadata=metadata)])


class StreamSource:
    """A file-like over a pulled body. Hands out exactly what is asked for, and refuses enormous requests.

    What was pulled is copied once, into the aligned memory that Arrow then keeps.

    Args:
        pull: is told how many bytes are wanted, and returns some, more or less, ``b""`` at the end of the body.
    """

    def __init__(self, pull: Pull) -> None:
        self.pull = pull
        self._pending = memoryview(b"")
        self.ended = False  # whether a read fell short: there is no end-of-stream marker behind
        self.closed = False

    def readable(self) -> bool:
        """Tell Arrow that this is an input."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return ``size`` bytes, fewer only at the end of the body."""
        return bytes(self._read(size))

    def read_buffer(self, size: int = -1) -> pa.Buffer:
        """Return as :meth:`read`; Arrow asks this way where it keeps what it reads."""
        return self._read(size)

    def close(self) -> None:
        """Arrow closes what it has read; the body is its owner's."""

    def _read(self, size: int) -> pa.Buffer:
        if size < 0 or size > MAX_MESSAGE_BYTES:
            raise MessageTooLargeError(f"an Arrow message has at most {MAX_MESSAGE_BYTES} bytes")
        parts, wanted = [], size
        while wanted:
            if not self._pending:
                self._pending = memoryview(self.pull(wanted))
                if not self._pending:
                    self.ended = True
                    break
            parts.append(self._pending[:wanted])
            self._pending = self._pending[wanted:]
            wanted -= len(parts[-1])
        return _joined(parts, size - wanted)


class IpcReader:
    """Batches of one Arrow IPC stream, of which the end is certain."""

    def __init__(self, source: StreamSource) -> None:
        """Read the schema.

        Raises:
            StreamEndedError: the body ends before the schema does.
            pyarrow.ArrowInvalid: these bytes are not Arrow's.
        """
        self._source = source
        try:
            self._reader = pa.ipc.open_stream(pa.PythonFile(source, mode="r"))
        except pa.ArrowInvalid:
            if source.ended:
                raise StreamEndedError("the body ends before its schema") from None
            raise
        self.schema: pa.Schema = self._reader.schema

    def next_batch(self) -> tuple[pa.RecordBatch, dict[bytes, bytes]] | None:
        """Return the next batch and its metadata, None after the end-of-stream marker.

        Raises:
            StreamEndedError: the body ended without that marker.
        """
        try:
            batch, metadata = self._reader.read_next_batch_with_custom_metadata()
        except StopIteration:
            if self._source.ended:
                raise StreamEndedError("the stream has no end-of-stream marker") from None
            return None
        except (pa.ArrowInvalid, OSError):
            if self._source.ended:
                raise StreamEndedError("the stream stops in the middle of a batch") from None
            raise
        return batch, dict(metadata) if metadata else {}


class IpcWriter:
    """Turns batches into the bytes of one Arrow IPC stream, one call at a time."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._begun = False

    def write(self, batch: pa.RecordBatch, metadata: dict[bytes, bytes] | None = None) -> Piece:
        """Return the bytes of ``batch`` in pieces (after those of the schema, the first time), to be sent in order."""
        return [*self._beginning(), batch.serialize() if metadata is None else _with_metadata(batch, metadata)]

    def end(self) -> Piece:
        """Return the end-of-stream marker (after the schema, if nothing was written)."""
        return [*self._beginning(), END_OF_STREAM]

    def _beginning(self) -> list[Bytes]:
        if self._begun:
            return []
        self._begun = True
        return [self._schema.serialize()]


def _with_metadata(batch: pa.RecordBatch, metadata: dict[bytes, bytes]) -> pa.Buffer:
    """Return the message of a batch with metadata of its own: what a stream of it has between schema and end."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch, custom_metadata=metadata)
    stream, before = sink.getvalue(), batch.schema.serialize().size
    return stream.slice(before, stream.size - before - len(END_OF_STREAM))


def _joined(parts: list[memoryview], size: int) -> pa.Buffer:
    """Return one buffer, aligned as Arrow wants it."""
    buffer = pa.allocate_buffer(size)
    room, at = np.frombuffer(buffer, np.uint8) if size else np.empty(0, np.uint8), 0
    for part in parts:
        room[at : at + len(part)] = np.frombuffer(part, np.uint8)  # other threads may run meanwhile
        at += len(part)
    return buffer
