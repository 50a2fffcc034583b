"""Agreement of two annotations: a published kappa, hand-made spans, and texts that are not the same."""

from __future__ import annotations

import pytest

from tests.evaluation.agreement import (
    AgreementError,
    character_kappa,
    exact_f1,
    kappa,
    labels,
    overlap_f1,
    pairs,
    report,
    span_scores,
)
from tests.evaluation.corpus import Document, Entity

FIRST = Document("a", "note", "Ana Roy, 06 11", (Entity(0, 7, "NOM"), Entity(9, 14, "TELEPHONE")))
SECOND = Document("a", "note", "Ana Roy, 06 11", (Entity(0, 3, "NOM"), Entity(9, 14, "TELEPHONE")))
EMPTY = Document("b", "note", "Rien", ())


def test_kappa_of_a_table_counted_by_hand() -> None:
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: observed 0.7, by chance 0.5 x 0.6 + 0.5 x 0.4 = 0.5.
    first = ["y"] * 25 + ["n"] * 25
    second = ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
    assert kappa(first, second) == pytest.approx(0.4)


def test_kappa_is_one_in_agreement_and_negative_in_contradiction() -> None:
    assert kappa(["a", "b"], ["a", "b"]) == 1.0
    assert kappa([""], [""]) == 1.0
    assert kappa(["a", "b"], ["b", "a"]) == -1.0
    with pytest.raises(ValueError, match="nothing"):
        kappa([], [])
    with pytest.raises(ValueError, match="shorter"):
        kappa(["a", "b"], ["a"])


def test_labels_are_those_of_letters_and_digits() -> None:
    assert labels(FIRST) == ["NOM"] * 6 + ["TELEPHONE"] * 4
    assert labels(SECOND) == ["NOM"] * 3 + [""] * 3 + ["TELEPHONE"] * 4


def test_spans_and_characters_of_two_annotations() -> None:
    compared = pairs([EMPTY, FIRST], [SECOND])
    scores = span_scores(compared)
    assert exact_f1(scores["NOM"]) == 0.0
    assert overlap_f1(scores["NOM"]) == 1.0
    assert exact_f1(scores["TELEPHONE"]) == 1.0
    # Ten characters, seven labelled alike; by chance (6 x 3 + 4 x 4) / 100.
    assert character_kappa(compared) == pytest.approx((0.7 - 0.34) / (1 - 0.34))
    assert report(compared)[-2:] == ["  a first: NOM 0-7", "  a second: NOM 0-3"]


def test_f1_when_only_one_has_spans() -> None:
    score = span_scores(pairs([EMPTY], [Document("b", "note", "Rien", (Entity(0, 4, "NOM"),))]))["NOM"]
    assert (exact_f1(score), overlap_f1(score)) == (0.0, 0.0)


def test_other_texts_are_refused() -> None:
    with pytest.raises(AgreementError, match=r"^b is not in"):
        pairs([FIRST], [EMPTY])
    with pytest.raises(AgreementError, match=r"^a has other words"):
        pairs([FIRST], [Document("a", "note", "Ana Roi, 06 11", ())])
