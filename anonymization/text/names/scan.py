"""One text while its words are judged: what each word is, how it is written, and the best reason found to take it for
a name.

The weights mean what :class:`~anonymization.text.hit.Hit` says of scores; 0.4 and over is a name, unless a contract
asks more.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from anonymization.text.flags import FAMILY, FIRST, FIRST_WORD, ORDINARY, PARTICLE, PET
from anonymization.text.reading import Reading, Words
from anonymization.text.recognizers.titles import PET_NAME

LOWER, TITLE, UPPER, INITIAL = range(4)
SURE, LIKELY, NEAR, POSSIBLE, NAME = 0.9, 0.7, 0.6, 0.5, 0.4
Spans = Sequence[tuple[int, int]]

_OPENS = re.compile(r"(?:^|[.!?…:;|]\s*|\n\s*|[«\"“(]\s*|[•*\-–—]\s+)$")
_SAINT = ("saint-", "sainte-", "st-", "ste-")


@dataclass(slots=True)
class Scan:
    """What is known of each word of one text."""

    reading: Reading
    words: Words
    flags: list[int]
    shapes: list[int]
    opens: list[bool]  # begins a sentence; only told of words with a capital
    placed: list[bool]  # inside the name of a place, or of something else that is found
    score: list[float]
    reason: list[str]
    shouted: bool  # capitals say nothing
    small: bool  # no word has a capital inside a sentence
    any: int  # all flags together
    doubtful: list[int] = field(default_factory=list)

    def raise_to(self, index: int, score: float, reason: str) -> None:
        """Keep the best reason."""
        if score > self.score[index]:
            self.score[index], self.reason[index] = score, reason

    def capital(self, index: int) -> bool:
        """Whether the word has a capital that says something."""
        return not self.shouted and self.shapes[index] in (TITLE, UPPER)

    def gap(self, left: int, right: int) -> str:
        """What stands between two words."""
        words = self.reading.words
        return self.reading.plain[words.ends[left] : words.starts[right]]

    def leads_to_name(self, index: int) -> bool:
        """Whether the particle `index` is followed by a capital, or by a family name where nothing has one."""
        following = index + 1
        if following >= len(self.flags):
            return False
        flag = self.flags[following]
        if flag & PARTICLE:
            return self.leads_to_name(following)
        if self.capital(following):
            return not self.placed[following]
        return (self.small or self.shouted) and bool(flag & FAMILY) and not flag & ORDINARY


def describe(reading: Reading, flags: list[int], places: Spans, taken: Spans) -> Scan | None:
    """A scan of a text; None if no word of it may be a name."""
    words, cased, plain = reading.words, reading.cased, reading.plain
    if not words:
        return None
    if cased == plain:
        shapes = [LOWER] * len(words)
    else:
        begun = zip(words.starts, words.ends, strict=True)
        shapes = [LOWER if cased[start] == plain[start] else _shape(cased, start, end) for start, end in begun]
    every = 0
    for flag in flags:
        every |= flag
    if not any(shapes) and not every & (FIRST | FIRST_WORD | FAMILY) and all(flag & ORDINARY for flag in flags):
        return None
    opens = _opening(words, cased, shapes)
    upper = shapes.count(UPPER)
    shouted = upper * 2 > len(words) - shapes.count(INITIAL)
    small = not any([shape == TITLE and not start for shape, start in zip(shapes, opens, strict=True)])  # noqa: C419
    count = len(words)
    scan = Scan(
        reading, words, flags, shapes, opens, [False] * count, [0.0] * count, [""] * count, shouted, small, every
    )
    _place(scan, places, taken)
    return scan


def first_at(words: Words, start: int) -> int:
    """The place of the first word that begins at `start` or after; how many words there are if none does."""
    return bisect_left(words.starts, start)


def _shape(cased: str, start: int, end: int) -> int:
    if not cased[start].isupper():
        return LOWER
    if end - start == 1 or (end - start == 3 and cased[start + 1] == "-"):
        return INITIAL
    return UPPER if cased[start:end].isupper() else TITLE


def _opening(words: Words, cased: str, shapes: Sequence[int]) -> list[bool]:
    opens = [False] * len(words)
    for index, shape in enumerate(shapes):
        if shape:
            gap = cased[words.ends[index - 1] if index else 0 : words.starts[index]]
            opens[index] = gap != " " and (index == 0 or _OPENS.search(gap) is not None)
    return opens


def _place(scan: Scan, places: Spans, taken: Spans) -> None:
    plain = scan.reading.plain
    pets = [match.span(1) for match in PET_NAME.finditer(plain)] if scan.any & PET else []
    for start, end in (*places, *taken, *pets):
        for index in range(first_at(scan.words, start), first_at(scan.words, end)):
            scan.placed[index] = True
    if "st-" in plain or "ste-" in plain or "saint" in plain:
        for index, word in enumerate(scan.words.plains):
            if word.startswith(_SAINT):
                scan.placed[index] = True
