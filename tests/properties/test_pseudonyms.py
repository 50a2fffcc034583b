"""What holds for pseudonyms whatever the identifiers are."""

from __future__ import annotations

import base64
from itertools import pairwise

import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from anonymization.pseudonyms import PSEUDONYM_TYPE, binding, canonicalize, cmac, mint, rotate, to_base32, tweak
from anonymization.pseudonyms.coverage import Subjects
from anonymization.pseudonyms.errors import SubjectsError
from policies.contract import CanonicalForm

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=70)
KEY = st.sampled_from([16, 32]).flatmap(lambda size: st.binary(min_size=size, max_size=size))
COLUMN = st.lists(st.one_of(st.none(), TEXT), max_size=40)
EPOCHS = st.lists(st.binary(min_size=32, max_size=32), min_size=2, max_size=4, unique=True)
MARKS = st.sampled_from(" .-/\u00a0\u2011")
FORMS = st.sampled_from(list(CanonicalForm))

few = settings(max_examples=60, deadline=None)


def one_by_one(key: bytes, value: str | None) -> bytes | None:
    """AES-CMAC as the cryptography package computes it."""
    if value is None:
        return None
    mac = CMAC(AES(key))
    mac.update(value.encode())
    return mac.finalize()


@few
@given(KEY, COLUMN)
def test_a_column_is_its_values_one_by_one(key: bytes, values: list[str | None]) -> None:
    expected = [one_by_one(key, value) for value in values]
    column = pa.array(values, pa.string())
    for kind in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary(), pa.string_view()):
        tags = cmac(key, column.cast(kind))
        assert tags.type == PSEUDONYM_TYPE
        assert tags.to_pylist() == expected


@few
@given(KEY, COLUMN)
def test_a_dictionary_is_its_plain_column(key: bytes, values: list[str | None]) -> None:
    column = pa.array(values, pa.string())
    assert cmac(key, column.dictionary_encode()).to_pylist() == cmac(key, column).to_pylist()
    within = pa.DictionaryArray.from_arrays(pa.array(range(len(values)), pa.int32()), column)  # nulls as values
    assert cmac(key, within).to_pylist() == cmac(key, column).to_pylist()


@few
@given(KEY, COLUMN, st.data())
def test_a_slice_is_a_slice(key: bytes, values: list[str | None], data: st.DataObject) -> None:
    column = pa.array(values, pa.string())
    start = data.draw(st.integers(0, len(values)))
    length = data.draw(st.integers(0, len(values)))
    tags = cmac(key, column)
    assert cmac(key, column.slice(start, length)).to_pylist() == tags.slice(start, length).to_pylist()
    assert to_base32(tags.slice(start, length)).to_pylist() == to_base32(tags).slice(start, length).to_pylist()


@few
@given(KEY, COLUMN)
def test_equality_is_preserved_within_a_domain(key: bytes, values: list[str | None]) -> None:
    pairs = list(zip(values, cmac(key, pa.array(values, pa.string())).to_pylist(), strict=True))
    for value, tag in pairs:
        for other, other_tag in pairs:
            assert (value == other) == (tag == other_tag)


@few
@given(KEY, KEY, COLUMN)
def test_domains_share_nothing(key: bytes, other: bytes, values: list[str | None]) -> None:
    assume(key != other)
    column = pa.array(values, pa.string())
    here, there = (set(cmac(one, column).drop_null().to_pylist()) for one in (key, other))
    assert not here & there


@few
@given(st.integers(0, 40), st.integers(1, 30), KEY, st.data())
def test_values_of_one_length(size: int, rows: int, key: bytes, data: st.DataObject) -> None:
    """They are read by strides, others by gathering: the tags are the same, a null among them or not."""
    values: list[bytes | None] = [data.draw(st.binary(min_size=size, max_size=size)) for _ in range(rows)]
    expected = [CMAC(AES(key)) for _ in values]
    for mac, value in zip(expected, values, strict=True):
        mac.update(value or b"")
    tags = [mac.finalize() for mac in expected]
    assert cmac(key, pa.array(values, pa.binary(size))).to_pylist() == tags
    assert cmac(key, pa.array(values, pa.binary())).to_pylist() == tags
    assert cmac(key, pa.array([*values, None], pa.binary(size))).to_pylist() == [*tags, None]


@few
@given(KEY, EPOCHS, COLUMN)
def test_rotation_is_minting_at_the_next_epoch(key: bytes, epochs: list[bytes], values: list[str | None]) -> None:
    column = pa.array(values, pa.string())
    pseudonyms = mint(key, epochs[0], column)
    for old, new in pairwise(epochs):
        pseudonyms = rotate(old, new, pseudonyms)
        assert pseudonyms.equals(mint(key, new, column))
    assert rotate(epochs[-1], epochs[0], pseudonyms).equals(mint(key, epochs[0], column))


@few
@given(EPOCHS, st.lists(st.binary(min_size=16, max_size=16), max_size=40, unique=True))
def test_rotation_is_a_bijection_of_any_sixteen_bytes(epochs: list[bytes], values: list[bytes]) -> None:
    column = pa.array(values, PSEUDONYM_TYPE)
    rotated = rotate(epochs[0], epochs[1], column)
    assert len(set(rotated.to_pylist())) == len(values)
    assert rotate(epochs[1], epochs[0], rotated).equals(column)


