"""An answer's Arrow stream, and how it ends when it can not go on."""

from __future__ import annotations

import pyarrow as pa

from anonymization.pseudonyms.wire import ERROR_CODE, ERROR_MESSAGE, ERROR_STATUS, IpcWriter, Piece, pseudonym_schema
from custody.errors import RefusedError


class Outgoing:
    """One column of pseudonyms on its way out."""

    def __init__(self, metadata: dict[str, str], kind: pa.DataType) -> None:
        """Begin a stream whose field has this metadata and type."""
        self._schema = pseudonym_schema(metadata, kind)
        self._writer = IpcWriter(self._schema)

    def batch(self, pseudonyms: pa.Array) -> Piece:
        """Return the bytes of one batch."""
        return self._writer.write(pa.record_batch([pseudonyms], schema=self._schema))

    def end(self) -> Piece:
        """Return the end-of-stream marker."""
        return self._writer.end()

    def error(self, refusal: RefusedError) -> Piece:
        """Return the last bytes of an answer that can not go on: a batch that says why, and no end-of-stream marker."""
        empty = pa.record_batch([pa.array([], self._schema.field(0).type)], schema=self._schema)
        metadata = {
            ERROR_CODE: refusal.code.encode(),
            ERROR_MESSAGE: refusal.message.encode(),
            ERROR_STATUS: str(refusal.status).encode(),
        }
        return self._writer.write(empty, metadata)
