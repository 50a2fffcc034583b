"""FF1 by column equals FF1 one value at a time, whatever the radix and the lengths, and comes back."""

from __future__ import annotations

import math

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymization.pseudonyms import ff1_decrypt, ff1_encrypt
from tests.ff1_reference import ff1

KEY = st.sampled_from([16, 24, 32]).flatmap(lambda size: st.binary(min_size=size, max_size=size))
TWEAK = st.binary(max_size=40)
RADIX = st.one_of(
    st.integers(2, 64),
    st.sampled_from([10, 26, 36, 255, 256, 257, 1_626, 4_096, 65_535, 65_536]),
    st.integers(2, 65_536),
)
CHARACTERS = "".join(chr(point) for point in range(0x20, 0x11000) if not 0xD800 <= point <= 0xDFFF)


@st.composite
def columns(draw: st.DrawFn) -> tuple[str, list[str | None]]:
    """An alphabet, narrow or wide, and texts of it of several lengths, some missing."""
    radix = draw(RADIX)
    start = draw(st.integers(0, len(CHARACTERS) - radix))
    alphabet = CHARACTERS[start : start + radix][:: draw(st.sampled_from([1, -1]))]
    shortest = math.ceil(math.log(1_000_000, radix) - 1e-9)
    lengths = st.integers(shortest, draw(st.sampled_from([shortest + 3, shortest + 40])))
    numeral = st.one_of(st.integers(0, radix - 1), st.sampled_from([0, radix - 1]))
    text = lengths.flatmap(lambda length: st.lists(numeral, min_size=length, max_size=length))
    values = draw(st.lists(st.one_of(st.none(), text), max_size=6))
    return alphabet, [None if value is None else "".join(alphabet[one] for one in value) for value in values]


@settings(max_examples=150, deadline=None)
@given(KEY, TWEAK, columns())
def test_a_column_is_its_values_one_by_one_and_comes_back(
    key: bytes, tweak: bytes, given_column: tuple[str, list[str | None]]
) -> None:
    alphabet, values = given_column
    expected = [None if value is None else ff1(key, value, alphabet, tweak) for value in values]
    column = pa.array(values, pa.string())
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        made = ff1_encrypt(key, column.cast(kind), alphabet, tweak)
        assert made.type == kind
        assert made.to_pylist() == expected
    assert ff1_decrypt(key, pa.array(expected, pa.string()), alphabet, tweak).equals(column)


@settings(max_examples=40, deadline=None)
@given(KEY, TWEAK, columns(), st.data())
def test_slices_and_dictionaries(
    key: bytes, tweak: bytes, given_column: tuple[str, list[str | None]], data: st.DataObject
) -> None:
    alphabet, values = given_column
    column = pa.array(values, pa.string())
    whole = ff1_encrypt(key, column, alphabet, tweak)
    start, length = (data.draw(st.integers(0, len(values))) for _ in range(2))
    assert ff1_encrypt(key, column.slice(start, length), alphabet, tweak).equals(whole.slice(start, length))
    encoded = ff1_encrypt(key, column.dictionary_encode(), alphabet, tweak)
    assert pa.types.is_dictionary(encoded.type)
    assert encoded.to_pylist() == whole.to_pylist()


def test_the_reference_goes_both_ways() -> None:
    assert ff1(bytes(16), ff1(bytes(16), "0123456789", "0123456789", b"t"), "0123456789", b"t", forward=False) == (
        "0123456789"
    )
