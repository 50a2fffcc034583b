"""What travels between the hub and custody: Arrow IPC streams, one after the other in one body.

    request    [subjects stream]  identifiers stream      (the first one only with a purpose)
    answer     pseudonyms stream, one batch for each batch of identifiers

A failure once the answer has begun is told in the answer itself: a batch without rows whose metadata names the error,
and then no end-of-stream marker. pyarrow takes a body that stops between two messages for a complete stream; so both
sides read through :class:`StreamSource`, which knows the difference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from anonymization.pseudonyms.columns import PSEUDONYM_TYPE
from anonymization.pseudonyms.kinds import Kind

ANSWER_TYPES = {Kind.ONE_WAY: PSEUDONYM_TYPE, Kind.REVERSIBLE: pa.binary(), Kind.FORMAT_PRESERVING: pa.string()}
MEDIA_TYPE = "application/vnd.apache.arrow.stream"
IDENTIFIER_SCHEMA = pa.schema([pa.field("identifier", pa.string())])
SUBJECT_SCHEMA = pa.schema([pa.field("subject", PSEUDONYM_TYPE)])
BATCH_ROWS = 32_768  # rows of the batches the client sends: what a batch costs custody is then a few per cent
MAX_BATCH_ROWS = 65_536  # custody takes no larger batch
MAX_MESSAGE_BYTES = 48 * 1024 * 1024

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

    Args:
        pull: returns the next bytes, ``b""`` at the end of the body.
    """

    def __init__(self, pull: Callable[[], bytes]) -> None:
        self._pull = pull
        self._pending = bytearray()
        self.ended = False  # whether a read fell short: there is no end-of-stream marker behind
        self.closed = False

    def readable(self) -> bool:
        """Tell Arrow that this is an input."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return ``size`` bytes, fewer only at the end of the body."""
        if size < 0 or size > MAX_MESSAGE_BYTES:
            raise MessageTooLargeError(f"an Arrow message has at most {MAX_MESSAGE_BYTES} bytes")
        while len(self._pending) < size:
            chunk = self._pull()
            if not chunk:
                self.ended = True
                break
            self._pending += chunk
        taken = bytes(self._pending[:size])
        del self._pending[:size]
        return taken

    def close(self) -> None:
        """Arrow closes what it has read; the body is its owner's."""


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


class ChunkSink:
    """A file-like that collects what an Arrow writer writes, to be taken after each batch."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self.closed = False

    def writable(self) -> bool:
        """Tell Arrow that this is an output."""
        return True

    def write(self, data: Any) -> int:
        """Keep a copy of ``data``."""
        self._chunks.append(bytes(data))
        return len(self._chunks[-1])

    def flush(self) -> None:
        """Nothing lies behind."""

    def close(self) -> None:
        """Nothing to close."""

    def take(self) -> bytes:
        """Return what was written since the last call."""
        data = b"".join(self._chunks)
        self._chunks.clear()
        return data


class IpcWriter:
    """Turns batches into the bytes of one Arrow IPC stream, one call at a time."""

    def __init__(self, schema: pa.Schema) -> None:
        self._sink = ChunkSink()
        self._writer = pa.ipc.new_stream(pa.PythonFile(self._sink, mode="w"), schema)

    def write(self, batch: pa.RecordBatch, metadata: dict[bytes, bytes] | None = None) -> bytes:
        """Return the bytes of ``batch`` (and of the schema, the first time)."""
        self._writer.write_batch(batch, custom_metadata=metadata)
        return self._sink.take()

    def end(self) -> bytes:
        """Return the end-of-stream marker (and the schema, if nothing was written)."""
        self._writer.close()
        return self._sink.take()
