"""AES-CMAC over whole Arrow columns (RFC 4493; NIST SP 800-38B).

A one-way pseudonym is the 16-byte tag of a canonical identifier under the key of a domain. CBC-MAC chains the blocks of
one message, never those of two: so block *i* of every message is ciphered in one call, and there are as many calls as
the longest message has blocks. Rows are ordered by number of blocks, which makes the rows still running a prefix.

Nothing here is constant-time beyond AES itself: lengths of identifiers may show in timing, their contents do not.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from numpy.typing import NDArray

from anonymization.pseudonyms.blocks import PSEUDONYM_BYTES, PSEUDONYM_TYPE
from anonymization.pseudonyms.errors import IdentifierTypeError, KeyLengthError

__all__ = ["KEY_BYTES", "KEY_SIZES", "PSEUDONYM_BYTES", "PSEUDONYM_TYPE", "cmac"]

KEY_BYTES = 32  # of a new key
KEY_SIZES = (16, 32)

_SLICE = 65_536  # rows ciphered at once: bounds the working memory to a few MiB
_BLOCK = 16

_Blocks = NDArray[np.uint64]  # shape (rows, 2): 16 bytes each, in memory order


def _masks() -> _Blocks:
    """For each number of bytes left in a last block (0 to 16), the mask of those bytes."""
    mask = np.zeros((_BLOCK + 1, _BLOCK), np.uint8)
    for left in range(_BLOCK + 1):
        mask[left, :left] = 0xFF
    return mask.view(np.uint64)


_MASKS = _masks()


def cmac(key: bytes, values: pa.Array) -> pa.FixedSizeBinaryArray:
    """Return the AES-CMAC tag of each value, null where the value is null.

    Args:
        key: 16 or 32 bytes.
        values: strings (their UTF-8 bytes are tagged) or binaries, plain or dictionary-encoded; each distinct
            dictionary value is tagged once.

    Raises:
        KeyLengthError: the key has another size.
        IdentifierTypeError: the values are neither text nor bytes.
    """
    if len(key) not in KEY_SIZES:
        raise KeyLengthError(f"a CMAC key has 16 or 32 bytes, this one has {len(key)}")
    if isinstance(values, pa.DictionaryArray):
        return cmac(key, values.dictionary).take(values.indices)
    column = _as_binary(values)
    parts = [_tag(key, column.slice(start, _SLICE)) for start in range(0, len(column), _SLICE)]
    return pa.concat_arrays(parts) if parts else pa.array([], PSEUDONYM_TYPE)


def _as_binary(values: pa.Array) -> pa.LargeBinaryArray:
    kind = values.type
    if pa.types.is_null(kind) or pa.types.is_large_binary(kind):
        return values.cast(pa.large_binary())
    if pa.types.is_string(kind) or pa.types.is_binary(kind) or pa.types.is_string_view(kind):
        return values.cast(pa.binary()).cast(pa.large_binary())
    if pa.types.is_large_string(kind) or pa.types.is_fixed_size_binary(kind):
        return values.cast(pa.large_binary())
    raise IdentifierTypeError(f"identifiers are text or bytes, not {kind}")


def _tag(key: bytes, column: pa.LargeBinaryArray) -> pa.FixedSizeBinaryArray:
    """Steps of RFC 4493, 2.4, each over all rows: subkeys, number of blocks, last block, chain."""
    rows = len(column)
    encryptor = Cipher(AES(key), ECB()).encryptor()  # noqa: S305 (the block cipher that CMAC is made of)
    endings = _endings(encryptor)

    starts, lengths = _extents(column)
    blocks = np.maximum(1, -(-lengths // _BLOCK))
    order = np.argsort(-blocks, kind="stable") if blocks.min() != blocks.max() else None
    if order is not None:
        starts, lengths = starts[order], lengths[order]
    running = rows - np.cumsum(np.bincount(blocks))  # [i]: rows of more than i blocks, the first ones in this order
    windows = _windows(column)

    chain = np.empty((rows, 2), np.uint64)
    for index in range(len(running) - 1):
        now, then = int(running[index]), int(running[index + 1])
        block = windows[starts[:now] + index * _BLOCK].view(np.uint64).reshape(-1, 2)
        left = lengths[then:now] - index * _BLOCK  # bytes in the last block of those that end here
        block[then:] = (block[then:] & _MASKS[left]) ^ endings[left]
        if index:
            block ^= chain[:now]
        chain[:now] = _encrypt(encryptor, block)

    tags = chain
    if order is not None:
        tags = np.empty_like(chain)
        tags[order] = chain
    array = pa.FixedSizeBinaryArray.from_buffers(PSEUDONYM_TYPE, rows, [None, pa.py_buffer(tags.tobytes())])
    return pc.if_else(column.is_valid(), array, pa.scalar(None, PSEUDONYM_TYPE)) if column.null_count else array


def _extents(column: pa.LargeBinaryArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each value starts, counted from the first one, and its length, in bytes.

    What a null points at is ciphered too, and never shown.
    """
    offsets = _offsets(column)
    return offsets[:-1] - offsets[0], np.diff(offsets)


def _offsets(column: pa.LargeBinaryArray) -> NDArray[np.int64]:
    offsets = np.frombuffer(column.buffers()[1], np.int64)
    return offsets[column.offset : column.offset + len(column) + 1]


def _windows(column: pa.LargeBinaryArray) -> NDArray[np.void]:
    """Every 16 bytes of the values, overlapping: item *i* is what stands from byte *i* on, then zeros."""
    offsets, data = _offsets(column), column.buffers()[2]
    start, size = int(offsets[0]), int(offsets[-1] - offsets[0])
    padded = np.empty(size + 2 * _BLOCK, np.uint8)
    padded[size:] = 0
    if data is not None:
        padded[:size] = np.frombuffer(data, np.uint8, size, start)
    return np.ndarray((size + _BLOCK,), np.dtype("V16"), buffer=padded.data, strides=(1,))


def _endings(encryptor: CipherContext) -> _Blocks:
    """For each number of bytes left in a last block: its padding 10…0 (none after 16) xor the subkey it calls for.

    The subkeys K1 and K2 (RFC 4493, 2.3) are doublings of AES(0) in GF(2^128).
    """
    value = int.from_bytes(encryptor.update(bytes(_BLOCK)), "big")
    subkeys = []
    for _ in range(2):
        value = ((value << 1) & ((1 << 128) - 1)) ^ (0x87 if value >> 127 else 0)
        subkeys.append(value)
    endings = [subkeys[1] ^ (0x80 << (8 * (_BLOCK - 1 - left))) for left in range(_BLOCK)] + [subkeys[0]]
    return np.frombuffer(b"".join(ending.to_bytes(_BLOCK, "big") for ending in endings), np.uint64).reshape(-1, 2)


def _encrypt(encryptor: CipherContext, blocks: _Blocks) -> _Blocks:
    return np.frombuffer(encryptor.update(blocks.tobytes()), np.uint64).reshape(-1, 2)
