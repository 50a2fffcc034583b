"""Columns of a request's body: Arrow's bytes from outside, each batch checked whole before anything is made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa

from anonymization.pseudonyms.wire import MAX_BATCH_ROWS, MessageTooLargeError, StreamEndedError, StreamSource
from custody.errors import RefusedError
from custody.messages import PlainReader

_NOT_ASCII = 0x80

Check = Callable[[pa.Field], None]


def incoming(
    source: StreamSource, name: str, types: tuple[pa.DataType, ...], check: Check | None = None
) -> Iterator[pa.Array]:
    """Yield the column of each batch of the next Arrow stream of a body.

    Args:
        name: the only column's.
        types: those it may have.
        check: looks at its field before a batch is read.

    Raises:
        RefusedError: it is not such a stream, or stops before its end.
    """
    try:
        reader = PlainReader(source)
        if reader.schema.names != [name] or reader.schema.field(0).type not in types:
            raise RefusedError("wrong_column", f"this stream must have one column, « {name} », of {types[0]}")
        if check is not None:
            check(reader.schema.field(0))
        while (batch := reader.next_batch()) is not None:
            column = batch.column(0)
            if len(column) > MAX_BATCH_ROWS:
                raise RefusedError("batch_too_large", f"a batch has at most {MAX_BATCH_ROWS} rows")
            _validate(column)
            yield column
    except StreamEndedError:
        raise RefusedError("stream_truncated", f"the stream of « {name} » stops before its end") from None
    except MessageTooLargeError:
        raise RefusedError("batch_too_large", "an Arrow message is too large: send smaller batches") from None
    except (pa.ArrowException, OSError):
        raise RefusedError("not_arrow", f"where a stream of « {name} » should be are other bytes") from None


def _validate(column: pa.Array) -> None:
    """Raise unless the column's offsets lie within its bytes, in order, and its text is UTF-8.

    Arrow looks at the UTF-8 of each value by itself. Nearly every column is ASCII, which is seen at once over all of
    them: then only offsets are left to be looked at.
    """
    if pa.types.is_fixed_size_binary(column.type):
        column.validate(full=True)
        return
    column.validate()
    kind = pa.large_binary() if pa.types.is_large_string(column.type) else pa.binary()
    buffers = column.buffers()
    pa.Array.from_buffers(kind, len(column), buffers, offset=column.offset).validate(full=True)
    if buffers[2] is not None and buffers[2].size and int(np.frombuffer(buffers[2], np.uint8).max()) >= _NOT_ASCII:
        column.validate(full=True)
