"""Results as Arrow columns, written in place.

What lies under a null is zeros, or nothing: an Arrow buffer travels whole, nulls included, and the pseudonym of someone
who must come back null may not travel with it.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymization.pseudonyms.blocks import BLOCK, Blocks
from anonymization.pseudonyms.columns import PSEUDONYM_TYPE
from anonymization.pseudonyms.errors import ColumnTooLargeError
from anonymization.pseudonyms.windows import SPARE, Lengths, Rows, Windows, where, windows_of


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

    def write(
        self,
        starts: Lengths,
        width: int | None,
        offset: int,
        items: Windows,
        which: NDArray[np.int64] | None = None,
    ) -> None:
        """Put an item of each row ``offset`` bytes after its start. For the order of calls, see above.

        Args:
            starts: of rows, ascending; ``width`` is what stands between any two, None if that differs.
            which: the numbers of those that are written, ascending; by default all.
        """
        if which is not None:
            starts, width = starts[which], None
        windows_of(self.data, items.dtype.itemsize)[where(starts, width, offset)] = items

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

    def fixed(self, valid: NDArray[np.bool_] | None, size: int) -> pa.FixedSizeBinaryArray:
        """Return what was written, ``size`` bytes a row, null, and zeros, where not ``valid``."""
        rows = len(self.offsets) - 1
        if valid is not None:
            self.data[: rows * size].reshape(rows, size)[~valid] = 0
        buffers = [bitmap(valid), self._buffer.slice(0, rows * size)]
        return pa.FixedSizeBinaryArray.from_buffers(pa.binary(size), rows, buffers)


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


def bitmap(valid: NDArray[np.bool_] | None) -> pa.Buffer | None:
    """Return Arrow's form of which values are not null."""
    return None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little"))
