"""FF1 over whole Arrow columns (NIST SP 800-38G, 5.1): format-preserving encryption.

A pseudonym is as long as its identifier and of the same alphabet: it fits where the identifier fitted, and shows its
length. The tweak binds it to its domain, column and epoch. There is no authentication: any text of the alphabet
decrypts to something.

FF1 is ten Feistel rounds over two halves of a text, as numbers (`feistel.py`, `limbs.py`). Rows of one length are
treated together: a round is a few operations over all of them, and one call of AES for each block of what is ciphered.
The 2016 text allows domains of a hundred texts; the draft of revision 1 asks for a million, and so does this module.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymization.pseudonyms.alphabets import Alphabet
from anonymization.pseudonyms.blocks import BlockCipher
from anonymization.pseudonyms.columns import ByteColumn
from anonymization.pseudonyms.errors import (
    ColumnTooLargeError,
    DomainTooSmallError,
    IdentifierTypeError,
    TweakError,
    ValueTooLongError,
)
from anonymization.pseudonyms.feistel import Feistel
from anonymization.pseudonyms.windows import Lengths, Rows
from anonymization.pseudonyms.written import bitmap

MIN_DOMAIN = 1_000_000  # texts of one length
MAX_CHARACTERS = 256  # of a value: the work for a character grows with their number
MAX_TWEAK_BYTES = 65_536


def ff1_encrypt(key: bytes, values: pa.Array, alphabet: str, tweak: bytes = b"") -> pa.Array:
    """Return the FF1 encryption of each text, null where it is null: as many characters, of the same alphabet.

    Args:
        key: 16, 24 or 32 bytes.
        values: strings, plain or dictionary-encoded; a dictionary stays one, each of its values encrypted once. They
            have at most 256 characters, and at least as many as make a million texts of the alphabet (six digits).
        alphabet: 2 to 65 536 characters, each once: a character's place is its numeral.
        tweak: what the values are bound to, the same for all; at most 65 536 bytes.

    Returns:
        Strings of the type of ``values``.

    Raises:
        KeyLengthError, AlphabetError, TweakError: key, alphabet or tweak are not as above.
        DomainTooSmallError, CharacterError, ValueTooLongError: a value is not.
        NullColumnError, IdentifierTypeError: the values are no text.
    """
    return _transform(key, values, alphabet, tweak, forward=True)


def ff1_decrypt(key: bytes, values: pa.Array, alphabet: str, tweak: bytes = b"") -> pa.Array:
    """Return what :func:`ff1_encrypt` was given; same arguments, same errors. FF1 can not tell a wrong key or tweak."""
    return _transform(key, values, alphabet, tweak, forward=False)


def _transform(key: bytes, values: pa.Array, characters: str, tweak: bytes, *, forward: bool) -> pa.Array:
    if not isinstance(tweak, bytes) or len(tweak) > MAX_TWEAK_BYTES:
        raise TweakError(f"a tweak has at most {MAX_TWEAK_BYTES} bytes")
    ff1 = _Ff1(BlockCipher(key), Alphabet(characters), tweak, forward)
    if isinstance(values, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(values.indices, ff1.column(values.dictionary))
    return ff1.column(values)


class _Ff1:
    """One key, alphabet, tweak and direction; remembers what it worked out for a length."""

    def __init__(self, cipher: BlockCipher, alphabet: Alphabet, tweak: bytes, forward: bool) -> None:
        self._cipher, self._alphabet, self._tweak, self._forward = cipher, alphabet, tweak, forward
        self._feistels: dict[int, Feistel] = {}

    def column(self, values: pa.Array) -> pa.Array:
        """Transform a plain column, slice by slice."""
        column = ByteColumn(values)
        if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type) or _is_view(values.type)):
            raise IdentifierTypeError(f"format-preserving pseudonyms are of text, not of {values.type}")
        texts, lengths = [], [np.zeros(1, np.int64)]
        for rows in column.slices():
            valid = column.valid[rows.first : rows.first + len(rows)] if column.valid is not None else None
            text, sizes = self._slice(rows, valid)
            texts.append(text)
            lengths.append(sizes)
        offsets = np.cumsum(np.concatenate(lengths))
        if offsets[-1] > np.iinfo(np.int32).max and not column.large:
            raise ColumnTooLargeError("more than 2 GiB of text: send smaller batches, or one of a large type")
        kind = pa.large_string() if column.large else pa.string()
        buffers = [bitmap(column.valid), pa.py_buffer(offsets if column.large else offsets.astype(np.int32))]
        made = pa.Array.from_buffers(kind, column.rows, [*buffers, pa.py_buffer(b"".join(texts))])
        return made.cast(values.type) if _is_view(values.type) else made

    def _slice(self, rows: Rows, valid: NDArray[np.bool_] | None) -> tuple[bytes, Lengths]:
        """Return the transformed text of a slice, one row after the other, and how many bytes each has."""
        numerals, starts, lengths = self._alphabet.read(rows)
        ends = np.cumsum(lengths)
        result = np.empty(int(ends[-1]), numerals.dtype)
        for length, which in _groups(lengths, valid):
            feistel = self._feistel(length)
            group = _items(numerals, length)[starts[which]].view(numerals.dtype).reshape(-1, length)
            self._alphabet.check(group, which + rows.first)
            made = feistel.encrypt(group) if self._forward else feistel.decrypt(group)
            _items(result, length)[(ends - lengths)[which]] = _items(made.reshape(-1), length)[::length]
        return self._alphabet.write(result, lengths)

    def _feistel(self, length: int) -> Feistel:
        if length > MAX_CHARACTERS:
            raise ValueTooLongError(f"a value has {length} characters, more than {MAX_CHARACTERS}")
        if self._alphabet.radix**length < MIN_DOMAIN:
            raise DomainTooSmallError(
                f"a value has {length} characters: there are fewer than {MIN_DOMAIN} such texts "
                f"of {self._alphabet.radix} characters, and trying all of them is easy"
            )
        if length not in self._feistels:
            self._feistels[length] = Feistel(self._cipher, self._alphabet.radix, length, self._tweak)
        return self._feistels[length]


def _groups(lengths: Lengths, valid: NDArray[np.bool_] | None) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield each length and the rows that have it."""
    present = lengths if valid is None else lengths[valid]
    if len(present) == len(lengths) and lengths.min() == lengths.max():
        yield int(lengths[0]), np.arange(len(lengths))
        return
    for length in np.flatnonzero(np.bincount(present)).tolist():
        same = lengths == length
        yield length, np.flatnonzero(same if valid is None else same & valid)


def _items(numerals: NDArray[np.unsignedinteger], length: int) -> NDArray[np.void]:
    """Every ``length`` numerals, overlapping, as single items."""
    kind = np.dtype(f"V{length * numerals.itemsize}")
    shape = (max(0, len(numerals) - length + 1),)
    return np.ndarray(shape, kind, buffer=numerals.data, strides=(numerals.itemsize,))


def _is_view(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string_view(kind))
