"""The text form of pseudonyms: base32 (RFC 4648, section 6), upper case, without padding, by column.

Sixteen bytes are 26 characters. There is one text for one pseudonym: lower case, padding, characters of no use and bits
that should be zero are refused. Five bytes are eight characters, so group *i* of every value is treated at once, two
characters a look-up.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymization.pseudonyms.columns import MAX_VALUE_BYTES, ByteColumn
from anonymization.pseudonyms.errors import IdentifierTypeError, TextFormError
from anonymization.pseudonyms.windows import Rows, running
from anonymization.pseudonyms.written import Written

TEXT_LENGTH = 26  # characters of a 16-byte pseudonym: 128 bits by five, the last two bits zero

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BYTES, _CHARACTERS = 5, 8  # of a group
_NO_LENGTH = (1, 3, 6)  # characters that no whole number of bytes has in its last group
_UNKNOWN = 1 << 15

_Words = NDArray[np.uint64]

_PAIRS = np.array([first | second << 8 for first in _ALPHABET for second in _ALPHABET], np.uint64)
"""The two characters of ten bits, in memory order."""

_TENS = np.full(1 << 16, _UNKNOWN, np.uint16)  # small enough to stay in a core's second-level cache
"""The ten bits of two characters."""
_TENS[_PAIRS] = np.arange(1 << 10)

_KEPT = np.array([((1 << 40) - 1) ^ ((1 << (40 - 8 * left)) - 1) for left in range(_BYTES + 1)], np.uint64)
"""The bits of a group of which so many bytes are left."""

_OWN = np.array([(1 << (8 * left)) - 1 for left in range(_CHARACTERS + 1)], np.uint64)
"""A group's own characters, where there are so many."""

_FILL = np.uint64(int.from_bytes(b"A" * _CHARACTERS, "little"))
"""Characters that stand for no bits."""

_EXCESS = np.array([(1 << (40 - left * 5 // 8 * 8)) - 1 for left in range(_CHARACTERS + 1)], np.uint64)
"""The bits of a group of so many characters that make no whole byte."""


def to_base32(values: pa.Array) -> pa.Array:
    """Return the text form of each value, null where it is null.

    Args:
        values: bytes of any length, fixed or not, plain or dictionary-encoded; a dictionary stays one.

    Returns:
        Strings (large, if the values are large).

    Raises:
        NullColumnError, IdentifierTypeError, ValueTooLongError, ColumnTooLargeError: the values are no bytes, or too
            many of them.
    """
    if isinstance(values, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(values.indices, to_base32(values.dictionary))
    column = ByteColumn(values)
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type) or pa.types.is_string_view(values.type):
        raise IdentifierTypeError(f"the text form is of bytes, not of {values.type}")
    written = Written((column.lengths() * 8 + 4) // 5, column.large)
    for rows in column.slices():
        text = written.rows(rows.first, len(rows), (rows.width * 8 + 4) // 5 if rows.width else None)
        for group in range((int(rows.lengths.max(initial=0)) - 1) // _BYTES, -1, -1):
            which = running(rows.lengths, group * _BYTES)
            some = rows if which is None else rows.reordered(which)
            items = _encoded(some, group * _BYTES).view(f"V{_CHARACTERS}")
            written.write(text.starts, text.width, group * _CHARACTERS, items, which)
    return written.column(column.valid, pa.large_string() if column.large else pa.string())


def from_base32(texts: pa.Array, size: int | None = None) -> pa.Array:
    """Return the values of which these are the text forms, null where they are null.

    Args:
        texts: strings, plain or dictionary-encoded; a dictionary stays one.
        size: the bytes that every value must have, if they must.

    Returns:
        Bytes (large, if the texts are), of fixed size if one is given.

    Raises:
        TextFormError: a text is not what :func:`to_base32` writes, or not for so many bytes.
        NullColumnError, IdentifierTypeError, ValueTooLongError: the values are no texts.
    """
    if isinstance(texts, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(texts.indices, from_base32(texts.dictionary, size))
    column = ByteColumn(texts, (MAX_VALUE_BYTES * 8 + 4) // 5)
    lengths = column.lengths()
    wrong = np.isin(lengths % _CHARACTERS, _NO_LENGTH)
    if size is not None:
        wrong |= (lengths != (size * 8 + 4) // 5) & (True if column.valid is None else column.valid)
    _refuse(wrong, "have a length that no value has")
    written = Written(lengths * 5 // 8 if size is None else np.full(column.rows, size, np.int64), column.large)
    for rows in column.slices():
        made = written.rows(rows.first, len(rows), rows.width * 5 // 8 if rows.width else None)
        for group in range((int(rows.lengths.max(initial=0)) - 1) // _CHARACTERS, -1, -1):
            which = running(rows.lengths, group * _CHARACTERS)
            some = rows if which is None else rows.reordered(which)
            words = _decoded(some, group * _CHARACTERS)
            items = np.ndarray((len(words),), f"V{_BYTES}", words.data, 0, (8,))
            written.write(made.starts, made.width, group * _BYTES, items, which)
    return written.column(column.valid) if size is None else written.fixed(column.valid, size)


def _encoded(rows: Rows, offset: int) -> _Words:
    """The eight characters of five bytes of each row."""
    bits: _Words = rows.items(offset, 8).copy().view(np.uint64).byteswap() >> np.uint64(24)
    bits &= _KEPT[np.minimum(rows.lengths - offset, _BYTES)]
    text: _Words = _PAIRS[bits >> np.uint64(30)]
    for place, shift in enumerate((20, 10, 0), start=1):
        text |= _PAIRS[(bits >> np.uint64(shift)) & np.uint64(0x3FF)] << np.uint64(16 * place)
    return text


def _decoded(rows: Rows, offset: int) -> _Words:
    """The five bytes of eight characters of each row, first in the memory of a word."""
    left = np.minimum(rows.lengths - offset, _CHARACTERS)
    own = _OWN[left]
    text = (rows.items(offset, _CHARACTERS).copy().view(np.uint64) & own) | (_FILL & ~own)
    tens = _TENS.take(text.view(np.uint16)).reshape(-1, 4)
    bits = np.zeros(len(text), np.uint64)
    for place in range(4):
        bits <<= np.uint64(10)
        bits |= tens[:, place]
    if int(tens.max()) == _UNKNOWN:
        _refuse((tens == _UNKNOWN).any(axis=1), "have a character that is not of base32 in upper case")
    _refuse((bits & _EXCESS[left]) != 0, "end in bits that no value has")
    made: _Words = (bits << np.uint64(24)).byteswap()
    return made


def _refuse(wrong: NDArray[np.bool_], what: str) -> None:
    if wrong.any():
        raise TextFormError(f"{int(wrong.sum())} texts {what}")
