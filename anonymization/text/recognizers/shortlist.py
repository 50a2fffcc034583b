"""Which shapes are worth trying on a text: most texts have the digits, the signs and the words of hardly any.

What a text has is told once, by its words (each word met is looked into once a process) and a few signs; shapes that
need something else are not tried. The shapes left for such a text are kept, since texts resemble each other. The
answer is the same as of :meth:`~anonymization.text.recognizers.shapes.ShapeRecognizer.find`, but for hits that no
threshold keeps.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from anonymization.text.hit import Hit
from anonymization.text.reading import Reading, Words
from anonymization.text.recognizers.shapes import Shape, ShapeRecognizer, matches

HEARD = 0.5  # hits under it are heeded by no other recognizer
_MOST_WORDS, _MOST_TEXTS = 1_000_000, 50_000  # remembered
_MOST_DIGITS = 15  # shapes want no more than this many
_INSIDE = re.compile(r"[a-z]{3,}")  # letters of a mark that are looked for inside words
_WORD = re.compile(r"[a-z]{1,2}")


class Shortlist:
    """The shapes of several recognizers, as one."""

    name = "formes"

    def __init__(self, recognizers: Sequence[ShapeRecognizer], threshold: Callable[[str], float]) -> None:
        """`threshold`: of each kind; shapes that never reach it are left out."""
        self._inside: dict[str, int] = {}  # a bit for each run of letters, inside words
        self._whole: dict[str, int] = {}  # for each short word
        self._signs: dict[str, int] = {}  # for each other mark, anywhere in the text
        self._bits = _Bits(self._inside, self._whole)
        self._shapes = [
            (_heard(shape, threshold), one.name)
            for one in recognizers
            for shape in one.shapes
            if shape.best >= threshold(shape.kind)
        ]
        self._wanted = [self._needs(shape) for shape, _ in self._shapes]
        self._chosen: dict[tuple[int, int, int], list[tuple[Shape, str, int]]] = {}

    def find(self, reading: Reading) -> list[Hit]:
        """What matches, in no order; overlaps are not resolved here."""
        plain, words = reading.plain, reading.words
        bits = list(map(self._bits.__getitem__, words.plains))
        present = 0
        for one in set(bits):
            present |= one
        for sign, bit in self._signs.items():
            if sign in plain:
                present |= bit
        key = (present, min(reading.digits, _MOST_DIGITS), min(reading.longest, _MOST_DIGITS))
        chosen = self._chosen.get(key)
        hits = []
        for shape, name, marks in self._choose(key) if chosen is None else chosen:
            if shape.when is not None and not shape.when(plain):
                continue
            starts = _starts(words, bits, marks) if shape.starts == "words" else ()
            for match in matches(shape, reading, starts):
                if hit := shape.judged(match, name):
                    hits.append(hit)
        return hits

    def _choose(self, key: tuple[int, int, int]) -> list[tuple[Shape, str, int]]:
        present, digits, longest = key
        chosen = [
            (shape, name, wanted[0])
            for (shape, name), wanted in zip(self._shapes, self._wanted, strict=True)
            if min(shape.digits, _MOST_DIGITS) <= digits
            and (shape.starts == "anywhere" or shape.run <= longest or not shape.digits)
            and all(present & one for one in wanted if one)
        ]
        if len(self._chosen) >= _MOST_TEXTS:
            self._chosen.clear()
        self._chosen[key] = chosen
        return chosen

    def _needs(self, shape: Shape) -> tuple[int, int]:
        """The bits of which a text must have one, twice: of its marks, of its context; 0 for no such need."""
        context = shape.context.marks if shape.context is not None and shape.needs_context else ()
        marks = 0
        for mark in shape.marks:
            marks |= self._new(self._whole, mark) if shape.starts == "words" else self._mark(mark)
        near = 0
        for mark in context:
            near |= self._letters(mark)
        return marks, near

    def _mark(self, mark: str) -> int:
        """The bit of a mark: letters inside a word, one or two letters that are a word, or signs anywhere."""
        if _WORD.fullmatch(mark):
            return self._letters(mark)
        runs = _INSIDE.findall(mark)
        return self._letters(max(runs, key=len)) if runs else self._new(self._signs, mark)

    def _letters(self, letters: str) -> int:
        """The bit of letters of a context: inside a word, or a word of its own if they are few."""
        return self._new(self._whole if _WORD.fullmatch(letters) else self._inside, letters)

    def _new(self, kind: dict[str, int], mark: str) -> int:
        count = len(self._inside) + len(self._whole) + len(self._signs)
        return kind.setdefault(mark, 1 << count)


class _Bits(dict[str, int]):
    """What each word met holds."""

    def __init__(self, inside: dict[str, int], whole: dict[str, int]) -> None:
        super().__init__()
        self._inside, self._whole = inside, whole

    def __missing__(self, word: str) -> int:
        if len(self) >= _MOST_WORDS:
            self.clear()
        bits = 0
        for letters, bit in self._inside.items():
            if letters in word:
                bits |= bit
        for part in word.split("-"):
            bits |= self._whole.get(part, 0)
        self[word] = bits
        return bits


def _heard(shape: Shape, threshold: Callable[[str], float]) -> Shape:
    """A shape whose matches need a context to reach the threshold says so, and is then tried on fewer texts."""
    alone = max(shape.score, shape.failing or 0.0)
    needs = shape.context is not None and alone < min(threshold(shape.kind), HEARD)
    return replace(shape, needs_context=True) if needs else shape


def _starts(words: Words, bits: Sequence[int], marks: int) -> Iterator[int]:
    """Where the words that are one of the marks begin, and the parts after a hyphen of words that hold one."""
    for index in [place for place, one in enumerate(bits) if one & marks]:
        start, word = words.starts[index], words.plains[index]
        yield start
        if "-" in word:
            yield from (start + place + 1 for place, sign in enumerate(word) if sign == "-")
