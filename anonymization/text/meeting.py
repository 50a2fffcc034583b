"""Whether a text holds a known identifier, and not just a word that somebody happens to be called.

« Petit », « Sauvage » and « Martin » are names of people, and words of every other text; a check that takes each for
somebody refuses whatever it reads. So a run of words that the set holds is somebody's, except

1. inside what the territory itself publishes: « Martin » in « Saint-Martin-du-Fouilloux »;
2. where it is letters only, ordinary words of the dictionary all, without the capitals of a name, or with one that
   proves nothing (the beginning of a sentence, a text all in capitals);
3. where it is letters only, inside what the detector takes for a place: « rue Volney ».

Of these, 2 and 3 never excuse a run that is the whole text: a published label that is somebody's name. They are where
this check is blind: an ordinary name in small letters, or that begins a sentence, is left to the detector.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from anonymization.text.known import LONGEST, SHORTEST, KnownIdentifiers
from anonymization.text.reading import Reading, read

Places = Callable[[str], Sequence[tuple[int, int]]]  # spans of a text, as it came
_WORD = re.compile(r"[^\W_]+")
_BEGINS = re.compile(r"(?:^|\w{3}\.|[!?:;…\n\r•>\"«(-])\s*$")  # « M. » and « Mr. » begin no sentence


@dataclass(frozen=True, slots=True)
class _Run:
    """Words from `first` to `last`, both included."""

    reading: Reading
    words: Sequence[re.Match[str]]
    first: int
    last: int

    @property
    def span(self) -> tuple[int, int]:
        return self.words[self.first].start(), self.words[self.last].end()

    @property
    def whole(self) -> bool:
        return self.first == 0 and self.last == len(self.words) - 1

    def signs(self) -> str:
        return "".join(word[0] for word in self.words[self.first : self.last + 1])


def meets(known: KnownIdentifiers, text: str, public: frozenset[str], places: Places) -> bool:
    """Whether an identifier of the set stands in a text and is none of the exceptions.

    Args:
        public: folded names (:func:`~anonymization.text.known.folded`) that identify nobody.
        places: where the detector sees a place; asked for only where that decides.
    """
    reading = read(text)
    words = list(_WORD.finditer(reading.plain))
    for first in range(len(words)):
        signs = ""
        for last in range(first, min(len(words), first + LONGEST)):
            signs += words[last][0]
            if len(signs) >= SHORTEST and known.has(signs):
                run = _Run(reading, words, first, last)
                if not _excused(run, public, places):
                    return True
    return False


def _excused(run: _Run, public: frozenset[str], places: Places) -> bool:
    if _is_public(run, public):
        return True
    if run.whole or not run.signs().isalpha():
        return False
    return _is_ordinary(run) or _is_place(run, places)


def _is_public(run: _Run, public: frozenset[str]) -> bool:
    """Whether the run lies in a public name, itself included."""
    for first in range(max(0, run.last - LONGEST + 1), run.first + 1):
        for last in range(run.last, min(len(run.words), first + LONGEST)):
            if _Run(run.reading, run.words, first, last).signs() in public:
                return True
    return False


def _is_ordinary(run: _Run) -> bool:
    from anonymization.text.settings import DEFAULT
    from anonymization.text.vocabulary import load_vocabulary

    words = run.words[run.first : run.last + 1]
    vocabulary = load_vocabulary(DEFAULT.lexicon)
    if not all(vocabulary.ordinary(word[0]) for word in words):
        return False
    cased, plain = run.reading.cased, run.reading.plain
    named = all(cased[word.start()].isupper() for word in words)
    return not named or run.reading.upper or _BEGINS.search(plain[: run.span[0]]) is not None


def _is_place(run: _Run, places: Places) -> bool:
    start, end = run.reading.place(*run.span)
    return any(first <= start and end <= last for first, last in places(run.reading.text))
