"""What every column function refuses, before any output, and without a value in the message."""

from __future__ import annotations

import mmap
import tracemalloc
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from anonymization.pseudonyms import (
    PSEUDONYM_TYPE,
    cmac,
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
from anonymization.pseudonyms.errors import (
    AlphabetError,
    AssociatedDataError,
    CharacterError,
    ColumnTooLargeError,
    DomainTooSmallError,
    IdentifierTypeError,
    KeyLengthError,
    NullColumnError,
    PaddingError,
    PseudonymError,
    TamperedPseudonymError,
    TextFormError,
    TweakError,
    ValueTooLongError,
    ValueTooShortError,
)
from anonymization.pseudonyms.written import Written

KEY, SIV_KEY = bytes(range(32)), bytes(range(64))
DIGITS = "0123456789"
GIB = 1 << 30

FUNCTIONS: dict[str, Callable[[pa.Array], pa.Array]] = {
    "cmac": lambda values: cmac(KEY, values),
    "mint": lambda values: mint(KEY, KEY[::-1], values),
    "siv_encrypt": lambda values: siv_encrypt(SIV_KEY, values),
    "siv_decrypt": lambda values: siv_decrypt(SIV_KEY, values),
    "ff1_encrypt": lambda values: ff1_encrypt(KEY, values, DIGITS),
    "ff1_decrypt": lambda values: ff1_decrypt(KEY, values, DIGITS),
    "pad": lambda values: pad(values, [16, 32]),
    "unpad": unpad,
    "from_base32": from_base32,
}
every = pytest.mark.parametrize("name", FUNCTIONS)


def sparse_text(size: int, offsets: list[int], kind: pa.DataType) -> pa.Array:
    """A column over memory that the machine gives only where it is touched."""
    width = np.int64 if kind == pa.large_string() else np.int32
    data = pa.py_buffer(mmap.mmap(-1, size))
    return pa.Array.from_buffers(kind, len(offsets) - 1, [None, pa.py_buffer(np.array(offsets, width)), data])


@every
def test_a_column_without_a_type(name: str) -> None:
    with pytest.raises(NullColumnError):
        FUNCTIONS[name](pa.nulls(3))
    with pytest.raises(NullColumnError):
        FUNCTIONS[name](pa.nulls(3).dictionary_encode())


@every
def test_what_is_no_text(name: str) -> None:
    for values in (pa.array([1]), pa.array([1.5]), pa.array([["a"]]), pa.array([True])):
        with pytest.raises(IdentifierTypeError):
            FUNCTIONS[name](values)
    with pytest.raises(IdentifierTypeError, match="one array at a time"):
        FUNCTIONS[name](pa.chunked_array([["a"], ["b"]]))


@every
def test_a_gibibyte_in_one_value(name: str) -> None:
    for values in (
        sparse_text(GIB, [0, 0, GIB], pa.string()),
        sparse_text(3 * GIB, [0, 3 * GIB, 3 * GIB], pa.large_string()),
    ):
        with pytest.raises(ValueTooLongError):
            FUNCTIONS[name](values)


@every
def test_no_column_at_all_is_fine(name: str) -> None:
    assert len(FUNCTIONS[name](pa.array([], pa.string()))) == 0
    assert FUNCTIONS[name](pa.array([None, None], pa.string())).to_pylist() == [None, None]


@pytest.mark.parametrize("size", [0, 1, 31, 33, 65])
def test_keys_of_no_size(size: int) -> None:
    column = pa.array(["12345678"])
    key = bytes(size)
    for attempt in (
        lambda: cmac(key, column),
        lambda: mint(key, KEY, column),
        lambda: mint(KEY, key, column),
        lambda: rotate(KEY, key, pa.nulls(1, PSEUDONYM_TYPE)),
        lambda: siv_encrypt(key, column),
        lambda: siv_decrypt(key, column),
        lambda: ff1_encrypt(key, column, DIGITS),
        lambda: ff1_decrypt(key, column, DIGITS),
    ):
        with pytest.raises(KeyLengthError, match=str(size)):
            attempt()


def test_keys_are_of_the_size_their_algorithm_has() -> None:
    column = pa.array(["12345678"])
    with pytest.raises(KeyLengthError, match="24"):
        cmac(bytes(24), column)
    with pytest.raises(KeyLengthError, match="16"):
        siv_encrypt(bytes(16), column)
    with pytest.raises(KeyLengthError, match="64"):
        ff1_encrypt(bytes(64), column, DIGITS)


@pytest.mark.parametrize("alphabet", ["", "0", "0120", "01\ud800", "a" * 70_000, b"0123456789", 10])
def test_alphabets(alphabet: str) -> None:
    with pytest.raises(AlphabetError):
        ff1_encrypt(KEY, pa.array(["00000000"]), alphabet)


def test_an_alphabet_has_65_536_characters_at_most() -> None:
    characters = "".join(chr(point) for point in range(0x1F000, 0x2F001))
    with pytest.raises(AlphabetError):
        ff1_encrypt(KEY, pa.array(["a"]), characters)
    assert len(ff1_encrypt(KEY, pa.array([characters[:3]]), characters[:-1])[0].as_py()) == 3


@pytest.mark.parametrize(
    "value", ["12345678a", "12345678é", "1234 5678", "-12345678", "12345678\0", "１２３４５６７８"]
)
def test_a_character_outside_the_alphabet(value: str) -> None:
    values = ["98765432"] * 3 + [value]
    for attempt in (ff1_encrypt, ff1_decrypt):
        with pytest.raises((CharacterError, DomainTooSmallError)) as caught:
            attempt(KEY, pa.array(values), DIGITS)
        assert not any(secret in str(caught.value) for secret in (value, "98765432"))
    with pytest.raises(CharacterError, match=r"1 values .* row 3"):
        ff1_encrypt(KEY, pa.array(["98765432"] * 3 + ["1234567x"]), DIGITS)
    with pytest.raises(CharacterError):
        ff1_encrypt(KEY, pa.array(values), "0123456789àâ")


def test_text_that_is_no_utf_8() -> None:
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(np.array([0, 8], np.int32)), pa.py_buffer(b"\xff" * 8)]
    )
    for alphabet in (DIGITS, "0123456789é"):
        with pytest.raises(CharacterError):
            ff1_encrypt(KEY, broken, alphabet)


