"""Reversible padding to declared lengths, by column (ISO/IEC 7816-4): a byte 80, then zeros.

A ciphertext is as long as what it hides; a column of reversible pseudonyms would tell Zoé from Maximilienne. So a
domain declares a few lengths, and each value is brought to the smallest that is larger than its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa

from anonymization.pseudonyms.blocks import BLOCK, blocks_from
from anonymization.pseudonyms.cmac import PADDING
from anonymization.pseudonyms.columns import MAX_VALUE_BYTES, ByteColumn
from anonymization.pseudonyms.errors import PaddingError, ValueTooLongError
from anonymization.pseudonyms.windows import Lengths, Rows, as_blocks, as_items, running
from anonymization.pseudonyms.written import Written

_NOTHING = bytes(BLOCK)
# By the bytes of a value left for a block, plus one; index 0 stands for less than none.
_KEPT = blocks_from([_NOTHING] + [(b"\xff" * left).ljust(BLOCK, b"\0") for left in range(BLOCK + 1)])
_MARK = 0x80
_ADDED = blocks_from([_NOTHING, *PADDING, _NOTHING])


def pad(values: pa.Array, lengths: Sequence[int]) -> pa.Array:
    """Return each value padded to one of ``lengths``, null where it is null.

    Args:
        values: text (its UTF-8) or bytes, plain or dictionary-encoded; a dictionary stays one.
        lengths: in bytes, ascending, at most 65 536; a value needs one more than it has.

    Returns:
        Binary (large, if the values are).

    Raises:
        PaddingError: the lengths are no such numbers.
        ValueTooLongError: a value does not fit into the largest of them.
        NullColumnError, IdentifierTypeError, ColumnTooLargeError: the values are no text or bytes, or too many.
    """
    ascending = all(one < other for one, other in pairwise(lengths))
    if not lengths or not ascending or lengths[0] < 1 or lengths[-1] > MAX_VALUE_BYTES:
        raise PaddingError(f"declared lengths are ascending numbers from 1 to {MAX_VALUE_BYTES}")
    if isinstance(values, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(values.indices, pad(values.dictionary, lengths))
    column = ByteColumn(values)
    places = np.searchsorted(np.array(lengths), column.lengths(), "right")
    if (long := int((places == len(lengths)).sum())) > 0:
        raise ValueTooLongError(f"{long} values have {lengths[-1]} bytes or more, the largest declared length")
    written = Written(column.present(np.array(lengths, np.int64)[places]), column.large)
    for rows in column.slices():
        target = written.rows(rows.first, len(rows), None)
        for index in range((int(target.lengths.max()) - 1) // BLOCK, -1, -1):
            which = running(target.lengths, index * BLOCK)
            some = rows.reordered(np.arange(len(rows)) if which is None else which)
            items = some.items(np.minimum(index * BLOCK, some.lengths))  # not beyond the bytes that there are
            left = np.clip(some.lengths - index * BLOCK, -1, BLOCK) + 1
            blocks = (items.view(np.uint64).reshape(-1, 2) & as_blocks(_KEPT, left)) | as_blocks(_ADDED, left)
            written.write(target.starts, None, index * BLOCK, as_items(blocks), which)
    return written.column(column.valid)


def unpad(values: pa.Array) -> pa.Array:
    """Return what :func:`pad` was given, as binary, null where it is null.

    Raises:
        PaddingError: a value does not end in a byte 80 and zeros.
        NullColumnError, IdentifierTypeError, ValueTooLongError: the values are no text or bytes.
    """
    if isinstance(values, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(values.indices, unpad(values.dictionary))
    column = ByteColumn(values)
    parts = [_unpadded_lengths(rows, column) for rows in column.slices()]
    written = Written(np.concatenate([np.zeros(0, np.int64), *parts]), column.large)
    for rows in column.slices():
        target = written.rows(rows.first, len(rows), None)
        for index in range((int(target.lengths.max()) - 1) // BLOCK, -1, -1):
            which = running(target.lengths, index * BLOCK)
            some = rows if which is None else rows.reordered(which)
            written.write(target.starts, None, index * BLOCK, some.items(index * BLOCK), which)
    return written.column(column.valid)


def _unpadded_lengths(rows: Rows, column: ByteColumn) -> Lengths:
    """The bytes of each value before its padding: those before the last one that is not zero, which must be 80."""
    ends = np.zeros(len(rows), np.int64)
    for index in range(-(-int(rows.lengths.max()) // BLOCK)):
        which = running(rows.lengths, index * BLOCK)
        some = rows.reordered(np.arange(len(rows)) if which is None else which)
        signs = some.items(index * BLOCK).view(np.uint8).reshape(-1, BLOCK) != 0
        signs &= np.arange(BLOCK) < (some.lengths - index * BLOCK)[:, None]
        last = index * BLOCK + BLOCK - signs[:, ::-1].argmax(axis=1)
        found = signs.any(axis=1)
        ends[np.flatnonzero(found) if which is None else which[found]] = last[found]
    wrong = (ends == 0) | (rows.data[rows.starts + np.maximum(ends, 1) - 1] != _MARK)
    if column.valid is not None:
        valid = column.valid[rows.first : rows.first + len(rows)]
        wrong &= valid
        ends[~valid] = 1
    if wrong.any():
        raise PaddingError(f"{int(wrong.sum())} values, from row {rows.first + int(wrong.argmax())} on, are not padded")
    return ends - 1
