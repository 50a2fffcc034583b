"""Columns of random values against the same values one by one, as the cryptography package computes them.

FF1, which that package does not have, is compared with `ff1_reference.py`, built on its AES.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.cmac import CMAC

from anonymization.pseudonyms import cmac, ff1_decrypt, ff1_encrypt, mint, rotate, siv_decrypt, siv_encrypt
from tests.ff1_reference import ff1

LONGEST = 60  # bytes of a random value
DATA = (b"domain", b"", b"column of any length")
ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


def random_values(rows: int, seed: int, *, one_length: int | None = None) -> pa.Array:
    """Random bytes of random lengths, or of one, a hundredth of them null."""
    random = np.random.default_rng(seed)
    lengths = np.full(rows, one_length) if one_length is not None else random.integers(0, LONGEST + 1, rows)
    offsets = np.zeros(rows + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    data = random.bytes(int(offsets[-1]))
    missing = None if one_length is not None else pa.py_buffer(np.packbits(random.random(rows) > 0.01))
    return pa.Array.from_buffers(pa.binary(), rows, [missing, pa.py_buffer(offsets), pa.py_buffer(data)])


def one_by_one_cmac(key: bytes, value: bytes | None) -> bytes | None:
    """One tag."""
    if value is None:
        return None
    mac = CMAC(AES(key))
    mac.update(value)
    return mac.finalize()


def check_one_way(column: pa.Array, seed: int) -> None:
    """AES-CMAC, and pseudonyms of two epochs."""
    random = np.random.default_rng(seed)
    key = random.bytes(int(random.choice([16, 32])))
    first, second = random.bytes(32), random.bytes(32)
    tags = [one_by_one_cmac(key, value) for value in column.to_pylist()]
    assert cmac(key, column).to_pylist() == tags
    for epoch in (first, second):
        cipher = Cipher(AES(epoch), ECB()).encryptor()
        expected = pa.array([None if tag is None else cipher.update(tag) for tag in tags], pa.binary(16))
        minted = mint(key, epoch, column)
        assert minted.equals(expected)
    assert rotate(second, first, minted).equals(mint(key, first, column))


def check_reversible(column: pa.Array, seed: int) -> None:
    """AES-SIV, both ways."""
    random = np.random.default_rng(seed)
    key = random.bytes(int(random.choice([32, 48, 64])))
    siv = AESSIV(key)
    expected = [None if value is None else siv.encrypt(value, list(DATA)) for value in column.to_pylist()]
    made = siv_encrypt(key, column, DATA)
    assert made.equals(pa.array(expected, pa.binary()))
    assert siv_decrypt(key, made, DATA).equals(column)


def check_format_preserving(rows: int, seed: int) -> None:
    """FF1 over texts of four to twenty-four characters, both ways."""
    random = np.random.default_rng(seed)
    key, tweak = random.bytes(int(random.choice([16, 24, 32]))), random.bytes(int(random.integers(0, 20)))
    texts = ["".join(ALPHABET[one] for one in random.integers(0, 36, size)) for size in random.integers(4, 25, rows)]
    column = pa.array(texts)
    made = ff1_encrypt(key, column, ALPHABET, tweak)
    assert made.to_pylist() == [ff1(key, text, ALPHABET, tweak) for text in texts]
    assert ff1_decrypt(key, made, ALPHABET, tweak).equals(column)
