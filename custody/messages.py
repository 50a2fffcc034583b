"""Reading Arrow messages from somebody else: only plain record batches, each checked before anything is inflated.

Arrow's own stream reader inflates compressed buffers and follows dictionaries, both of which let a small body ask for
any amount of memory. So messages are taken one by one, and two fields of their FlatBuffers header are looked at: Arrow
has verified that header when it hands the message over (format/Message.fbs: Message.header, RecordBatch.compression).
"""

from __future__ import annotations

import struct

import pyarrow as pa

from anonymization.pseudonyms.wire import StreamEndedError, StreamSource
from custody.errors import RefusedError

_MESSAGE_HEADER = 2  # positions of fields in their FlatBuffers tables
_RECORD_BATCH_COMPRESSION = 3


class PlainReader:
    """Batches of one Arrow IPC stream, of which the end is certain."""

    def __init__(self, source: StreamSource) -> None:
        """Read the schema.

        Raises:
            StreamEndedError: the body ends before the schema does.
            RefusedError: the stream begins with something else.
            pyarrow.ArrowInvalid: these bytes are not Arrow's.
        """
        self._source = source
        self._messages = pa.ipc.MessageReader.open_stream(pa.PythonFile(source, mode="r"))
        first = self._next()
        if first is None or first.type != "schema":
            raise RefusedError("not_arrow", "an Arrow stream begins with its schema")
        self.schema: pa.Schema = pa.ipc.read_schema(first)

    def next_batch(self) -> pa.RecordBatch | None:
        """Return the next batch, None after the end-of-stream marker.

        Raises:
            StreamEndedError: the body ended without that marker.
            RefusedError: a message is no record batch, or is compressed.
        """
        message = self._next()
        if message is None:
            return None
        if message.type != "record batch":
            raise RefusedError("not_arrow", "after its schema, this stream may only have record batches")
        if _is_compressed(message.metadata.to_pybytes()):
            raise RefusedError("compressed", "record batches must not be compressed here")
        return pa.ipc.read_record_batch(message, self.schema)

    def _next(self) -> pa.ipc.Message | None:
        try:
            return self._messages.read_next_message()
        except StopIteration:
            if self._source.ended:
                raise StreamEndedError("the stream has no end-of-stream marker") from None
            return None
        except (pa.ArrowInvalid, OSError):
            if self._source.ended:
                raise StreamEndedError("the stream stops in the middle of a message") from None
            raise


def _is_compressed(header: bytes) -> bool:
    (root,) = struct.unpack_from("<I", header, 0)
    place = _field(header, root, _MESSAGE_HEADER)
    if place is None:
        raise RefusedError("not_arrow", "a message has no header")
    batch = place + struct.unpack_from("<I", header, place)[0]
    return _field(header, batch, _RECORD_BATCH_COMPRESSION) is not None


def _field(header: bytes, table: int, position: int) -> int | None:
    """Return where a field of a FlatBuffers table stands, None if it is left at its default."""
    vtable = table - struct.unpack_from("<i", header, table)[0]
    (size,) = struct.unpack_from("<H", header, vtable)
    slot = 4 + 2 * position
    if slot >= size:
        return None
    (offset,) = struct.unpack_from("<H", header, vtable + slot)
    return table + offset if offset else None
