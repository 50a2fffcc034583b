"""How an identifier with a shape is described: a pattern, a check, the words that make it likely, and the scores.

Patterns are read on folded text (lower case, no accents) and have no nested unbounded repetition, so that no text makes
them slow. A text with fewer digits than the shape needs, or without one of its marks, is not even searched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from anonymization.text.hit import Hit
from anonymization.text.reading import Reading

BEFORE, AFTER = 56, 18  # signs looked at for context
_SEPARATORS = re.compile(r"[\s.\-/():_]+")


def compact(written: str) -> str:
    """The digits and letters of a written number."""
    return _SEPARATORS.sub("", written)


@dataclass(frozen=True, slots=True)
class Shape:
    """One way of writing one kind of identifier.

    Attributes:
        score: of a match, or of one whose check passes.
        failing: of a match whose check fails; None if it is then nothing.
        context: words that make it likely, looked for before the match and just after it.
        boost: what such a word adds; the nearer the word, the more of it.
        needs_context: without such a word the match is nothing.
        group: the group that is the identifier.
        digits: the fewest digits of any match.
        marks: one of them stands in any text that matches; empty if there is no such sign.
        when: what else a text must have to be searched.
        run: the fewest digits that follow each other where a match begins with one.
        starts: where matches begin: a number, a code that begins with a letter, or anywhere.
        most: the highest score that context can lead to.
    """

    kind: str
    pattern: re.Pattern[str]
    reason: str
    score: float
    check: Callable[[re.Match[str]], bool] | None = None
    failing: float | None = None
    context: re.Pattern[str] | None = None
    boost: float = 0.35
    needs_context: bool = False
    group: int | str = 0
    digits: int = 0
    marks: tuple[str, ...] = ()
    when: Callable[[str], bool] | None = None
    run: int = 1
    starts: Literal["number", "code", "both", "anywhere"] = "anywhere"
    most: float = 0.99


def words(*alternatives: str) -> re.Pattern[str]:
    """A context: any of these words or phrases, whole, in folded letters."""
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(alternatives)})(?![^\W_])")


class ShapeRecognizer:
    """Finds a family of shapes."""

    def at_least(self, threshold: Callable[[str], float]) -> ShapeRecognizer | None:
        """The same without the shapes that never reach their kind's threshold; None if none does."""
        kept = [shape for shape in self.shapes if _best(shape) >= threshold(shape.kind)]
        return ShapeRecognizer(self.name, kept) if kept else None

    def __init__(self, name: str, shapes: Sequence[Shape]) -> None:
        self.name = name
        self.shapes = tuple(shapes)
        self.kinds = tuple(dict.fromkeys(shape.kind for shape in shapes))
        self._least = min(shape.digits for shape in shapes)

    def find(self, reading: Reading) -> Iterator[Hit]:
        """Yield what matches, in no order; overlaps are not resolved here."""
        digits, plain = reading.digits, reading.plain
        if digits < self._least:
            return
        longest = reading.longest
        for shape in self.shapes:
            if digits < shape.digits or (shape.run > longest and shape.starts == "number"):
                continue
            if (shape.marks and not _has(plain, shape.marks)) or (shape.when is not None and not shape.when(plain)):
                continue
            for match in _matches(shape, reading):
                hit = self._judged(shape, match, plain)
                if hit is not None:
                    yield hit

    def _judged(self, shape: Shape, match: re.Match[str], plain: str) -> Hit | None:
        score: float | None = shape.score
        reason = shape.reason
        if shape.check is not None and not shape.check(match):
            score, reason = shape.failing, f"{reason}, clé fausse"
        if score is None:
            return None
        start, end = match.span(shape.group)
        while start < end and plain[start].isspace():
            start += 1
        while start < end and plain[end - 1].isspace():
            end -= 1
        if start == end:
            return None
        if shape.context is not None:
            near = _nearness(shape.context, plain, start, end)
            if near is None and shape.needs_context:
                return None
            if near is not None:
                score, reason = score + shape.boost * near, f"{reason}, annoncé par le texte"
        return Hit(shape.kind, start, end, min(score, shape.most), self.name, reason)


def _has(plain: str, marks: tuple[str, ...]) -> bool:
    for mark in marks:  # noqa: SIM110  a generator costs more than the search
        if mark in plain:
            return True
    return False


def _best(shape: Shape) -> float:
    return min(shape.most, shape.score + (shape.boost if shape.context is not None else 0.0))


def _matches(shape: Shape, reading: Reading) -> Iterator[re.Match[str]]:
    """Every match; only where one may begin, if the shape says where."""
    starts, match, plain = shape.starts, shape.pattern.match, reading.plain
    if starts == "anywhere":
        yield from shape.pattern.finditer(plain)
        return
    if starts != "code":
        least = shape.run
        for start, run in reading.numbers:
            if run >= least and (found := match(plain, start)):
                yield found
    if starts != "number":
        for start in reading.codes:
            if found := match(plain, start):
                yield found


def _nearness(context: re.Pattern[str], plain: str, start: int, end: int) -> float | None:
    """1 for a word right before, less for one further off, 0.5 for one right after; None if there is none."""
    window = plain[max(0, start - BEFORE) : start]
    last = None
    for match in context.finditer(window):
        last = match
    if last is not None:
        return 1.0 - 0.4 * (len(window) - last.end()) / BEFORE
    return 0.5 if context.search(plain[end : end + AFTER]) else None
