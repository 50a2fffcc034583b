"""Arrow columns as bytes that NumPy can treat many rows at a time, and back.

A value is read and written through *windows*: item *i* of a column's windows is the 16 bytes that stand from byte *i*
on. One indexing reads a block of every row, by a stride where all rows have one width, by gathering where they do not.
A window may reach beyond its value, so readers mask it; writers put the blocks of a row in descending order, and of all
rows in ascending order, so that whatever a block left beyond its row is overwritten by the row it belongs to.

Columns come in slices of few rows and bytes: working memory does not grow with a column. What lies under a null is
zeros, or nothing, on the way out: an Arrow buffer travels whole, and the pseudonym of somebody who must come back null
may not travel with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymization.pseudonyms.blocks import BLOCK, SLICE_ROWS, Blocks
from anonymization.pseudonyms.errors import (
    ColumnTooLargeError,
    IdentifierTypeError,
    NullColumnError,
    ValueTooLongError,
)

PSEUDONYM_BYTES = 16
PSEUDONYM_TYPE = pa.binary(PSEUDONYM_BYTES)

MAX_VALUE_BYTES = 1 << 20  # of one value: an identifier has a few dozen; a megabyte is somebody's mistake, or attack
SLICE_BYTES = 1 << 20  # of the values of a slice, unless its only row is larger
SPARE = BLOCK  # bytes that may be read, or written, after the last value

Windows = NDArray[np.void]
Lengths = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """A run of the rows of a column, its values as bytes."""

    first: int  # number of the first one in the column
    data: NDArray[np.uint8]  # the bytes of all, and :data:`SPARE` more
    starts: Lengths  # of each value, in these bytes
    lengths: Lengths  # in bytes; zero under a null
    width: int | None  # the length that all values have, one after the other; None if they do not, or have none

    def __len__(self) -> int:
        return len(self.lengths)

    def read(self, offset: int, count: int, out: Blocks) -> None:
        """Put 16 bytes of each of the first ``count`` values, from byte ``offset`` of the value on, in ``out``."""
        windows = windows_of(self.data)
        out.view(windows.dtype).reshape(-1)[:count] = windows[_where(self.starts[:count], self.width, offset)]

    def reordered(self, order: NDArray[np.int64]) -> Rows:
        """Return these rows, or some of them, in another order."""
        return Rows(self.first, self.data, self.starts[order], self.lengths[order], None)


class ByteColumn:
    """An Arrow array of text or bytes."""

    def __init__(self, values: pa.Array) -> None:
        """Look at ``values`` without copying them.

        Raises:
            NullColumnError: the column has no type but null.
            IdentifierTypeError: it holds neither text nor bytes, or is no single array.
            ValueTooLongError: a value has more than :data:`MAX_VALUE_BYTES`.
        """
        array = _plain(values)
        self.type: pa.DataType = values.type
        self.large = pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)
        self.valid = validity_of(array)
        self.rows = len(array)
        data = array.buffers()[-1]
        self._data = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(0, np.uint8)
        self._offsets = _offsets(array, self.large)
        longest = int(np.diff(self._offsets).max(initial=0))
        if longest > MAX_VALUE_BYTES and self.lengths().max(initial=0) > MAX_VALUE_BYTES:
            raise ValueTooLongError(f"a value has {longest} bytes, more than the {MAX_VALUE_BYTES} that any may have")

    def lengths(self) -> Lengths:
        """Return the bytes of each value, none under a null."""
        return self._lengths(0, self.rows)

    def slices(self, rows: int = SLICE_ROWS) -> Iterator[Rows]:
        """Yield the column in runs of at most ``rows`` rows and :data:`SLICE_BYTES`, or of one row."""
        start = 0
        while start < self.rows:
            stop = min(start + rows, self.rows)
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
            starts = np.arange(0, count * width, width)
            return Rows(start, data, starts, np.broadcast_to(np.int64(width), count), width)
        starts = offsets[:-1].astype(np.int64) - begin
        return Rows(start, data, starts, self._lengths(start, stop), None)


def _where(starts: Lengths, width: int | None, offset: int) -> slice | Lengths:
    """Return the windows ``offset`` bytes after each start, as an index: a stride where that is possible."""
    if width is None or len(starts) == 0:
        return starts + offset
    begin = int(starts[0]) + offset
    return slice(begin, begin + (len(starts) - 1) * width + 1, width)


def windows_of(data: NDArray[np.uint8], size: int = BLOCK) -> Windows:
    """Return every ``size`` bytes of ``data``, overlapping."""
    return np.ndarray((len(data) - size + 1,), np.dtype(f"V{size}"), buffer=data.data, strides=(1,))


class Written:
    """A column of values of known lengths, to be written through windows. Every byte must be."""

    def __init__(self, lengths: Lengths, large: bool) -> None:
        """Make room.

        Raises:
            ColumnTooLargeError: more bytes than a column of this type can hold.
        """
        self.offsets = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths, out=self.offsets[1:])
        self._size, self._large = int(self.offsets[-1]), large
        if self._size > np.iinfo(np.int32).max and not large:
            raise ColumnTooLargeError("more than 2 GiB in one column: send smaller batches, or one of a large type")
        self._buffer = pa.allocate_buffer(self._size + SPARE)
        self.data: NDArray[np.uint8] = np.frombuffer(self._buffer, np.uint8)
        self.windows = windows_of(self.data)

    def write(
        self,
        starts: Lengths,
        width: int | None,
        offset: int,
        blocks: Blocks,
        which: NDArray[np.int64] | None = None,
    ) -> None:
        """Put a block of each row ``offset`` bytes after its start. For the order of calls, see above.

        Args:
            starts: of rows, ascending; ``width`` is what stands between any two, None if that differs.
            which: the numbers of those that are written, ascending; by default all.
        """
        if which is not None:
            starts, width = starts[which], None
        self.windows[_where(starts, width, offset)] = blocks.view(self.windows.dtype).reshape(-1)

    def rows(self, first: int, count: int, width: int | None) -> Rows:
        """Return what was written of ``count`` rows."""
        offsets = self.offsets[first : first + count + 1]
        return Rows(first, self.data, offsets[:-1], np.diff(offsets), width)

    def column(self, valid: NDArray[np.bool_] | None, kind: pa.DataType | None = None) -> pa.Array:
        """Return what was written: bytes, or the text of ``kind``."""
        offsets = self.offsets if self._large else self.offsets.astype(np.int32)
        kind = kind or (pa.large_binary() if self._large else pa.binary())
        buffers = [bitmap(valid), pa.py_buffer(offsets), self._buffer.slice(0, self._size)]
        return pa.Array.from_buffers(kind, len(offsets) - 1, buffers)


def block_room(rows: int) -> tuple[pa.Buffer, Blocks]:
    """Return memory for ``rows`` blocks, as Arrow's and as NumPy's; NumPy's has the row more that ciphering wants."""
    buffer = pa.allocate_buffer(BLOCK * (rows + 1))
    return buffer.slice(0, BLOCK * rows), np.frombuffer(buffer, np.uint64).reshape(-1, 2)


def block_column(buffer: pa.Buffer, blocks: Blocks, valid: NDArray[np.bool_] | None) -> pa.FixedSizeBinaryArray:
    """Return the 16-byte values in a :func:`block_room`, null, and zeros, where not ``valid``."""
    rows = buffer.size // BLOCK
    if valid is not None:
        blocks[:rows][~valid] = 0
    return pa.FixedSizeBinaryArray.from_buffers(PSEUDONYM_TYPE, rows, [bitmap(valid), buffer])


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


def bitmap(valid: NDArray[np.bool_] | None) -> pa.Buffer | None:
    """Return Arrow's form of which values are not null."""
    return None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little"))


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


def _offsets(array: pa.Array, large: bool) -> NDArray[np.signedinteger]:
    if pa.types.is_fixed_size_binary(array.type):
        width = array.type.byte_width
        return np.arange(array.offset * width, (array.offset + len(array)) * width + 1, max(width, 1), dtype=np.int64)
    buffer = array.buffers()[1]
    if buffer is None or len(array) == 0:
        return np.zeros(len(array) + 1, np.int64)
    kind = np.dtype(np.int64 if large else np.int32)
    return np.frombuffer(buffer, kind, len(array) + 1, array.offset * kind.itemsize)
