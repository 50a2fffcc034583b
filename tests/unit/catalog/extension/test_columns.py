"""Columns in memory, against the plainest reading of what they answer."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from ckanext.ardoise.search.columns import ChangedError, Columns, first
from ckanext.ardoise.search.headings import Headings
from ckanext.ardoise.search.parts import STARTS_TEXT, STARTS_WORD, WITHIN, Parts
from ckanext.ardoise.search.postings import Postings
from ckanext.ardoise.search.values import Values
from hypothesis import given
from hypothesis import strategies as st

WORDS = st.sampled_from(["eau", "eaux", "beau", "arbre", "é", "a-b", "x9"])
ROWS = st.lists(st.lists(WORDS, max_size=3, unique=True), max_size=8)


def values(rows: list[list[str]]) -> Values:
    """A field that has some values in each row."""
    held = Values([], {}, np.empty(0, np.int32), np.empty(0, np.int32), len(rows))
    pairs = [(held.code(value), row) for row, each in enumerate(rows) for value in each]
    both = np.array(pairs, np.int32).reshape(-1, 2)
    return Values(held.names, held.known, both[:, 0], both[:, 1], len(rows))


def parts(texts: list[str]) -> Parts:
    return Parts(values([text.split() for text in texts]), values([[text] for text in texts]))


@given(ROWS, st.lists(WORDS, max_size=3), st.integers(1, 2), st.integers(-1, 4))
def test_values_are_found_and_counted(rows: list[list[str]], wanted: list[str], least: int, most: int) -> None:
    held = values(rows)
    mask = held.any_of(wanted)
    assert mask.tolist() == [bool(set(each) & set(wanted)) for each in rows]
    assert held.present().tolist() == [bool(each) for each in rows]
    assert held.passing(lambda text: text.startswith("e")).tolist() == [
        any(text.startswith("e") for text in each) for each in rows
    ]
    counted = Counter(value for each, found in zip(rows, mask, strict=True) if found for value in each)
    expected = sorted(
        ((value, number) for value, number in counted.items() if number >= least),
        key=lambda each: (-each[1], each[0].encode()),
    )
    assert held.counts(mask, least, most) == (expected if most < 0 else expected[:most])


@given(
    st.lists(st.lists(WORDS, max_size=4).map(" ".join), max_size=6),
    st.sampled_from(["e", "eau", "au", "b", "eau b", "u a", "é", "9", "", "eau\neau", "  "]),
)
def test_parts_of_texts_stand_where_they_stand(texts: list[str], part: str) -> None:
    def stands(text: str) -> int:
        if not part.strip() or part not in text:
            return 0
        return STARTS_TEXT if text.startswith(part) else STARTS_WORD if f" {part}" in text else WITHIN

    found = parts(texts)
    assert found.standing(part).tolist() == [stands(text) for text in texts]
    assert found.holding(part).tolist() == [stands(text) > 0 for text in texts]


def test_short_parts_begin_words_after_any_sign() -> None:
    names = ["qualite-eau", "eau", "beau", "é-eau", "aéau", "1eau"]
    found = Parts(values([[name] for name in names]), values([[name] for name in names]))
    assert found.holding("ea", words_only=True).tolist() == [True, True, False, True, False, False]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30),
    st.integers(1, 40),
)
def test_the_first_rows_are_those_of_the_whole_order(keys: list[tuple[int, int]], wanted: int) -> None:
    wanted = min(wanted, len(keys))
    rows = np.arange(len(keys))
    orders = [np.array([key[place] for key in keys], np.int64) for place in (0, 1)]
    told = first(rows, [*orders, rows.astype(np.int64)], wanted).tolist()
    assert told == sorted(rows.tolist(), key=lambda row: (*keys[row], row))[:wanted]


def test_rows_of_another_generation_are_no_rows() -> None:
    columns = Columns(1, np.array([7, 3, 9]), {}, {}, {}, Postings.none(), Headings.none())
    assert columns.rows_of(np.array([9, 7])).tolist() == [2, 0]
    for unknown in ([8], [3, 10], [1]):
        with pytest.raises(ChangedError):
            columns.rows_of(np.array(unknown))
    with pytest.raises(ChangedError):
        Columns(1, np.array([], np.int64), {}, {}, {}, Postings.none(), Headings.none()).rows_of(np.array([1]))
