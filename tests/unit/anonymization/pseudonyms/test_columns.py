"""Column crypto and canonical forms: the cases worth naming."""

from __future__ import annotations

import pyarrow as pa
import pytest

from anonymization.pseudonyms import PSEUDONYM_TYPE, canonicalize, cmac, pseudonym_metadata, to_base32
from anonymization.pseudonyms.errors import IdentifierTypeError, KeyLengthError, NullColumnError
from policies.contract import CanonicalForm

KEY = bytes(range(16))


def form(kind: CanonicalForm, *values: str | None) -> list[str | None]:
    result: list[str | None] = canonicalize(kind, pa.array(values, pa.string())).to_pylist()
    return result


@pytest.mark.parametrize("length", [0, 15, 17, 24, 33])
def test_a_key_has_sixteen_or_thirty_two_bytes(length: int) -> None:
    with pytest.raises(KeyLengthError, match=str(length)):
        cmac(bytes(length), pa.array(["a"]))


def test_only_text_and_bytes_are_identifiers() -> None:
    with pytest.raises(IdentifierTypeError, match="int64"):
        cmac(KEY, pa.array([1]))
    with pytest.raises(IdentifierTypeError, match="int64"):
        canonicalize(CanonicalForm.TEXT, pa.array([1]))
    with pytest.raises(IdentifierTypeError, match="string"):
        to_base32(pa.array(["a"]))


def test_columns_of_nothing() -> None:
    for empty in (pa.array([], pa.string()), pa.array([], pa.string()).dictionary_encode()):
        assert cmac(KEY, empty).type == PSEUDONYM_TYPE
    with pytest.raises(NullColumnError):
        cmac(KEY, pa.nulls(3))
    assert cmac(KEY, pa.array([None, None], pa.string())).to_pylist() == [None] * 2
    assert to_base32(pa.array([], PSEUDONYM_TYPE)).to_pylist() == []


def test_a_column_longer_than_a_slice() -> None:
    column = pa.array(["x" * (row % 50) for row in range(70_000)])
    tags = cmac(KEY, column)
    assert tags.slice(65_530, 20).equals(cmac(KEY, column.slice(65_530, 20)))


def test_text_is_composed_and_trimmed() -> None:
    assert form(CanonicalForm.TEXT, " Zoe\u0301 ", "Zo\u00e9", "a b", "\u00a0\t", "", None) == [
        "Zoé",
        "Zoé",
        "a b",
        None,
        None,
        None,
    ]


def test_upper_drops_what_people_add() -> None:
    assert form(CanonicalForm.UPPER, "ab-123 cd", "AB\u2011123\u00a0CD", " - ") == ["AB123CD", "AB123CD", None]


def test_email() -> None:
    good = form(CanonicalForm.EMAIL, " Zoe.Martin+angers@Exemple.FR ", "zoe@sous.domaine.example")
    assert good == ["zoe.martin+angers@exemple.fr", "zoe@sous.domaine.example"]
    assert form(CanonicalForm.EMAIL, "zoe", "zoe@", "@exemple.fr", "a b@exemple.fr", "zoe@localhost", "") == [None] * 6


def test_phone() -> None:
    assert form(CanonicalForm.PHONE, "+44 20 7946 0958", "00 32 2 555 12 12") == ["+442079460958", "+3225551212"]
    assert (
        form(CanonicalForm.PHONE, "inconnu", "06 12", "3939", "+0612345678", "06 12 34 56 78 90 12 34", "")
        == [None] * 6
    )


def test_metadata_says_how_it_was_made() -> None:
    assert pseudonym_metadata("water-meter", 2) == {
        "ardoise.domain": "water-meter",
        "ardoise.algorithm": "aes-cmac+aes-256",
        "ardoise.epoch": "2",
    }
