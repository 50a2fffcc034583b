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


def test_plate() -> None:
    new = form(CanonicalForm.PLATE, "AB-123-CD", "ab123cd", " AB 123 CD ", "ab\u2011123.cd", "AB·123·CD")
    assert new == ["AB-123-CD"] * 5
    old = form(CanonicalForm.PLATE, "123 ABC 49", "0123abc49", "123-ABC-49", "1 AA 2A", "1234 ZZ 971", "12 x 06")
    assert old == ["123 ABC 49"] * 3 + ["1 AA 2A", "1234 ZZ 971", "12 X 06"]
    wrong = ("AO-123-CD", "AB-12-CD", "AB-123-C", "123 ABC 00", "123 ABC 96", "12345 AB 49", "0 AB 49", "123 ABCD 49")
    assert form(CanonicalForm.PLATE, *wrong, "B 123 EF", "inconnue", "") == [None] * 11


def test_nir() -> None:
    """The key of 2 69 05 49 588 157 is 80; in Corsica, 2A counts as 19 and 2B as 18."""
    spellings = ("2 69 05 49 588 157 80", "269054958815780", "2 69 05 49 588 157", "2.69.05.49.588.157/80")
    assert form(CanonicalForm.NIR, *spellings) == ["2690549588157"] * 4
    south, north = "169102A004123", "169102B004123"
    keys = [97 - int(number.replace("2A", "19").replace("2B", "18")) % 97 for number in (south, north)]
    written = [f"{number}{key:02d}" for number, key in zip((south, north), keys, strict=True)]
    assert form(CanonicalForm.NIR, *written, south, north.lower()) == [south, north, south, north]
    assert form(CanonicalForm.NIR, f"{south}{keys[1]:02d}") == [None]
    wrong = ("269054958815781", "5690549588157", "2691349588157", "26905495881578", "2690549588157800", "2690549A88157")
    assert form(CanonicalForm.NIR, *wrong, "", None) == [None] * 8


def test_delivery_points() -> None:
    assert form(CanonicalForm.PRM, "12 345 678 901 234", "12345678901234") == ["12345678901234"] * 2
    assert form(CanonicalForm.PRM, "1234567890123", "GI123456", "1234567890123A", "") == [None] * 4
    assert form(CanonicalForm.PCE, "12345678901234", "gi 123456", "GI12345") == ["12345678901234", "GI123456", None]


def test_every_form_that_contracts_know_is_made() -> None:
    for kind in CanonicalForm:
        assert len(form(kind, "x", None)) == 2
    with pytest.raises(IdentifierTypeError, match="roman"):
        canonicalize("roman", pa.array(["x"]))  # type: ignore[arg-type]


def test_large_text_stays_large() -> None:
    for kind in CanonicalForm:
        assert canonicalize(kind, pa.array(["x"], pa.large_string())).type == pa.large_string()
        assert canonicalize(kind, pa.nulls(2)).to_pylist() == [None, None]


def test_metadata_says_how_it_was_made() -> None:
    assert pseudonym_metadata("water-meter", 2) == {
        "ardoise.domain": "water-meter",
        "ardoise.algorithm": "aes-cmac+aes-256",
        "ardoise.epoch": "2",
    }
