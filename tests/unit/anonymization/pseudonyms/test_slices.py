"""Columns are treated in slices; where one ends and the next begins does not show."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

from anonymization.pseudonyms import (
    cmac,
    columns,
    ff1_decrypt,
    ff1_encrypt,
    from_base32,
    mint,
    pad,
    rotate,
    siv_decrypt,
    siv_encrypt,
    to_base32,
    unpad,
)
from anonymization.pseudonyms.blocks import SLICE_ROWS

KEY, SIV_KEY = bytes(range(32)), bytes(range(32, 64))
DIGITS, ACCENTS = "0123456789", "0123456789éèàç€𝄞"

FUNCTIONS: dict[str, Callable[[pa.Array], pa.Array]] = {
    "cmac": lambda values: cmac(KEY, values),
    "rotate": lambda values: rotate(KEY, SIV_KEY, mint(KEY, KEY, values)),
    "siv": lambda values: siv_encrypt(SIV_KEY, values),
    "siv and back": lambda values: siv_decrypt(SIV_KEY, siv_encrypt(SIV_KEY, values)),
    "ff1": lambda values: ff1_encrypt(KEY, values, DIGITS),
    "ff1, wide": lambda values: ff1_decrypt(KEY, values, ACCENTS),
    "pad": lambda values: pad(values, [10, 16, 40]),
    "pad and back": lambda values: unpad(pad(values, [40])),
    "base32": lambda values: to_base32(values.cast(pa.binary())),
    "base32 and back": lambda values: from_base32(to_base32(values.cast(pa.binary()))),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_column_is_its_parts(name: str) -> None:
    function = FUNCTIONS[name]
    one = pa.array([f"{row * 7919:014d}" for row in range(SLICE_ROWS + 100)])
    several = pa.array([f"{row * 7919:0{6 + row % 13}d}" if row % 11 else None for row in range(SLICE_ROWS + 100)])
    for column in (one, several):
        cut = SLICE_ROWS // 3
        assert function(column).equals(pa.concat_arrays([function(column.slice(0, cut)), function(column.slice(cut))]))


def test_large_values_make_slices_of_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [100, 1, 99, 0, 50, 17] * 8
    column = pa.array([bytes([row]) * size for row, size in enumerate(sizes)], pa.binary())
    whole = [cmac(KEY, column), siv_encrypt(SIV_KEY, column), to_base32(column), pad(column, [100, 112])]
    monkeypatch.setattr(columns, "SLICE_BYTES", 120)
    assert len(list(columns.ByteColumn(column).slices())) > 16
    assert [cmac(KEY, column), siv_encrypt(SIV_KEY, column), to_base32(column), pad(column, [100, 112])] == whole
    for back in (siv_decrypt(SIV_KEY, whole[1]), from_base32(whole[2]), unpad(whole[3])):
        assert back.equals(column)


def test_the_longest_value_goes_both_ways() -> None:
    column = pa.array([b"a" * columns.MAX_VALUE_BYTES], pa.binary())
    assert siv_decrypt(SIV_KEY, siv_encrypt(SIV_KEY, column)).equals(column)
    assert from_base32(to_base32(column)).equals(column)
