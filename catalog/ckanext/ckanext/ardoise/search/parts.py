"""Texts searched for parts of them, of all documents at once: what autocompletion looks for in titles and names."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ckanext.ardoise.search.values import Mask, Rows, Values

_SEPARATOR = b"\n"  # between two texts; no folded text and no name holds it
STARTS_TEXT, STARTS_WORD, WITHIN = 3, 2, 1  # where a part stands in a text, as far as it matters


@dataclass(frozen=True)
class Parts:
    """Texts searched for parts of them: first among the words there are, then where these words occur."""

    words: Values  # in the order of each text; a row's text is one word where it is never cut
    texts: Values  # one a row

    def arrange(self) -> None:
        """Lay the words out before somebody asks."""
        _ = self._laid, self._begins_a_row

    def holding(self, part: str, words_only: bool = False) -> Mask:
        """Rows whose text holds ``part``: anywhere, or where a word begins."""
        if " " in part:
            return self.standing(part) > 0
        places, at = self._places(part)
        if words_only:
            at = at[_ends_a_word(self._bytes[places - 1])]
        meant = np.zeros(len(self._starts), np.bool_)
        meant[at] = True
        return self.words.at(meant.take(self.words.codes))

    def standing(self, part: str) -> npt.NDArray[np.int8]:
        """Where ``part`` stands in each text at its best, 0 where it does not."""
        best = np.zeros(self.words.size, np.int8)
        if not part.strip():
            return best
        if " " in part:
            rows = np.flatnonzero(np.logical_and.reduce([self.holding(word) for word in part.split()]))
            texts = self.texts.of_rows
            best[rows] = [_stands(part, self.texts.names[texts[row]]) for row in rows.tolist()]
            return best
        places, at = self._places(part)
        stands = np.zeros(len(self._starts), np.int8)
        stands[at] = WITHIN
        stands[at[places == self._starts[at]]] = STARTS_WORD
        found = np.flatnonzero(stands.take(self.words.codes))
        rows, levels = self.words.rows[found], stands[self.words.codes[found]]
        levels[(levels == STARTS_WORD) & self._begins_a_row[found]] = STARTS_TEXT
        for level in (WITHIN, STARTS_WORD, STARTS_TEXT):
            best[rows[levels == level]] = level
        return best

    @functools.cached_property
    def _begins_a_row(self) -> Mask:
        begins = np.ones(len(self.words.rows), np.bool_)
        begins[1:] = self.words.rows[1:] != self.words.rows[:-1]
        return begins

    @functools.cached_property
    def _laid(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
        """All words, each after a separator, and where each begins."""
        written = [word.encode() for word in list(self.words.names)]
        whole = np.frombuffer(_SEPARATOR + _SEPARATOR.join(written) + _SEPARATOR, np.uint8)
        lengths = np.fromiter(map(len, written), np.int64, len(written))
        return whole, np.cumsum(lengths + 1) - lengths

    @property
    def _bytes(self) -> npt.NDArray[np.uint8]:
        return self._laid[0]

    @property
    def _starts(self) -> npt.NDArray[np.int64]:
        return self._laid[1]

    def _places(self, part: str) -> tuple[Rows, Rows]:
        """Where ``part`` occurs in the words' bytes, and the words there."""
        whole, wanted = self._bytes, np.frombuffer(part.encode(), np.uint8)
        room = len(whole) - len(wanted) + 1
        if not part or _SEPARATOR.decode() in part or room <= 0:
            return np.empty(0, np.intp), np.empty(0, np.intp)
        held = whole[:room] == wanted[0]
        if len(wanted) > 1:
            held &= whole[1 : room + 1] == wanted[1]
        places = np.flatnonzero(held)
        for step, byte in enumerate(wanted[2:], 2):
            places = places[whole[places + step] == byte]
        return places, np.searchsorted(self._starts, places, side="right") - 1


def _stands(part: str, text: str) -> int:
    if text.startswith(part):
        return STARTS_TEXT
    return STARTS_WORD if f" {part}" in text else WITHIN if part in text else 0


def _ends_a_word(before: npt.NDArray[np.uint8]) -> Mask:
    """Whether a byte is of neither letter nor digit; those of letters beyond ASCII are from 128."""
    small = before | 0x20
    letter = (small >= ord("a")) & (small <= ord("z"))
    digit = (before >= ord("0")) & (before <= ord("9"))
    return ~(letter | digit | (before >= 128))
