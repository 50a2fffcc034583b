"""What is known of each word: whether it is ordinary, a first name, a family name, a commune, a title, a kind of way.

One table from folded word to flags, read once a process; and what follows from it for words that are not in it:
compounds, inflected forms, words mistyped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from anonymization.text.flags import (
    COMMUNE,
    FAMILY,
    FIRST,
    FIRST_WORD,
    FREQUENT_FIRST,
    FUNCTION,
    ORDINARY,
    PLACE_PART,
    RARE_FIRST,
)
from anonymization.text.packed import table
from anonymization.text.recognizers.ways import WAYS

_KNOWN = ORDINARY | FUNCTION | FIRST | FIRST_WORD | FAMILY | COMMUNE

_ENDINGS = ("s", "x", "e", "es")
_VERB_ENDINGS = (
    "e",
    "es",
    "ent",
    "ais",
    "ait",
    "aient",
    "ant",
    "ez",
    "ons",
    "era",
    "eront",
    "erait",
    "eraient",
    "a",
    "ai",
    "ee",
    "ees",
    "es",
)
_MOST_JUDGED = 1_500_000
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class _Judged(dict[str, int]):
    """What was said of each word, asked once."""

    def __init__(self, judge: Callable[[str], int]) -> None:
        super().__init__()
        self._judge = judge

    def __missing__(self, word: str) -> int:
        if len(self) > _MOST_JUDGED:
            self.clear()
        flags = self[word] = self._judge(word)
        return flags


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The table, and what follows from it."""

    table: dict[str, int]
    judged: _Judged = field(init=False)  # flags of words met, with what their parts and endings say

    def __post_init__(self) -> None:
        object.__setattr__(self, "judged", _Judged(self._judge))

    def judge(self, word: str) -> int:
        """The flags of a folded word as it stands in a text: hyphenated and inflected forms are looked into."""
        return self.judged[word]

    def _judge(self, word: str) -> int:
        flags = self.flags(word)
        if "-" in word and word.partition("-")[0] in WAYS:
            flags |= PLACE_PART
        if not flags & (ORDINARY | FUNCTION | FIRST) and "-" in word:
            return flags | self._compound(word)
        return flags if flags & _KNOWN or not _inflected(self, word) else flags | ORDINARY

    def _compound(self, word: str) -> int:
        """What a hyphenated word is: a first name if its parts are, ordinary if its parts are."""
        parts = [self.flags(part) for part in word.split("-")]
        if all(part & (FIRST | FIRST_WORD) for part in parts) and any(part & FIRST for part in parts):
            return FIRST | FREQUENT_FIRST
        if parts[0] & FIRST and not parts[0] & RARE_FIRST:
            return FIRST
        if all(part & (ORDINARY | FUNCTION) for part in parts) or self.ordinary(word):
            return ORDINARY
        return FAMILY if any(part & FAMILY and not part & ORDINARY for part in parts) else 0

    def flags(self, word: str) -> int:
        """The flags of a folded word; 0 for one that nothing knows."""
        return self.table.get(word, 0)

    def ordinary(self, word: str) -> bool:
        """Whether a folded word, or each part of a hyphenated one, is an ordinary word or an inflected form of one."""
        flags = self.flags(word)
        if flags & (ORDINARY | FUNCTION):
            return True
        if "-" in word:
            return all(not part or self.ordinary(part) for part in word.split("-"))
        return not flags & FIRST and _inflected(self, word)

    def mistyped(self, word: str) -> bool:
        """Whether one letter wrong, missing, doubled or swapped makes an ordinary word of it."""
        return _mistyped(self, word)

    def near_first(self, word: str) -> bool:
        """Whether one letter wrong makes a frequent first name of it."""
        return any(self.flags(other) & FIRST and not self.flags(other) & RARE_FIRST for other in _neighbors(word))

    def __hash__(self) -> int:
        return id(self.table)


@lru_cache(maxsize=50_000)
def _inflected(vocabulary: Vocabulary, word: str) -> bool:
    stems = {word[: -len(ending)] for ending in _ENDINGS if word.endswith(ending)}
    stems |= {word[: -len(ending)] + "er" for ending in _VERB_ENDINGS if word.endswith(ending)}
    return any(len(stem) > 2 and vocabulary.flags(stem) & ORDINARY for stem in stems)


@lru_cache(maxsize=50_000)
def _mistyped(vocabulary: Vocabulary, word: str) -> bool:
    if len(word) < 4:
        return True
    return any(vocabulary.flags(other) & (ORDINARY | FUNCTION) for other in _neighbors(word))


def _neighbors(word: str) -> Iterator[str]:
    """Words at one mistake from `word`."""
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]
        if place + 1 < len(word):
            yield word[:place] + word[place + 1] + word[place] + word[place + 2 :]
        for letter in _LETTERS:
            yield word[:place] + letter + word[place + 1 :]
            yield word[:place] + letter + word[place:]
    for letter in _LETTERS:
        yield word + letter


@lru_cache(maxsize=2)
def load_vocabulary(lexicon: str) -> Vocabulary:
    """Read everything, once a process.

    Args:
        lexicon: the installed spaCy model whose dictionary is read (as a file; the model itself is not loaded).

    Raises:
        TextModelError: the model's dictionary or the gazetteers are not installed.
    """
    return Vocabulary(table(lexicon))
