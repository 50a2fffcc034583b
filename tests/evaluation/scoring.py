"""How well findings match what was annotated: by type, and by what is left of people once findings are masked.

Two readings of the same findings, which must stay apart. By type, a finding is right if it touches an entity of its own
type (`overlap`), or has its very ends (`exact`). By masking, types do not matter: what counts is every letter and digit
of personal data that no finding covers; spaces and punctuation tell nothing. Ratios without a denominator are None and
stay out of averages, so that a type nobody annotated makes no figure better.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.evaluation.corpus import Document, Entity


@dataclass(frozen=True, slots=True)
class Score:
    """Counts for one type, or the sum of several."""

    annotated: int = 0
    found: int = 0
    touched: int = 0  # annotated entities that a finding of their type overlaps
    covered: int = 0  # annotated entities that a finding of any type overlaps
    touching: int = 0  # findings that overlap an entity of their type
    exact: int = 0  # findings with an entity's ends and type

    def __add__(self, other: Score) -> Score:
        return Score(
            self.annotated + other.annotated,
            self.found + other.found,
            self.touched + other.touched,
            self.covered + other.covered,
            self.touching + other.touching,
            self.exact + other.exact,
        )

    @property
    def recall(self) -> float | None:
        """Share of entities touched by a finding of their type."""
        return _ratio(self.touched, self.annotated)

    @property
    def recall_any_type(self) -> float | None:
        """Share of entities touched by a finding, whatever it was taken for."""
        return _ratio(self.covered, self.annotated)

    @property
    def precision(self) -> float | None:
        """Share of findings that touch an entity of their type."""
        return _ratio(self.touching, self.found)

    @property
    def exact_recall(self) -> float | None:
        """Share of entities found with their very ends."""
        return _ratio(self.exact, self.annotated)

    @property
    def exact_precision(self) -> float | None:
        """Share of findings that have an entity's very ends."""
        return _ratio(self.exact, self.found)


@dataclass(frozen=True, slots=True)
class Averages:
    """Means over the types of a group, each type weighing the same; None where no type has the ratio."""

    recall: float | None
    recall_any_type: float | None
    precision: float | None
    exact_recall: float | None
    exact_precision: float | None


@dataclass(frozen=True, slots=True)
class Masking:
    """What masking every finding would leave, and what it would take without need. Letters and digits only."""

    personal: int  # of annotated entities
    left: int  # of them, under no finding
    harmless: int  # of the rest of the texts
    masked: int  # of them, under a finding
    documents: int
    clean: int  # documents of which nothing personal is left


def by_type(documents: Sequence[Document], findings: Sequence[Collection[Entity]]) -> dict[str, Score]:
    """Scores of every type that was annotated or found. `findings` has one collection per document, in their order.

    Raises:
        ValueError: not as many collections as documents.
    """
    scores: dict[str, Score] = {}
    for document, found in zip(documents, findings, strict=True):
        distinct = set(found)
        for entity in document.entities:
            touching = {finding.type for finding in distinct if _overlap(entity, finding)}
            one = Score(annotated=1, touched=entity.type in touching, covered=bool(touching))
            scores[entity.type] = scores.get(entity.type, Score()) + one
        for finding in distinct:
            touches = any(finding.type == entity.type and _overlap(entity, finding) for entity in document.entities)
            one = Score(found=1, touching=touches, exact=finding in document.entities)
            scores[finding.type] = scores.get(finding.type, Score()) + one
    return scores


def pooled(scores: Mapping[str, Score], types: Collection[str]) -> Score:
    """One score for all entities of a group of types: each entity weighs the same."""
    return sum((score for name, score in scores.items() if name in types), Score())


def macro(scores: Mapping[str, Score], types: Collection[str]) -> Averages:
    """The mean of each ratio over the types of a group that were annotated."""
    chosen = [score for name, score in scores.items() if name in types and score.annotated]
    return Averages(
        _mean(score.recall for score in chosen),
        _mean(score.recall_any_type for score in chosen),
        _mean(score.precision for score in chosen),
        _mean(score.exact_recall for score in chosen),
        _mean(score.exact_precision for score in chosen),
    )


def masking(documents: Sequence[Document], findings: Sequence[Collection[Entity]]) -> Masking:
    """What is left and what is taken when every finding is masked, whatever its type.

    Raises:
        ValueError: not as many collections as documents.
    """
    personal = left = harmless = masked = clean = 0
    for document, found in zip(documents, findings, strict=True):
        wanted, hidden = _places(document.entities, document.text), _places(found, document.text)
        telling = {place for place, sign in enumerate(document.text) if sign.isalnum()}
        wanted &= telling
        personal += len(wanted)
        left += len(wanted - hidden)
        clean += wanted <= hidden
        harmless += len(telling - wanted)
        masked += len((telling - wanted) & hidden)
    return Masking(personal, left, harmless, masked, len(documents), clean)


def _overlap(one: Entity, other: Entity) -> bool:
    return one.start < other.end and other.start < one.end


def _places(spans: Iterable[Entity], text: str) -> set[int]:
    return {place for span in spans for place in range(max(span.start, 0), min(span.end, len(text)))}


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
