"""AES-SIV, padding and text forms by column equal the same one value at a time, and come back."""

from __future__ import annotations

import base64

import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from anonymization.pseudonyms import PSEUDONYM_TYPE, from_base32, pad, siv_decrypt, siv_encrypt, to_base32, unpad
from anonymization.pseudonyms.errors import PaddingError, TamperedPseudonymError, TextFormError

KEY = st.sampled_from([32, 48, 64]).flatmap(lambda size: st.binary(min_size=size, max_size=size))
DATA = st.lists(st.binary(max_size=40), max_size=4)
SHORT = st.binary(max_size=17)
BYTES = st.one_of(SHORT, st.binary(max_size=100), st.sampled_from([bytes(16), bytes(15), b"\x80", b"\xff" * 33]))
COLUMN = st.one_of(
    st.lists(st.one_of(st.none(), SHORT), max_size=30),
    st.lists(st.one_of(st.none(), BYTES), max_size=30),
    st.integers(0, 70).flatmap(lambda size: st.lists(st.binary(min_size=size, max_size=size), max_size=20)),
)
KINDS = (pa.binary(), pa.large_binary(), pa.binary_view())

few = settings(max_examples=100, deadline=None)


@few
@given(KEY, DATA, COLUMN)
def test_a_column_is_its_values_one_by_one_and_comes_back(
    key: bytes, data: list[bytes], values: list[bytes | None]
) -> None:
    siv = AESSIV(key)
    expected = [None if value is None else siv.encrypt(value, data) for value in values]
    column = pa.array(values, pa.binary())
    for kind in KINDS:
        made = siv_encrypt(key, column.cast(kind), data)
        assert made.to_pylist() == expected
        back = siv_decrypt(key, made, data)
        assert back.type == made.type
        assert back.to_pylist() == values


@few
@given(KEY, COLUMN, st.data())
def test_slices_and_dictionaries(key: bytes, values: list[bytes | None], data: st.DataObject) -> None:
    column = pa.array(values, pa.binary())
    whole = siv_encrypt(key, column)
    start, length = (data.draw(st.integers(0, len(values))) for _ in range(2))
    part = siv_encrypt(key, column.slice(start, length))
    assert part.equals(whole.slice(start, length))
    assert siv_decrypt(key, whole.slice(start, length)).equals(column.slice(start, length))
    encoded = siv_encrypt(key, column.dictionary_encode())
    assert pa.types.is_dictionary(encoded.type)
    assert encoded.to_pylist() == whole.to_pylist()
    assert siv_decrypt(key, encoded).to_pylist() == values


@few
@given(KEY, COLUMN, st.data())
def test_one_altered_byte_anywhere_lets_nothing_out(
    key: bytes, values: list[bytes | None], data: st.DataObject
) -> None:
    made = siv_encrypt(key, pa.array(values, pa.binary()), [b"domain"]).to_pylist()
    present = [row for row, value in enumerate(made) if value is not None]
    assume(present)
    row = data.draw(st.sampled_from(present))
    place = data.draw(st.integers(0, len(made[row]) - 1))
    altered = bytearray(made[row])
    altered[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(TamperedPseudonymError, match=f"row {row}"):
        siv_decrypt(key, pa.array([*made[:row], bytes(altered), *made[row + 1 :]], pa.binary()), [b"domain"])
    for other in ([], [b"another"], [b"domain", b""], [b"", b"domain"]):
        with pytest.raises(TamperedPseudonymError):
            siv_decrypt(key, pa.array(made, pa.binary()), other)


@few
@given(COLUMN, st.sets(st.integers(1, 130), min_size=1, max_size=4), st.data())
def test_padding_comes_back_and_shows_declared_lengths_only(
    values: list[bytes | None], sizes: set[int], data: st.DataObject
) -> None:
    lengths = [*sorted(sizes), 131]
    column = pa.array(values, pa.binary())
    padded = pad(column, lengths)
    for value, wide in zip(values, padded.to_pylist(), strict=True):
        if value is None:
            assert wide is None
        else:
            assert wide == (value + b"\x80").ljust(next(size for size in lengths if size > len(value)), b"\0")
    start, length = (data.draw(st.integers(0, len(values))) for _ in range(2))
    assert unpad(padded.slice(start, length)).equals(column.slice(start, length))
    assert unpad(pad(column.dictionary_encode(), lengths)).to_pylist() == values


@few
@given(st.lists(BYTES, min_size=1, max_size=10))
def test_unpadding_looks_at_the_last_byte_that_is_not_zero(values: list[bytes]) -> None:
    expected: list[bytes] | None = []
    for value in values:
        stripped = value.rstrip(b"\0")
        expected = None if expected is None or stripped[-1:] != b"\x80" else [*expected, stripped[:-1]]
    if expected is None:
        with pytest.raises(PaddingError):
            unpad(pa.array(values, pa.binary()))
    else:
        assert unpad(pa.array(values, pa.binary())).to_pylist() == expected


@few
@given(COLUMN, st.data())
def test_the_text_form_is_rfc_4648_base32_both_ways(values: list[bytes | None], data: st.DataObject) -> None:
    column = pa.array(values, pa.binary())
    expected = [None if value is None else base64.b32encode(value).decode().rstrip("=") for value in values]
    for kind in KINDS:
        texts = to_base32(column.cast(kind))
        assert texts.to_pylist() == expected
        assert from_base32(texts).to_pylist() == values
    texts = to_base32(column)
    start, length = (data.draw(st.integers(0, len(values))) for _ in range(2))
    assert from_base32(texts.slice(start, length)).equals(column.slice(start, length))
    assert from_base32(to_base32(column.dictionary_encode())).to_pylist() == values


@few
@given(st.lists(st.one_of(st.none(), st.binary(min_size=16, max_size=16)), max_size=20))
def test_pseudonyms_have_a_text_of_their_own_size(values: list[bytes | None]) -> None:
    column = pa.array(values, PSEUDONYM_TYPE)
    assert from_base32(to_base32(column), 16).equals(column)


@few
@given(st.text(st.sampled_from("AZ27Ma10=Éé "), max_size=30))
def test_what_has_no_value_is_refused(text: str) -> None:
    padded = text + "=" * (-len(text) % 8)
    try:
        value = base64.b32decode(padded)
        known = base64.b32encode(value).decode().rstrip("=") == text
    except ValueError:
        known = False
    if known:
        assert from_base32(pa.array([text])).to_pylist() == [value]
    else:
        with pytest.raises(TextFormError):
            from_base32(pa.array(["MFRGG", text, "MFRGG"]))
