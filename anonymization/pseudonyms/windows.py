"""Values of a column as bytes that NumPy can move many rows at a time.

A value is read and written through *windows*: item *i* of the windows of some bytes is the 16 bytes (or fewer) that
stand from byte *i* on. One indexing moves a block of every row, by a stride where all rows have one width, by gathering
where they do not. A window may reach beyond its value. So readers mask; and writers put the blocks of a row in
descending order, and those of all rows in ascending order: what a block leaves beyond its row falls on the first blocks
of the rows behind, which come after it. NumPy assigns items in order, also where they overlap; tests hold it to that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anonymization.pseudonyms.blocks import BLOCK, Blocks

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
        as_items(out)[:count] = windows[where(self.starts[:count], self.width, offset)]

    def items(self, offset: int | Lengths, size: int = BLOCK) -> Windows:
        """Return the ``size`` bytes, 16 at most, of each value from byte ``offset`` on (an array if width is None)."""
        return windows_of(self.data, size)[where(self.starts, self.width, offset)]

    def reordered(self, order: NDArray[np.int64]) -> Rows:
        """Return these rows, or some of them, in another order."""
        return Rows(self.first, self.data, self.starts[order], self.lengths[order], None)


def running(lengths: Lengths, offset: int) -> NDArray[np.int64] | None:
    """Return which values go on beyond byte ``offset``, None if all do."""
    beyond = lengths > offset
    return None if beyond.all() else np.flatnonzero(beyond)


def where(starts: Lengths, width: int | None, offset: int | Lengths) -> slice | Lengths:
    """Return the windows ``offset`` bytes after each start, as an index: a stride where that is possible."""
    if width is None or len(starts) == 0:
        return starts + offset
    begin = int(starts[0]) + int(offset)
    return slice(begin, begin + (len(starts) - 1) * width + 1, width)


def windows_of(data: NDArray[np.uint8], size: int = BLOCK) -> Windows:
    """Return every ``size`` bytes of ``data``, overlapping."""
    return np.ndarray((len(data) - size + 1,), np.dtype(f"V{size}"), buffer=data.data, strides=(1,))


def as_items(blocks: Blocks) -> Windows:
    """Return blocks as single items of 16 bytes: moving them is several times faster than moving rows of two words."""
    return blocks.view(f"V{BLOCK}").reshape(-1)


def as_blocks(table: Blocks, which: Lengths) -> Blocks:
    """Return the block of a small table that each row asks for."""
    return as_items(table)[which].view(np.uint64).reshape(-1, 2)
