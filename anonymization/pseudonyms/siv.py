"""AES-SIV over whole Arrow columns (RFC 5297): deterministic authenticated encryption, the reversible pseudonyms.

A pseudonym is the synthetic IV, 16 bytes, then the ciphertext, as long as the value: equal values give equal pseudonyms
under one key and one associated data, and nothing else of them shows but their length (pad first: `padding.py`). The
associated data bind a pseudonym to its domain, column and epoch: anywhere else it does not open.

S2V (2.4) is a CMAC whose last 16 bytes are mixed with what the associated data came to, the same for all rows; as a
table of endings by length, it costs what CMAC costs. CTR (2.5) then ciphers block *i* of all rows at once. Bits 31 and
63 of the counter are cleared, so adding a block's number never carries out of the last 32 bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymization.pseudonyms.blocks import BLOCK, BlockCipher, Blocks, blocks_from, doubled, exclusive_or
from anonymization.pseudonyms.cmac import PADDING, Endings, chain, subkeys, work_room
from anonymization.pseudonyms.columns import MAX_VALUE_BYTES, ByteColumn
from anonymization.pseudonyms.errors import (
    AssociatedDataError,
    KeyLengthError,
    TamperedPseudonymError,
    ValueTooShortError,
)
from anonymization.pseudonyms.windows import Lengths, Rows, as_items, running
from anonymization.pseudonyms.written import Written

KEY_SIZES = (32, 48, 64)
MAX_ASSOCIATED_DATA = 126  # strings (RFC 5297, 2.6: S2V takes 127, the value is the last)

_CLEARED = np.frombuffer(bytes.fromhex("7fffffff7fffffff"), np.uint64)[0]  # bits 31 and 63 of a counter, its last half


def siv_encrypt(key: bytes, values: pa.Array, associated_data: Sequence[bytes] = ()) -> pa.Array:
    """Return the AES-SIV encryption of each value, null where the value is null.

    Args:
        key: 32, 48 or 64 bytes: half for S2V, half for CTR (AES-128, 192 or 256).
        values: text (its UTF-8) or bytes, plain or dictionary-encoded; a dictionary stays one, each of its values
            encrypted once. A value has at most 64 KiB.
        associated_data: what the values are bound to, the same for all; at most 126 strings, an empty one counts.

    Returns:
        Binary (large, if the values are): 16 bytes of synthetic IV, then as many bytes as the value has.

    Raises:
        KeyLengthError, AssociatedDataError: the key, or what it is bound to, is not as above.
        NullColumnError, IdentifierTypeError, ValueTooLongError, ColumnTooLargeError: the values are not.
    """
    siv = _Siv(key, associated_data)
    if isinstance(values, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(values.indices, siv.encrypt(values.dictionary))
    return siv.encrypt(values)


def siv_decrypt(key: bytes, values: pa.Array, associated_data: Sequence[bytes] = ()) -> pa.Array:
    """Return what :func:`siv_encrypt` was given, as binary; nothing at all unless every value is authentic.

    Raises:
        TamperedPseudonymError: a value was not made with this key and associated data, or was altered since.
        ValueTooShortError: a value has fewer than 16 bytes.
        KeyLengthError, AssociatedDataError, NullColumnError, IdentifierTypeError, ValueTooLongError: as there.
    """
    siv = _Siv(key, associated_data)
    if isinstance(values, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(values.indices, siv.decrypt(values.dictionary))
    return siv.decrypt(values)


class _Siv:
    """One key bound to its associated data."""

    def __init__(self, key: bytes, associated_data: Sequence[bytes]) -> None:
        if len(key) not in KEY_SIZES:
            raise KeyLengthError(f"an AES-SIV key has 32, 48 or 64 bytes, this one has {len(key)}")
        if type(associated_data) not in (tuple, list) or not all(type(one) is bytes for one in associated_data):
            raise AssociatedDataError("associated data are a tuple or list of byte strings")
        if len(associated_data) > MAX_ASSOCIATED_DATA:
            raise AssociatedDataError(f"at most {MAX_ASSOCIATED_DATA} strings of associated data, not more")
        half = len(key) // 2
        self._mac, self._counter = BlockCipher(key[:half]), BlockCipher(key[half:])
        self._endings = _endings(self._mac, associated_data)

    def encrypt(self, values: pa.Array) -> pa.Array:
        """Encrypt a plain column, slice by slice."""
        column = ByteColumn(values)
        written = Written(column.present(column.lengths() + BLOCK), column.large)
        room, tags = work_room(column.rows), work_room(column.rows)
        for rows in column.slices():
            chain(self._mac, rows, self._endings, tags, room)
            starts = written.offsets[rows.first : rows.first + len(rows)]
            width = rows.width + BLOCK if rows.width is not None else None
            for index, which, blocks in self._ctr(tags[: len(rows)], rows, 0, rows.lengths):
                written.write(starts, width, BLOCK * (index + 1), as_items(blocks), which)
            written.write(starts, width, 0, as_items(tags[: len(rows)]))
        return written.column(column.valid)

    def decrypt(self, values: pa.Array) -> pa.Array:
        """Decrypt a plain column, slice by slice, and let nothing out before the last one is found authentic."""
        column = ByteColumn(values, MAX_VALUE_BYTES + BLOCK)
        lengths = column.present(column.lengths() - BLOCK)
        if (short := int((lengths < 0).sum())) > 0:
            raise ValueTooShortError(f"{short} values have fewer than the 16 bytes of a synthetic IV")
        written = Written(lengths, column.large)
        room, tags, given = (work_room(column.rows) for _ in range(3))
        for rows in column.slices():
            count = len(rows)
            rows.read(0, count, given)
            width = rows.width - BLOCK if rows.width is not None and rows.width > BLOCK else None
            plain = written.rows(rows.first, count, width)
            for index, which, blocks in self._ctr(given[:count], rows, BLOCK, plain.lengths):
                written.write(plain.starts, width, BLOCK * index, as_items(blocks), which)
            chain(self._mac, plain, self._endings, tags, room)
            _compare(given[:count], tags[:count], column, rows.first)
        return written.column(column.valid)

    def _ctr(
        self, tags: Blocks, rows: Rows, skip: int, lengths: Lengths
    ) -> Iterator[tuple[int, NDArray[np.int64] | None, Blocks]]:
        """Yield the ciphered block columns of the ``lengths`` bytes after ``skip``, the last one first.

        Each with its number, the rows that have it (None for all), and the blocks, valid until the next one.
        """
        first = tags.copy()
        first[:, 1] &= _CLEARED
        room, stream = np.empty_like(first), np.empty((len(tags) + 1, 2), np.uint64)
        for index in range((int(lengths.max(initial=0)) - 1) // BLOCK, -1, -1):
            which = running(lengths, BLOCK * index)
            counters = first.copy() if which is None else first[which]
            counters.view(">u4")[:, 3] += index
            count = len(counters)
            self._counter.encrypt(counters, stream)
            (rows if which is None else rows.reordered(which)).read(skip + BLOCK * index, count, room)
            room[:count] ^= stream[:count]
            yield index, which, room[:count]


def _endings(mac: BlockCipher, associated_data: Sequence[bytes]) -> Endings:
    """S2V (2.4) up to its last string, as what that string's last blocks are mixed with, subkeys of CMAC included."""
    state = _tag(mac, bytes(BLOCK))
    for data in associated_data:
        state = exclusive_or(doubled(state), _tag(mac, data))
    complete, incomplete = subkeys(mac)
    whole = exclusive_or(state, complete)  # a value of 16 bytes: one complete block
    short = exclusive_or(doubled(state), complete)  # padded by S2V, so a complete block for CMAC
    tails, heads = [bytes(BLOCK)], [bytes(BLOCK)]  # the 16 bytes of the state over the last block and the one before
    for left in range(1, BLOCK):
        tail = state[BLOCK - left :].ljust(BLOCK, b"\0")
        tails.append(exclusive_or(tail, exclusive_or(PADDING[left], incomplete)))
        heads.append(state[: BLOCK - left].rjust(BLOCK, b"\0"))
    return Endings(
        single=blocks_from([*(exclusive_or(padding, short) for padding in PADDING), whole]),
        last=blocks_from([*tails, whole]),
        before=blocks_from([*heads, bytes(BLOCK)]),
    )


def _tag(mac: BlockCipher, data: bytes) -> bytes:
    """The CMAC of one string."""
    cut = max(0, len(data) - 1) // BLOCK * BLOCK
    state = bytes(BLOCK)
    for start in range(0, cut, BLOCK):
        state = mac.encrypt_one(exclusive_or(state, data[start : start + BLOCK]))
    last, (complete, incomplete) = data[cut:], subkeys(mac)
    if len(last) == BLOCK:
        ending = exclusive_or(last, complete)
    else:
        ending = exclusive_or((last + b"\x80").ljust(BLOCK, b"\0"), incomplete)
    return mac.encrypt_one(exclusive_or(state, ending))


def _compare(given: Blocks, made: Blocks, column: ByteColumn, first: int) -> None:
    wrong = (given != made).any(axis=1)
    if column.valid is not None:
        wrong &= column.valid[first : first + len(given)]
    if wrong.any():
        raise TamperedPseudonymError(
            f"{int(wrong.sum())} values, from row {first + int(wrong.argmax())} on, were altered, or made with another "
            "key or for another domain, column or epoch"
        )
