"""AES-CMAC and AES-SIV against the vector files that the cryptography project ships (see SOURCES.md)."""

from __future__ import annotations

from collections.abc import Iterator

import cryptography_vectors
import pyarrow as pa
import pytest

from anonymization.pseudonyms import cmac, siv_decrypt, siv_encrypt


def cases(name: str) -> Iterator[dict[str, str]]:
    """The cases of a file: names and values of each run of lines without a blank one."""
    case: dict[str, str] = {}
    with cryptography_vectors.open_vector_file(name, "r") as lines:
        for line in [*lines, ""]:
            key, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                case[key.strip().lower()] = value.strip()
            elif not line.strip() and case:
                yield case
                case = {}


CMACS = [case for size in (128, 256) for case in cases(f"CMAC/nist-800-38b-aes{size}.txt") if "output" in case]
SIVS = list(cases("ciphers/AES/SIV/openssl.txt"))


def test_the_files_have_what_we_think() -> None:
    assert len(CMACS) >= 8
    assert {len(case["key"]) for case in CMACS} == {32, 64}
    assert {len(case["key"]) for case in SIVS} == {64, 96, 128}


@pytest.mark.parametrize("case", CMACS, ids=lambda case: f"{4 * len(case['key'])}-{case['count']}")
def test_cmac(case: dict[str, str]) -> None:
    column = pa.array([bytes.fromhex(case["message"]), None, b"other"], pa.binary())
    assert cmac(bytes.fromhex(case["key"]), column)[0].as_py().hex() == case["output"]


@pytest.mark.parametrize("case", SIVS, ids=lambda case: f"{2 * len(case['key'])}-{case['count']}")
def test_siv(case: dict[str, str]) -> None:
    key, plain = bytes.fromhex(case["key"]), bytes.fromhex(case["plaintext"])
    names = sorted((name for name in case if name.startswith("aad")), key=lambda name: int(name[3:] or 1))
    data = [bytes.fromhex(case[name]) for name in names]
    made = siv_encrypt(key, pa.array([plain], pa.binary()), data)
    assert made[0].as_py().hex() == case["tag"] + case["ciphertext"]
    assert siv_decrypt(key, made, data)[0].as_py() == plain
