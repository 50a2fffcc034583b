"""The development half keeps what makes its figures worth reading: size, variety, texts with nobody in them."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.evaluation.corpus import KINDS, TYPES, Document, load


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return load("development")


def test_three_hundred_distinct_texts_of_every_kind(documents: list[Document]) -> None:
    assert len(documents) == len({document.text for document in documents}) == 300
    assert all(count >= 50 for count in Counter(document.kind for document in documents).values())
    assert {document.kind for document in documents} == KINDS


def test_lengths_are_those_of_short_messages(documents: list[Document]) -> None:
    lengths = sorted(len(document.text) for document in documents)
    assert lengths[0] >= 20
    assert lengths[-1] <= 900
    assert sum(length > 300 for length in lengths) >= 15


def test_about_three_in_ten_have_nobody_in_them(documents: list[Document]) -> None:
    assert 0.25 < sum(not document.entities for document in documents) / len(documents) < 0.35


def test_every_type_is_there_more_than_once(documents: list[Document]) -> None:
    counts = Counter(entity.type for document in documents for entity in document.entities)
    assert set(counts) == TYPES
    assert min(counts.values()) >= 4
    assert counts["NOM"] >= 250
