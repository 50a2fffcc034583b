"""Arrow columns of text or bytes, as rows of bytes.

Columns come in slices of few rows and bytes: working memory does not grow with a column. Nothing is copied but, at
times, the last slice. Values are bounded, so that no single one can stop a service.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymization.pseudonyms.blocks import BLOCK, SLICE_ROWS, Blocks
from anonymization.pseudonyms.errors import IdentifierTypeError, NullColumnError, ValueTooLongError
from anonymization.pseudonyms.windows import SPARE, Lengths, Rows

PSEUDONYM_BYTES = 16
PSEUDONYM_TYPE = pa.binary(PSEUDONYM_BYTES)

MAX_VALUE_BYTES = 1 << 16  # of one value: an identifier has a few dozen; more is somebody's mistake, or an attack
SLICE_BYTES = 1 << 22  # of the values of a slice, unless its only row is larger

_LOOK = 1 << 16  # lengths looked at together


class ByteColumn:
    """An Arrow array of text or bytes."""

    def __init__(self, values: pa.Array, limit: int = MAX_VALUE_BYTES) -> None:
        """Look at ``values`` without copying them.

        Raises:
            NullColumnError: the column has no type but null.
            IdentifierTypeError: it holds neither text nor bytes, or is no single array.
            ValueTooLongError: a value has more than ``limit`` bytes.
        """
        array = _plain(values)
        self.type: pa.DataType = values.type
        self.large = pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)
        self.valid = validity_of(array)
        self.rows = len(array)
        data = array.buffers()[-1]
        self._data = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(0, np.uint8)
        self._offsets = _offsets(array, self.large)
        if (most := _longest(self._offsets)) > limit:
            raise ValueTooLongError(f"a value has {most} bytes, more than the {limit} that any may have")

    def lengths(self) -> Lengths:
        """Return the bytes of each value, none under a null."""
        return self._lengths(0, self.rows)

    def present(self, lengths: Lengths) -> Lengths:
        """Return ``lengths``, zero under a null. Changes them."""
        if self.valid is not None:
            lengths[~self.valid] = 0
        return lengths

    def slices(self) -> Iterator[Rows]:
        """Yield the column in runs of at most :data:`SLICE_ROWS` rows and :data:`SLICE_BYTES`, or of one row."""
        start = 0
        while start < self.rows:
            stop = min(start + SLICE_ROWS, self.rows)
            limit = int(self._offsets[start]) + SLICE_BYTES
            if int(self._offsets[stop]) > limit:
                ends = self._offsets[start + 1 : stop + 1].astype(np.int64)
                stop = start + max(1, int(np.searchsorted(ends, limit, "right")))
            yield self._run(start, stop)
            start = stop

    def _lengths(self, start: int, stop: int) -> Lengths:
        lengths = np.diff(self._offsets[start : stop + 1]).astype(np.int64)
        if self.valid is not None:
            lengths[~self.valid[start:stop]] = 0
        return lengths

    def _run(self, start: int, stop: int) -> Rows:
        offsets = self._offsets[start : stop + 1]
        begin, end, count = int(offsets[0]), int(offsets[-1]), stop - start
        data = self._data[begin : end + SPARE]
        if len(data) < end - begin + SPARE:
            data = np.concatenate([data, np.zeros(end - begin + SPARE - len(data), np.uint8)])
        steps = offsets[1:] - offsets[:-1]
        width = int(steps[0])
        if width and width == steps.min() == steps.max() and (self.valid is None or self.valid[start:stop].all()):
            return Rows(start, data, _even(width)[:count], np.broadcast_to(np.int64(width), count), width)
        starts = offsets[:-1].astype(np.int64) - begin
        return Rows(start, data, starts, self._lengths(start, stop), None)


def longest(column: pa.Array) -> int:
    """Return the bytes of the longest value of a plain column of text or bytes, whatever lies under a null included."""
    return _longest(_offsets(column, pa.types.is_large_string(column.type) or pa.types.is_large_binary(column.type)))


@lru_cache(maxsize=8)
def _even(width: int) -> Lengths:
    """Return where values of one width start, for as many as a slice may have: read-only, made once a width."""
    starts = np.arange(0, SLICE_ROWS * width, width, dtype=np.int64)
    starts.flags.writeable = False
    return starts


def blocks_of(column: pa.FixedSizeBinaryArray) -> Blocks:
    """Return the bytes of a column of 16-byte values, without copying them; read-only.

    Raises:
        IdentifierTypeError: it is not a column of 16-byte values.
    """
    if not isinstance(column, pa.Array) or column.type != PSEUDONYM_TYPE:
        raise IdentifierTypeError(f"pseudonyms are an array of {PSEUDONYM_TYPE}, not {column.type}")
    data = column.buffers()[1]
    if data is None or len(column) == 0:
        return np.zeros((len(column), 2), np.uint64)
    return np.frombuffer(data, np.uint64, 2 * len(column), BLOCK * column.offset).reshape(-1, 2)


def validity_of(column: pa.Array) -> NDArray[np.bool_] | None:
    """Return which values are not null, None where all are."""
    return column.is_valid().to_numpy(zero_copy_only=False) if column.null_count else None


def _plain(values: pa.Array) -> pa.Array:
    kind = values.type
    if pa.types.is_null(kind):
        raise NullColumnError("a column of no type but null holds no identifiers: declare its type")
    if not isinstance(values, pa.Array):
        raise IdentifierTypeError("columns are treated one array at a time, not in chunks")
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
        return values.cast(pa.large_binary())
    known = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    if any(test(kind) for test in known) or pa.types.is_fixed_size_binary(kind):
        return values
    raise IdentifierTypeError(f"identifiers are text or bytes, not {kind}")


def _longest(offsets: NDArray[np.signedinteger]) -> int:
    runs = (offsets[start : start + _LOOK + 1] for start in range(0, len(offsets) - 1, _LOOK))
    return max((int((run[1:] - run[:-1]).max()) for run in runs), default=0)


def _offsets(array: pa.Array, large: bool) -> NDArray[np.signedinteger]:
    if pa.types.is_fixed_size_binary(array.type):
        every = np.arange(array.offset, array.offset + len(array) + 1, dtype=np.int64)
        every *= array.type.byte_width
        return every
    buffer = array.buffers()[1]
    if buffer is None or len(array) == 0:
        return np.zeros(len(array) + 1, np.int64)
    kind = np.dtype(np.int64 if large else np.int32)
    return np.frombuffer(buffer, kind, len(array) + 1, array.offset * kind.itemsize)