@few
@given(KEY, KEY, EPOCHS, COLUMN)
def test_minted_domains_and_epochs_share_nothing(
    key: bytes, other: bytes, epochs: list[bytes], values: list[str | None]
) -> None:
    assume(key != other)
    column = pa.array(values, pa.string())
    pseudonyms = [
        value for domain in (key, other) for epoch in epochs for value in set(mint(domain, epoch, column).to_pylist())
    ]
    present = [value for value in pseudonyms if value is not None]
    assert len(set(present)) == len(present)


@few
@given(st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9), st.integers(0, 99)), min_size=2, unique=True))
def test_no_two_columns_have_one_binding_or_tweak(places: list[tuple[str, str, int]]) -> None:
    assert len({binding(*place) for place in places}) == len({tweak(*place) for place in places}) == len(places)


@few
@given(KEY, COLUMN)
def test_the_text_form_is_rfc_4648_base32(key: bytes, values: list[str | None]) -> None:
    tags = cmac(key, pa.array(values, pa.string()))
    expected = [tag and base64.b32encode(tag).decode().rstrip("=") for tag in tags.to_pylist()]
    assert to_base32(tags).to_pylist() == expected


@few
@given(FORMS, COLUMN)
def test_canonical_forms_are_stable_and_column_shape_is_kept(form: CanonicalForm, values: list[str | None]) -> None:
    column = pa.array(values, pa.string())
    once = canonicalize(form, column)
    assert len(once) == len(column)
    assert canonicalize(form, once).to_pylist() == once.to_pylist()
    assert canonicalize(form, column.dictionary_encode()).to_pylist() == once.to_pylist()
    assert "" not in once.to_pylist()


@few
@given(st.from_regex(r"[1-9][0-9]{8}", fullmatch=True), st.lists(MARKS, min_size=4, max_size=4))
def test_a_french_number_has_one_form(national: str, marks: list[str]) -> None:
    pairs = ["0" + national[0], *(national[at : at + 2] for at in range(1, 9, 2))]
    written = "".join(pair + mark for pair, mark in zip(pairs, [*marks, ""], strict=True))
    spellings = ["0" + national, written, "+33" + national, "0033" + national, "33" + national, f"+33 (0){national}"]
    assert canonicalize(CanonicalForm.PHONE, pa.array(spellings)).to_pylist() == ["+33" + national] * len(spellings)


NIR = st.from_regex(r"[12][0-9]{2}(0[1-9]|1[0-2])(2[AB]|[0-9]{2})[0-9]{6}", fullmatch=True)


@few
@given(NIR, st.lists(MARKS, min_size=7, max_size=7), st.integers(1, 99))
def test_a_nir_has_one_form_and_one_key(number: str, marks: list[str], other: int) -> None:
    key = 97 - int(number.replace("2A", "19").replace("2B", "18")) % 97
    assume(key != other)
    parts = [number[:1], number[1:3], number[3:5], number[5:7], number[7:10], number[10:], f"{key:02d}"]
    spaced = "".join(part + mark for part, mark in zip(parts, marks, strict=True))
    spellings = [number, number.lower(), spaced, f"{number}{key:02d}", f"{number}{other:02d}"]
    assert canonicalize(CanonicalForm.NIR, pa.array(spellings)).to_pylist() == [number] * 4 + [None]


@few
@given(KEY, st.lists(TEXT, max_size=20, unique=True), st.data())
def test_coverage_keeps_the_active_and_only_them(key: bytes, people: list[str], data: st.DataObject) -> None:
    active = data.draw(st.sets(st.sampled_from(people))) if people else set()
    column = pa.array([*people, None], pa.string())
    consent = cmac(key, column)
    subjects = cmac(key, pa.array(sorted(active), pa.string()))
    kept = Subjects(subjects).keep(consent, consent).is_valid().to_pylist()
    assert kept == [person in active for person in people] + [False]


def test_subjects_with_the_same_first_half_are_told_apart() -> None:
    alike = pa.array([b"12345678" + bytes([last] * 8) for last in range(12)], PSEUDONYM_TYPE)
    kept = Subjects(pa.concat_arrays([alike.slice(0, 3), alike.slice(5, 5)])).keep(alike, alike)
    assert kept.is_valid().to_pylist() == [True] * 3 + [False] * 2 + [True] * 5 + [False] * 2
    with pytest.raises(SubjectsError, match="begin alike"):
        Subjects(alike)


@pytest.mark.parametrize("tail", [b"\0" * 15, b"\0" * 8 + b"\1" * 7])
def test_coverage_compares_all_sixteen_bytes(tail: bytes) -> None:
    values = pa.array([b"a" + tail, b"a" + b"\0" * 14 + b"\2", b"\0" * 16], PSEUDONYM_TYPE)
    kept = Subjects(values.slice(0, 1)).keep(values, values)
    assert kept.is_valid().to_pylist() == [True, False, False]
