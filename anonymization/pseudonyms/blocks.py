"""AES over columns of 16-byte blocks, and the way between such columns and Arrow.

Everything here works on arrays of shape (rows, 2) of ``uint64``: a block a row, in memory order, so that exclusive or
is two machine instructions a row. ECB is used as what the modes are made of, never as a mode: a caller gives each block
once, or wants equal blocks to give equal results. What lies under a null is always zeros on the way out: an Arrow
buffer travels whole, nulls included, and the pseudonym of a person who must come back null may not travel with it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from numpy.typing import NDArray

from anonymization.pseudonyms.errors import IdentifierTypeError, KeyLengthError

BLOCK = 16
PSEUDONYM_BYTES = 16
PSEUDONYM_TYPE = pa.binary(PSEUDONYM_BYTES)

Blocks = NDArray[np.uint64]  # shape (rows, 2)
_Cipher = Callable[[memoryview, memoryview], int]

SLICE = 16_384  # blocks ciphered in one call: input and output stay in a core's second-level cache


class BlockCipher:
    """One AES key. Not safe to share by threads."""

    def __init__(self, key: bytes, sizes: tuple[int, ...] = (16, 24, 32)) -> None:
        """Refuse a key that has none of ``sizes`` bytes.

        Raises:
            KeyLengthError: it has another size.
        """
        if len(key) not in sizes:
            wanted = " or ".join(str(size) for size in sizes)
            raise KeyLengthError(f"this key has {len(key)} bytes, it must have {wanted}")
        cipher = Cipher(AES(key), ECB())  # noqa: S305 (the block cipher itself, see above)
        self._encryptor, self._decryptor = cipher.encryptor(), cipher.decryptor()

    def encrypt(self, blocks: Blocks) -> Blocks:
        """Return AES of each block."""
        return self._through(self._encryptor.update_into, blocks)

    def decrypt(self, blocks: Blocks) -> Blocks:
        """Return the inverse of AES of each block."""
        return self._through(self._decryptor.update_into, blocks)

    @staticmethod
    def _through(update_into: _Cipher, blocks: Blocks) -> Blocks:
        rows = len(blocks)
        out = np.empty(BLOCK * (rows + 1), np.uint8)  # the library wants room for one block more
        data = np.ascontiguousarray(blocks).view(np.uint8).reshape(-1)
        for start in range(0, BLOCK * rows, BLOCK * SLICE):
            stop = min(start + BLOCK * SLICE, BLOCK * rows)
            update_into(data[start:stop].data, out[start : stop + BLOCK].data)
        return out[: BLOCK * rows].view(np.uint64).reshape(-1, 2)


def blocks_of(column: pa.FixedSizeBinaryArray) -> Blocks:
    """Return the bytes of a column of 16-byte values, without copying them; read-only.

    Raises:
        IdentifierTypeError: it is not a column of 16-byte values.
    """
    if column.type != PSEUDONYM_TYPE:
        raise IdentifierTypeError(f"pseudonyms are {PSEUDONYM_TYPE}, not {column.type}")
    data = column.buffers()[1]
    if data is None or len(column) == 0:
        return np.zeros((len(column), 2), np.uint64)
    words = np.frombuffer(data, np.uint64, 2 * len(column), BLOCK * column.offset)
    return words.reshape(-1, 2)


def column_of(blocks: Blocks, valid: NDArray[np.bool_] | None) -> pa.FixedSizeBinaryArray:
    """Return a column of 16-byte values around ``blocks``, null (and zeros) where not ``valid``. Takes ``blocks``."""
    validity = None
    if valid is not None:
        blocks[~valid] = 0
        validity = pa.py_buffer(np.packbits(valid, bitorder="little"))
    data = pa.py_buffer(np.ascontiguousarray(blocks))
    return pa.FixedSizeBinaryArray.from_buffers(PSEUDONYM_TYPE, len(blocks), [validity, data])


def validity_of(column: pa.Array) -> NDArray[np.bool_] | None:
    """Return which values are not null, None where all are."""
    return column.is_valid().to_numpy(zero_copy_only=False) if column.null_count else None
