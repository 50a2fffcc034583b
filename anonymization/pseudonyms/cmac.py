"""AES-CMAC over whole Arrow columns (RFC 4493; NIST SP 800-38B), 128 and 256-bit keys.

CBC-MAC chains the blocks of one message, never those of two: so block *i* of every message is ciphered in one call, and
there are as many calls as the longest message has blocks. Where messages have different numbers of blocks they are
ordered by it, which makes the rows still running a prefix.

:func:`chain` is also the heart of AES-SIV, whose S2V only changes what is mixed into the last two blocks: hence
:class:`Endings`. Nothing here is constant-time beyond AES itself: lengths of identifiers may show in timing, their
contents do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymization.pseudonyms.blocks import BLOCK, SLICE_ROWS, BlockCipher, Blocks, blocks_from, doubled, exclusive_or
from anonymization.pseudonyms.columns import PSEUDONYM_BYTES, PSEUDONYM_TYPE, ByteColumn
from anonymization.pseudonyms.windows import Rows, as_blocks, as_items
from anonymization.pseudonyms.written import block_column, block_room

__all__ = ["KEY_BYTES", "KEY_SIZES", "PSEUDONYM_BYTES", "PSEUDONYM_TYPE", "cmac"]

KEY_BYTES = 32  # of a new key
KEY_SIZES = (16, 32)

PADDING = [b"\x80".rjust(left + 1, b"\0").ljust(BLOCK, b"\0")[:BLOCK] for left in range(BLOCK)]
"""10…0 after that many bytes (RFC 4493, 2.4)."""

_STRETCH = 64  # rows of one length that a constant is mixed into at once

_MASKS = blocks_from([(b"\xff" * left).ljust(BLOCK, b"\0") for left in range(BLOCK + 1)])


@dataclass(frozen=True, slots=True)
class Endings:
    """What is mixed into the end of a message, by the number of bytes left for its last block, 0 to 16."""

    single: Blocks  # into the only block
    last: Blocks  # into the last of several
    before: Blocks | None = None  # into the one before it


def cmac(key: bytes, values: pa.Array) -> pa.FixedSizeBinaryArray:
    """Return the AES-CMAC tag of each value, null where the value is null.

    Args:
        key: 16 or 32 bytes.
        values: strings (their UTF-8 bytes are tagged) or binaries, plain or dictionary-encoded; each distinct
            dictionary value is tagged once. A value has at most 64 KiB.

    Returns:
        16-byte tags, plain even if the values are dictionary-encoded.

    Raises:
        KeyLengthError: the key has another size.
        NullColumnError, IdentifierTypeError: the values are neither text nor bytes.
        ValueTooLongError: a value is longer.
    """
    cipher = BlockCipher(key, KEY_SIZES)
    if isinstance(values, pa.DictionaryArray):
        return cmac(key, values.dictionary).take(values.indices)
    column = ByteColumn(values)
    endings = _endings(*subkeys(cipher))
    buffer, tags = block_room(column.rows)
    room = work_room(column.rows)
    for rows in column.slices():
        chain(cipher, rows, endings, tags[rows.first : rows.first + len(rows) + 1], room)
    return block_column(buffer, tags, column.valid)


def subkeys(cipher: BlockCipher) -> tuple[bytes, bytes]:
    """Return K1 and K2 (RFC 4493, 2.3)."""
    first = doubled(cipher.encrypt_one(bytes(BLOCK)))
    return first, doubled(first)


def work_room(rows: int) -> Blocks:
    """Return working memory for :func:`chain` over slices of a column of ``rows`` rows."""
    return np.empty((min(rows, SLICE_ROWS) + 1, 2), np.uint64)


def chain(cipher: BlockCipher, rows: Rows, endings: Endings, out: Blocks, room: Blocks) -> None:
    """Put the CBC-MAC of each of ``rows``, its ending mixed in, in the first rows of ``out``, which has one more.

    1. count the blocks of each row; 2. order rows by it, longest first, if they differ; then for each block column:
    3. read it; 4. mix the endings in; 5. mix the chain in; 6. cipher. 7. Undo the order.
    """
    running, order = _running(rows)  # 1
    if order is not None:
        rows = rows.reordered(order)  # 2
    tags = out if order is None else np.empty_like(out[: len(rows) + 1])
    for index in range(len(running) - 2):
        now, then, later = running[index : index + 3]
        block = room[:now]
        rows.read(index * BLOCK, now, block)  # 3
        ending = endings.last if index else endings.single
        if then == 0 and rows.width is not None:
            _end_alike(block, rows.width - index * BLOCK, ending)  # 4
        else:
            left = rows.lengths[then:now] - index * BLOCK
            block[then:] &= as_blocks(_MASKS, left)  # 4
            block[then:] ^= as_blocks(ending, left)
        if endings.before is not None and later < then:
            block[later:then] ^= as_blocks(endings.before, rows.lengths[later:then] - (index + 1) * BLOCK)
        if index:
            block ^= tags[:now]  # 5
        cipher.encrypt(block, tags[: now + 1])  # 6
    if order is not None:  # 7
        as_items(out)[order] = as_items(tags)[: len(rows)]


def _end_alike(block: Blocks, left: int, ending: Blocks) -> None:
    """Cut off and mix in the ending where all rows have the same, a stretch of rows at a time: nothing is looked up."""
    whole = len(block) - len(block) % _STRETCH
    for rows in (block[:whole].reshape(-1, 2 * _STRETCH), block[whole:]):
        repeats = rows.shape[1] // 2
        if left < BLOCK:
            rows &= np.tile(_MASKS[left], repeats)
        rows ^= np.tile(ending[left], repeats)


def _running(rows: Rows) -> tuple[list[int], NDArray[np.int64] | None]:
    """Return how many rows have more than 0, 1, 2… blocks, to two zeros, and the order that makes them a prefix."""
    if rows.width is not None:
        return [len(rows)] * max(1, -(-rows.width // BLOCK)) + [0, 0], None
    counts = np.maximum(1, (rows.lengths + (BLOCK - 1)) // BLOCK)
    most = int(counts.max())
    running = len(rows) - np.cumsum(np.bincount(counts, minlength=most + 2))
    if int(counts.min()) == most:
        return running.tolist(), None
    return running.tolist(), np.argsort((most - counts).astype(np.min_scalar_type(most)), kind="stable")


def _endings(first: bytes, second: bytes) -> Endings:
    """The padding of an incomplete block and its subkey, or the subkey of a complete one."""
    table = blocks_from([*(exclusive_or(padding, second) for padding in PADDING), first])
    return Endings(single=table, last=table)
