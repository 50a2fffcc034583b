"""Words as this search compares them: folded, cut at everything that is neither letter nor digit.

The same two functions prepare documents and queries, so that an accent, a capital, an apostrophe or a hyphen never
hides anything, and so that what reaches PostgreSQL's parsers (``to_tsvector``, ``to_tsquery``) is letters, digits and
operators written here. :data:`GAP` stands between two values in an indexed text: no query can contain it (its letters
would have been folded), so no phrase runs from one value into the next.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable

LONGEST_WORD = 200  # characters; PostgreSQL keeps none above 2 kB
GAP = "éé"

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
_MARKS = re.compile("[\u0300-\u036f\u0483-\u0487\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f]+")
_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)['\u2019\u02bc]")
_WORD = re.compile(r"[^\W_]+")
_BETWEEN = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """Return ``text`` in lower case, without accents or ligatures: « Cœur » and « coeur » are the same word."""
    small = text.casefold()
    if small.isascii():
        return small
    return _MARKS.sub("", unicodedata.normalize("NFKD", small)).translate(_LIGATURES)


def words_of(text: str) -> list[str]:
    """Return the words of ``text``, in order, without elided articles: « l'eau » is « eau »."""
    return [word[:LONGEST_WORD] for word in _WORD.findall(_ELISION.sub("", fold(text)))]


def spaced(text: str) -> str:
    """Return ``text`` folded, with one space for whatever is neither letter nor digit."""
    return _BETWEEN.sub(" ", fold(text))


def indexed_text(values: Iterable[str], longest: int) -> str:
    """Return the words of ``values`` as one text of at most ``longest`` characters, a gap before each value."""
    parts: list[str] = []
    room = longest
    for value in values:
        words = _spaced_words(value[: longest + 1])
        if not words or room <= 0:
            continue
        parts += [GAP, words[:room]]
        room -= len(words) + len(GAP) + 2
    return " ".join(parts)


@functools.lru_cache(maxsize=128)  # a document's texts are wanted two or three times in a row
def _spaced_words(text: str) -> str:
    return " ".join(words_of(text))


def all_words(text: str, label: str = "") -> str:
    """Return the text query (PostgreSQL's ``tsquery``) that asks for every word of ``text``; empty if it has none.

    ``label`` limits it to words of one weight (A to D).
    """
    return _joined(" & ", words_of(text), label)


def phrase(text: str, label: str = "") -> str:
    """Return the text query that asks for the words of ``text`` next to each other, in this order."""
    return _joined(" <-> ", words_of(text), label)


def _joined(link: str, words: list[str], label: str) -> str:
    suffix = f":{label}" if label else ""
    return link.join(f"{word}{suffix}" for word in words)
