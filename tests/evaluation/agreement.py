"""How far two people who annotated the same texts agree: Cohen's kappa by character, and F1 of spans.

    python -m tests.evaluation.agreement [--first test] [--second test_second]

The second annotation holds some of the first one's texts, with the same ids and, marks apart, the very same words;
anything else is refused. Kappa (J. Cohen, « A coefficient of agreement for nominal scales », 1960) is taken over every
letter and digit, labelled by its entity's type or by nothing. F1 needs no true annotation: it is the same both ways.
Prints counts and places, never a text.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence

from tests.evaluation.corpus import Document, load
from tests.evaluation.scoring import Score, by_type, pooled

Pair = tuple[Document, Document]


class AgreementError(ValueError):
    """The two annotations are not of the same texts."""


def pairs(first: Iterable[Document], second: Iterable[Document]) -> list[Pair]:
    """Each text of the second annotation with the first one's.

    Raises:
        AgreementError: a text is not in the first annotation, or its words differ.
    """
    known = {document.id: document for document in first}
    found = []
    for document in second:
        if document.id not in known:
            raise AgreementError(f"{document.id} is not in the first annotation")
        if document.text != known[document.id].text:
            raise AgreementError(f"{document.id} has other words in the first annotation")
        found.append((known[document.id], document))
    return found


def labels(document: Document) -> list[str]:
    """The type over each letter and digit, in order; empty for none."""
    over = [""] * len(document.text)
    for entity in document.entities:
        over[entity.start : entity.end] = [entity.type] * (entity.end - entity.start)
    return [label for label, sign in zip(over, document.text, strict=True) if sign.isalnum()]


def kappa(first: Sequence[str], second: Sequence[str]) -> float:
    """Agreement beyond chance of two labellings, 1 at most; 1 if both say the same single label throughout.

    Raises:
        ValueError: they are not of the same length, or are empty.
    """
    if not first:
        raise ValueError("nothing to compare")
    observed = sum(one == other for one, other in zip(first, second, strict=True)) / len(first)
    ones, others = Counter(first), Counter(second)
    expected = sum(count * others[label] for label, count in ones.items()) / len(first) ** 2
    return 1.0 if expected == 1.0 else (observed - expected) / (1.0 - expected)


def character_kappa(compared: Sequence[Pair]) -> float:
    """Kappa over the letters and digits of all texts."""
    first = [label for one, _ in compared for label in labels(one)]
    second = [label for _, other in compared for label in labels(other)]
    return kappa(first, second)


def span_scores(compared: Sequence[Pair]) -> dict[str, Score]:
    """By type, the second annotation's spans against the first one's."""
    return by_type([one for one, _ in compared], [other.entities for _, other in compared])


def exact_f1(score: Score) -> float | None:
    """F1 of spans with the same ends and type; None if neither has any."""
    spans = score.annotated + score.found
    return 2 * score.exact / spans if spans else None


def overlap_f1(score: Score) -> float | None:
    """F1 of spans that overlap one of the same type; None if neither has any."""
    if not score.annotated + score.found:
        return None
    recall, precision = score.recall or 0.0, score.precision or 0.0
    return 2 * recall * precision / (recall + precision) if recall + precision else 0.0


def report(compared: Sequence[Pair]) -> list[str]:
    """Lines to print."""
    scores = span_scores(compared)
    total = pooled(scores, scores)
    lines = [f"{len(compared)} texts, kappa by character {character_kappa(compared):.4f}", ""]
    lines.append(f"{'type':<12}{'first':>7}{'second':>8}{'F1 exact':>10}{'F1 overlap':>12}")
    for name, score in [*sorted(scores.items()), ("all", total)]:
        exact, overlap = exact_f1(score) or 0.0, overlap_f1(score) or 0.0
        lines.append(f"{name:<12}{score.annotated:>7}{score.found:>8}{exact:>10.3f}{overlap:>12.3f}")
    lines += ["", "Spans that only one of them has:"]
    for one, other in compared:
        for who, entities in (
            ("first", set(one.entities) - set(other.entities)),
            ("second", set(other.entities) - set(one.entities)),
        ):
            lines += [f"  {one.id} {who}: {entity.type} {entity.start}-{entity.end}" for entity in sorted(entities)]
    return lines


def main() -> None:
    """Compare two annotations that are in the folder."""
    parser = argparse.ArgumentParser(description="agreement of two annotations of the same texts")
    parser.add_argument("--first", default="test")
    parser.add_argument("--second", default="test_second")
    asked = parser.parse_args()
    print("\n".join(report(pairs(load(asked.first), load(asked.second)))))


if __name__ == "__main__":
    main()
