"""FF1 against the samples that NIST publishes with SP 800-38G (see SOURCES.md)."""

from __future__ import annotations

import string

import pyarrow as pa
import pytest

from anonymization.pseudonyms import ff1_decrypt, ff1_encrypt

KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3cef4359d8d580aa4f7f036d6f04fc6a94")
DIGITS = string.digits
LETTERS = string.digits + string.ascii_lowercase
NONE, TEN, ELEVEN = b"", bytes.fromhex("39383736353433323130"), bytes.fromhex("3737373770717273373737")
NUMBER, WORD = "0123456789", "0123456789abcdefghi"

SAMPLES = {
    1: (16, DIGITS, NONE, NUMBER, "2433477484"),
    2: (16, DIGITS, TEN, NUMBER, "6124200773"),
    3: (16, LETTERS, ELEVEN, WORD, "a9tv40mll9kdu509eum"),
    4: (24, DIGITS, NONE, NUMBER, "2830668132"),
    5: (24, DIGITS, TEN, NUMBER, "2496655549"),
    6: (24, LETTERS, ELEVEN, WORD, "xbj3kv35jrawxv32ysr"),
    7: (32, DIGITS, NONE, NUMBER, "6657667009"),
    8: (32, DIGITS, TEN, NUMBER, "1001623463"),
    9: (32, LETTERS, ELEVEN, WORD, "xs8a0azh2avyalyzuwd"),
}


@pytest.mark.parametrize("sample", SAMPLES)
def test_each_sample_both_ways(sample: int) -> None:
    size, alphabet, tweak, text, expected = SAMPLES[sample]
    column = pa.array([text, None, text])
    made = ff1_encrypt(KEY[:size], column, alphabet, tweak)
    assert made.to_pylist() == [expected, None, expected]
    assert ff1_decrypt(KEY[:size], made, alphabet, tweak).equals(column)
