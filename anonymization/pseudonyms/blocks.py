"""AES over columns of 16-byte blocks.

Everything here works on arrays of shape (rows, 2) of ``uint64``: a block a row, in memory order, so that exclusive or
is two machine words a row (little-endian ones, as in Arrow's own buffers). ECB is used as what the modes are made of,
never as a mode: a caller gives each block once, or wants equal blocks to give equal results. Fresh memory costs more
than AES itself (a page fault is as dear as ciphering the page): results go into arrays that the caller already has.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from numpy.typing import NDArray

from anonymization.pseudonyms.errors import KeyLengthError

BLOCK = 16
SLICE_ROWS = 32_768  # blocks ciphered in one call: half a MiB, that a core's caches hold, and few calls a column

Blocks = NDArray[np.uint64]  # shape (rows, 2)


class BlockCipher:
    """One AES key (FIPS 197). Not safe to share by threads."""

    def __init__(self, key: bytes, sizes: tuple[int, ...] = (16, 24, 32)) -> None:
        """Refuse a key that has none of ``sizes`` bytes.

        Raises:
            KeyLengthError: it has another size.
        """
        if len(key) not in sizes:
            raise KeyLengthError(f"this key has {len(key)} bytes, it must have {' or '.join(map(str, sizes))}")
        self._cipher = Cipher(AES(key), ECB())  # noqa: S305 (the block cipher itself, see above)
        self._encryptor = self._cipher.encryptor()
        self._decryptor: CipherContext | None = None

    def __repr__(self) -> str:
        return "BlockCipher(…)"

    def encrypt_one(self, block: bytes) -> bytes:
        """Return AES of one block."""
        return self._encryptor.update(block)

    def encrypt(self, blocks: Blocks, out: Blocks) -> None:
        """Put AES of each block in the first rows of ``out``, which has a row more (left as it is) and other memory."""
        _through(self._encryptor.update_into, blocks, out)

    def decrypt(self, blocks: Blocks, out: Blocks) -> None:
        """Put the inverse of AES of each block in the first rows of ``out``. See :meth:`encrypt`."""
        if self._decryptor is None:
            self._decryptor = self._cipher.decryptor()
        _through(self._decryptor.update_into, blocks, out)


def _through(update_into: Callable[[memoryview, memoryview], int], blocks: Blocks, out: Blocks) -> None:
    data, room = blocks.reshape(-1).view(np.uint8), out.reshape(-1).view(np.uint8)
    for start in range(0, len(data), BLOCK * SLICE_ROWS):
        stop = min(start + BLOCK * SLICE_ROWS, len(data))
        update_into(data[start:stop].data, room[start : stop + BLOCK].data)  # it asks for a block more than it fills


def blocks_from(values: list[bytes]) -> Blocks:
    """Return the blocks of a short list."""
    return np.frombuffer(b"".join(values), np.uint64).reshape(-1, 2)


def doubled(block: bytes) -> bytes:
    """Return ``block`` times x in GF(2^128), as RFC 4493 (2.3) and RFC 5297 (2.3) want it."""
    value = int.from_bytes(block, "big") << 1
    return ((value & ((1 << 128) - 1)) ^ (0x87 if value >> 128 else 0)).to_bytes(BLOCK, "big")


def exclusive_or(one: bytes, other: bytes) -> bytes:
    """Return the exclusive or of two strings of the same length."""
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(len(one), "big")
