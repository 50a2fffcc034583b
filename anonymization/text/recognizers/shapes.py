"""How an identifier with a shape is described: a pattern, a check, the words that make it likely, and the scores.

Patterns are read on folded text (lower case, no accents) and have no nested unbounded repetition, so that no text makes
them slow. What a shape says of the texts it can be in (marks, run, `when`, the letters of its context) only saves
time: :mod:`~anonymization.text.recognizers.shortlist` skips shapes by it, and :meth:`ShapeRecognizer.find` does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from anonymization.text.hit import Hit
from anonymization.text.reading import Reading

BEFORE, AFTER = 56, 18  # signs looked at for context
_SEPARATORS = re.compile(r"[\s.\-/():_]+")
_GROUP = re.compile(r"\(\?:[^()]*\)[?*]?")
_UNSURE = re.compile(r"\\.[?*+]?|.[?*]|[^a-z]")


def compact(written: str) -> str:
    """The digits and letters of a written number."""
    return _SEPARATORS.sub("", written)


@dataclass(frozen=True, slots=True)
class Context:
    """Words that make an identifier likely.

    Attributes:
        pattern: any of them, whole, in folded letters.
        marks: one of them stands in whatever the pattern finds; empty if nothing can be said.
    """

    pattern: re.Pattern[str]
    marks: tuple[str, ...]

    def nearness(self, plain: str, start: int, end: int) -> float | None:
        """1 for a word right before, less for one further off, 0.5 for one right after; None if there is none."""
        window = plain[max(0, start - BEFORE) : start]
        last = None
        for match in self.pattern.finditer(window):
            last = match
        if last is not None:
            return 1.0 - 0.4 * (len(window) - last.end()) / BEFORE
        return 0.5 if self.pattern.search(plain[end : end + AFTER]) else None


def words(*alternatives: str) -> Context:
    """A context: any of these words or phrases."""
    pattern = re.compile(rf"(?<![^\W_])(?:{'|'.join(alternatives)})(?![^\W_])")
    marks = [_sure_letters(one) for one in alternatives]
    return Context(pattern, tuple(dict.fromkeys(marks)) if all(marks) else ())


def _sure_letters(alternative: str) -> str:
    """The longest run of letters that whatever a simple pattern finds holds; empty if it is not that simple.

    A run of one or two letters stands between other signs: it is a word of its own.
    """
    flat = _GROUP.sub(" ", alternative)
    longest = max(_UNSURE.sub(" ", flat).split(), key=len, default="")
    doubtful = set(flat) & set("(|[{") or (len(longest) < 3 and set(alternative) & set("?*+w"))
    return "" if doubtful else longest


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
        digits: the fewest digits of a text in which it is looked for at all.
        marks: one of them stands in any text that matches; empty if there is no such sign. If it starts with words,
            those words.
        when: what else a text must have for that.
        run: the fewest digits that follow each other in a match, and where it begins if it begins with one.
        starts: where matches begin: a number, a code that begins with a letter, one of some words, or anywhere.
        most: the highest score that context can lead to.
    """

    kind: str
    pattern: re.Pattern[str]
    reason: str
    score: float
    check: Callable[[re.Match[str]], bool] | None = None
    failing: float | None = None
    context: Context | None = None
    boost: float = 0.35
    needs_context: bool = False
    group: int | str = 0
    digits: int = 0
    marks: tuple[str, ...] = ()
    when: Callable[[str], bool] | None = None
    run: int = 1
    starts: Literal["number", "code", "both", "words", "anywhere"] = "anywhere"
    most: float = 0.99

    @property
    def best(self) -> float:
        """The highest score it can have."""
        return min(self.most, self.score + (self.boost if self.context is not None else 0.0))

    def judged(self, match: re.Match[str], recognizer: str) -> Hit | None:
        """What a match is; None for nothing."""
        plain, score, reason = match.string, self.score, self.reason
        if self.check is not None and not self.check(match):
            if self.failing is None:
                return None
            score, reason = self.failing, f"{reason}, clé fausse"
        start, end = match.span(self.group)
        while start < end and plain[start].isspace():
            start += 1
        while start < end and plain[end - 1].isspace():
            end -= 1
        if start == end:
            return None
        if self.context is not None:
            near = self.context.nearness(plain, start, end)
            if near is None and self.needs_context:
                return None
            if near is not None:
                score, reason = score + self.boost * near, f"{reason}, annoncé par le texte"
        return Hit(self.kind, start, end, min(score, self.most), recognizer, reason)


class ShapeRecognizer:
    """A family of shapes."""

    def __init__(self, name: str, shapes: Sequence[Shape]) -> None:
        self.name = name
        self.shapes = tuple(shapes)
        self.kinds = tuple(dict.fromkeys(shape.kind for shape in shapes))

    def find(self, reading: Reading) -> Iterator[Hit]:
        """Yield what matches, in no order, every shape tried; overlaps are not resolved here."""
        for shape in self.shapes:
            if reading.digits < shape.digits or (shape.when is not None and not shape.when(reading.plain)):
                continue
            starts = reading.parts if shape.starts == "words" else ()
            for match in matches(shape, reading, starts):
                if hit := shape.judged(match, self.name):
                    yield hit


def matches(shape: Shape, reading: Reading, opened: Iterable[int]) -> list[re.Match[str]]:
    """Every match, only where one may begin if the shape says where. `opened`: where its words begin, if it has any."""
    starts, match, plain = shape.starts, shape.pattern.match, reading.plain
    if starts == "anywhere":
        return list(shape.pattern.finditer(plain))
    if starts == "words":
        return [found for start in opened if (found := match(plain, start))]
    matched: list[re.Match[str]] = []
    if starts != "code":
        least = shape.run
        matched = [found for start, run in reading.numbers if run >= least and (found := match(plain, start))]
    if starts != "number":
        matched += [found for start in reading.codes if (found := match(plain, start))]
    return matched
