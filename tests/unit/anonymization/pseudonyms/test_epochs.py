"""Epochs of one-way pseudonyms: minted, carried on, and refused where keys or columns are wrong."""

from __future__ import annotations

import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.cmac import CMAC

from anonymization.pseudonyms import PSEUDONYM_TYPE, mint, rotate
from anonymization.pseudonyms.errors import EpochKeyError, IdentifierTypeError, KeyLengthError

DOMAIN, FIRST, SECOND = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))
COLUMN = pa.array(["49007-000001", None, "49007-000002", "", "49007-000001"])


def one_by_one(epoch_key: bytes, value: str | None) -> bytes | None:
    if value is None:
        return None
    mac = CMAC(AES(DOMAIN))
    mac.update(value.encode())
    return Cipher(AES(epoch_key), ECB()).encryptor().update(mac.finalize())


def test_minted_as_the_construction_says() -> None:
    assert mint(DOMAIN, FIRST, COLUMN).to_pylist() == [one_by_one(FIRST, value) for value in COLUMN.to_pylist()]


def test_rotated_is_minted_at_the_next_epoch() -> None:
    old, new = mint(DOMAIN, FIRST, COLUMN), mint(DOMAIN, SECOND, COLUMN)
    assert rotate(FIRST, SECOND, old).equals(new)
    assert rotate(SECOND, FIRST, new).equals(old)
    assert rotate(FIRST, SECOND, old.slice(1, 3)).equals(new.slice(1, 3))


def test_dictionaries() -> None:
    encoded = COLUMN.dictionary_encode()
    assert mint(DOMAIN, FIRST, encoded).equals(mint(DOMAIN, FIRST, COLUMN))
    pseudonyms = mint(DOMAIN, FIRST, COLUMN).dictionary_encode()
    rotated = rotate(FIRST, SECOND, pseudonyms)
    assert pa.types.is_dictionary(rotated.type)
    assert rotated.dictionary_decode().equals(mint(DOMAIN, SECOND, COLUMN))


def test_nothing_lies_under_a_null() -> None:
    """Whoever must come back null leaves no pseudonym in the buffer that travels."""
    hidden = pa.array([b"x" * 16] * 3, PSEUDONYM_TYPE)
    masked = pa.FixedSizeBinaryArray.from_buffers(PSEUDONYM_TYPE, 3, [pa.py_buffer(b"\x05"), hidden.buffers()[1]])
    rotated = rotate(FIRST, SECOND, masked)
    assert rotated.null_count == 1
    assert bytes(rotated.buffers()[1])[16:32] == bytes(16)


def test_columns_of_nothing() -> None:
    assert mint(DOMAIN, FIRST, pa.nulls(2, pa.string())).to_pylist() == [None, None]
    for empty in (pa.array([], PSEUDONYM_TYPE), pa.array([], PSEUDONYM_TYPE).dictionary_encode()):
        assert len(rotate(FIRST, SECOND, empty)) == 0


@pytest.mark.parametrize("length", [0, 16, 24, 31, 33])
def test_an_epoch_key_has_thirty_two_bytes(length: int) -> None:
    with pytest.raises(KeyLengthError, match=str(length)):
        mint(DOMAIN, bytes(length), COLUMN)
    with pytest.raises(KeyLengthError, match=str(length)):
        rotate(FIRST, bytes(length), mint(DOMAIN, FIRST, COLUMN))


def test_what_can_not_be_rotated() -> None:
    with pytest.raises(EpochKeyError):
        rotate(FIRST, FIRST, mint(DOMAIN, FIRST, COLUMN))
    with pytest.raises(IdentifierTypeError, match="string"):
        rotate(FIRST, SECOND, COLUMN)
