"""AES-SIV against the published vectors (see SOURCES.md)."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pytest

from anonymization.pseudonyms import siv_decrypt, siv_encrypt


@dataclass(frozen=True, slots=True)
class Example:
    key: bytes
    associated_data: tuple[bytes, ...]
    plaintext: bytes
    output: bytes


def example(key: str, associated_data: tuple[str, ...], plaintext: str, output: str) -> Example:
    data = tuple(bytes.fromhex(one) for one in associated_data)
    return Example(bytes.fromhex(key), data, bytes.fromhex(plaintext), bytes.fromhex(output))


DETERMINISTIC = example(  # A.1
    "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
    ("101112131415161718191a1b1c1d1e1f2021222324252627",),
    "112233445566778899aabbccddee",
    "85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c",
)
NONCE_BASED = example(  # A.2
    "7f7e7d7c7b7a79787776757473727170404142434445464748494a4b4c4d4e4f",
    (
        "00112233445566778899aabbccddeeffdeaddadadeaddadaffeeddccbbaa99887766554433221100",
        "102030405060708090a0",
        "09f911029d74e35bd84156c5635688c0",
    ),
    "7468697320697320736f6d6520706c61696e7465787420746f20656e6372797074207573696e67205349562d414553",
    "7bdb6e3b432667eb06f4d14bff2fbd0fcb900f2fddbe404326601965c889bf17dba77ceb094fa663b7a3f748ba8af829ea64ad544a272e9c48"
    "5b62a3fd5c0d",
)


@pytest.mark.parametrize("vector", [DETERMINISTIC, NONCE_BASED], ids=["A.1", "A.2"])
def test_each_vector_both_ways(vector: Example) -> None:
    column = pa.array([vector.plaintext, None, b"", vector.plaintext], pa.binary())
    made = siv_encrypt(vector.key, column, vector.associated_data)
    assert made[0].as_py() == made[3].as_py() == vector.output
    assert made[1].as_py() is None
    assert siv_decrypt(vector.key, made, vector.associated_data).equals(column)