@pytest.mark.parametrize(
    ("alphabet", "length"), [(DIGITS, 5), (DIGITS, 1), (DIGITS, 0), ("01", 19), ("ab" + DIGITS, 5)]
)
def test_fewer_than_a_million_texts(alphabet: str, length: int) -> None:
    long = pa.array([alphabet[0] * 30, alphabet[0] * length])
    for attempt in (ff1_encrypt, ff1_decrypt):
        with pytest.raises(DomainTooSmallError, match=str(length)):
            attempt(KEY, long, alphabet)


def test_a_million_texts_are_enough() -> None:
    assert len(ff1_encrypt(KEY, pa.array(["0" * 6]), DIGITS)[0].as_py()) == 6
    assert len(ff1_encrypt(KEY, pa.array(["0" * 20]), "01")[0].as_py()) == 20
    with pytest.raises(ValueTooLongError):
        ff1_encrypt(KEY, pa.array(["0" * 257]), DIGITS)
    assert len(ff1_encrypt(KEY, pa.array(["0" * 256]), DIGITS)[0].as_py()) == 256


def test_tweaks_and_associated_data() -> None:
    with pytest.raises(TweakError):
        ff1_encrypt(KEY, pa.array(["00000000"]), DIGITS, bytes(65_537))
    with pytest.raises(TweakError):
        ff1_encrypt(KEY, pa.array(["00000000"]), DIGITS, "tweak")  # type: ignore[arg-type]
    for data in (b"one string", "text", ["text"], [b""] * 127):
        with pytest.raises(AssociatedDataError):
            siv_encrypt(SIV_KEY, pa.array(["a"]), data)  # type: ignore[arg-type]


def test_pseudonyms_that_do_not_open() -> None:
    made = siv_encrypt(SIV_KEY, pa.array(["confidential", None, "b"]), [b"domain"])
    with pytest.raises(TamperedPseudonymError) as caught:
        siv_decrypt(SIV_KEY, made, [b"other"])
    assert "confidential" not in str(caught.value)
    assert caught.value.__context__ is None
    with pytest.raises(ValueTooShortError):
        siv_decrypt(SIV_KEY, pa.array([made[0].as_py(), b"15 bytes, no IV"], pa.binary()), [b"domain"])
    with pytest.raises(TamperedPseudonymError):
        siv_decrypt(SIV_KEY, pa.array([made[0].as_py()[:-1]], pa.binary()), [b"domain"])


def test_padding() -> None:
    for lengths in ([], [0, 16], [16, 16], [32, 16], [16, 65_537]):
        with pytest.raises(PaddingError):
            pad(pa.array(["a"]), lengths)
    with pytest.raises(ValueTooLongError):
        pad(pa.array(["a" * 15, "b" * 16]), [16])
    for value in (b"", bytes(16), b"a", b"\x80a", b"a\0"):
        with pytest.raises(PaddingError):
            unpad(pa.array([b"a\x80\0\0", value], pa.binary()))


def test_texts_of_no_value() -> None:
    for text in ("a", "ABC", "AB1DEFGH", "mfrgg", "MFRGG===", "MFRGH", "B" * 27):
        with pytest.raises(TextFormError):
            from_base32(pa.array(["MFRGG", text]))
    for text in ("MFRGG", "A" * 25, "A" * 25 + "B"):
        with pytest.raises(TextFormError):
            from_base32(pa.array([text]), 16)
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        with pytest.raises(IdentifierTypeError):
            to_base32(pa.array(["a"], kind))


def test_more_than_a_column_holds() -> None:
    with pytest.raises(ColumnTooLargeError):
        Written(np.full(2, GIB), large=False)


def test_values_beyond_the_second_gibibyte() -> None:
    base = 2 * GIB + 5
    values = sparse_text(3 * GIB, [base, base + 14, base + 14, base + 40], pa.large_string())
    same = pa.array(["\0" * 14, "", "\0" * 26])
    assert cmac(KEY, values).equals(cmac(KEY, same))
    assert siv_encrypt(SIV_KEY, values).to_pylist() == siv_encrypt(SIV_KEY, same).to_pylist()
    assert ff1_encrypt(KEY, values.take(pa.array([0, 2])), "\0" + DIGITS).type == pa.large_string()


def test_every_refusal_is_a_pseudonym_error() -> None:
    for kind in (AlphabetError, AssociatedDataError, CharacterError, ColumnTooLargeError, DomainTooSmallError):
        assert issubclass(kind, PseudonymError)
    for kind in (NullColumnError, PaddingError, TamperedPseudonymError, TextFormError, TweakError, ValueTooLongError):
        assert issubclass(kind, PseudonymError)


def test_working_memory_does_not_grow_with_the_column() -> None:
    def peak(rows: int) -> int:
        column = pa.array(np.arange(rows)).cast(pa.string())
        cmac(KEY, column.slice(0, 10))
        tracemalloc.start()
        try:
            cmac(KEY, column)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(400_000) < 1.2 * peak(50_000) < 8_000_000
