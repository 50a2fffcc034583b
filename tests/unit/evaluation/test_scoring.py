"""Scores counted by hand on texts of a few words."""

from __future__ import annotations

import pytest

from tests.evaluation.corpus import Document, Entity
from tests.evaluation.scoring import Averages, Masking, Score, by_type, macro, masking, pooled

# 0         1         2
# 012345678901234567890123456789
# Ana Roy, 06 11, et Max.
TEXT = "Ana Roy, 06 11, et Max."
DOCUMENT = Document("a", "note", TEXT, (Entity(0, 7, "NOM"), Entity(9, 14, "TELEPHONE"), Entity(19, 22, "NOM")))
HARMLESS = Document("b", "note", "Rien ici.", ())


def test_a_finding_is_right_by_overlap_and_by_its_very_ends() -> None:
    found = [Entity(0, 3, "NOM"), Entity(4, 7, "NOM"), Entity(9, 14, "TELEPHONE"), Entity(16, 18, "NOM")]
    scores = by_type([DOCUMENT], [found])
    assert scores["NOM"] == Score(annotated=2, found=3, touched=1, covered=1, touching=2, exact=0)
    assert scores["TELEPHONE"] == Score(1, 1, 1, 1, 1, 1)
    assert scores["NOM"].recall == 0.5
    assert scores["NOM"].precision == pytest.approx(2 / 3)
    assert scores["NOM"].exact_recall == scores["NOM"].exact_precision == 0.0
    assert scores["TELEPHONE"].exact_recall == scores["TELEPHONE"].exact_precision == 1.0


def test_a_finding_of_another_type_covers_but_is_not_right() -> None:
    scores = by_type([DOCUMENT], [[Entity(10, 12, "NIR"), Entity(0, 7, "ADRESSE")]])
    assert scores["TELEPHONE"] == Score(annotated=1, covered=1)
    assert (scores["TELEPHONE"].recall, scores["TELEPHONE"].recall_any_type) == (0.0, 1.0)
    assert scores["NOM"] == Score(annotated=2, covered=1)
    assert scores["NIR"] == Score(found=1)
    assert scores["NIR"].precision == 0.0
    assert scores["NIR"].recall is None
    assert scores["TELEPHONE"].precision is None


def test_spans_that_only_meet_do_not_overlap() -> None:
    scores = by_type([DOCUMENT], [[Entity(7, 9, "NOM"), Entity(14, 19, "NOM")]])
    assert scores["NOM"] == Score(annotated=2, found=2)


def test_a_finding_made_twice_counts_once() -> None:
    assert by_type([DOCUMENT], [[Entity(19, 22, "NOM")] * 2])["NOM"] == Score(2, 1, 1, 1, 1, 1)


def test_macro_weighs_types_alike_and_pooled_weighs_entities_alike() -> None:
    scores = {
        "A": Score(annotated=8, found=8, touched=8, covered=8, touching=8, exact=4),
        "B": Score(annotated=2, found=0, touched=0, covered=1),
        "C": Score(found=5),
    }
    assert macro(scores, {"A", "B", "C"}) == Averages(0.5, 0.75, 1.0, 0.25, 0.5)
    assert pooled(scores, {"A", "B", "C"}) == Score(10, 13, 8, 9, 8, 4)
    assert pooled(scores, {"A", "B"}).recall == 0.8
    assert macro(scores, {"C"}) == Averages(None, None, None, None, None)


def test_masking_counts_letters_and_digits_left_whatever_the_type() -> None:
    found = [Entity(0, 3, "NOM"), Entity(9, 18, "REFERENCE")]
    assert masking([DOCUMENT, HARMLESS], [found, []]) == Masking(
        personal=13, left=6, harmless=9, masked=2, documents=2, clean=1
    )


def test_a_document_is_clean_when_only_punctuation_is_left() -> None:
    spans = [
        Entity(0, 3, "NOM"),
        Entity(4, 7, "NOM"),
        Entity(9, 11, "NIR"),
        Entity(12, 14, "NIR"),
        Entity(19, 99, "NOM"),
    ]
    result = masking([DOCUMENT], [spans])
    assert (result.left, result.clean) == (0, 1)


def test_every_document_has_its_findings() -> None:
    with pytest.raises(ValueError, match="shorter"):
        by_type([DOCUMENT, HARMLESS], [[]])
    with pytest.raises(ValueError, match="shorter"):
        masking([DOCUMENT, HARMLESS], [[]])
