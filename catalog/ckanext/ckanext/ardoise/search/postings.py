"""In which rows each word of the index occurs, in memory: an inverted index (Zobel and Moffat, « Inverted files for
text search engines », ACM Computing Surveys 38, 2006).

PostgreSQL makes the words (stems, without accents) and finds phrases and beginnings of words; but to tell ten thousand
rows of a frequent word it visits each. Here the rows of all words lie sorted by word. Rows written since stand beside
them, unsorted, until they are many.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ckanext.ardoise.search.values import Mask

MOST_UNSORTED = 0.1  # of all occurrences
_NOWHERE = -1
_NO_PLACES = np.empty(0, np.int32)
Places = npt.NDArray[np.int32]


class Codes(dict[str, int]):
    """A number for each word; asked with brackets, a new word gets the next. Only the maker of columns does so."""

    def __missing__(self, word: str) -> int:
        code = self[word] = len(self)
        return code


@dataclass(frozen=True)
class Postings:
    """The words of one text a row. ``codes`` is shared by successive generations, which only add to it."""

    codes: Codes
    starts: npt.NDArray[np.int64]  # where the rows of each sorted word begin, and where the last one's end
    rows: Places  # by word; as they were numbered when they were sorted
    places: Places  # the row that each of those is now
    later: tuple[Places, Places]  # word and row of each occurrence written since
    size: int

    @classmethod
    def none(cls) -> Postings:
        """Return those of no row at all."""
        return cls(Codes(), np.zeros(1, np.int64), _NO_PLACES, _NO_PLACES, (_NO_PLACES, _NO_PLACES), 0)

    def holding(self, word: str) -> Mask:
        """Rows whose text holds ``word``, as PostgreSQL spells it."""
        mask = np.zeros(self.size, np.bool_)
        mask[self.rows_of(word)] = True
        return mask

    def rows_of(self, word: str) -> Places:
        """The same rows, in no order."""
        code = self.codes.get(word)
        if code is None:
            return _NO_PLACES
        codes, rows = self.later
        later = rows[codes == code]
        if code >= len(self.starts) - 1:
            return later
        now = self.places[self.rows[self.starts[code] : self.starts[code + 1]]]
        return np.concatenate([now[now != _NOWHERE], later])

    def renewed(self, stays: Mask, texts: Iterable[str]) -> Postings:
        """Return those without rows that do not stay, and then those of new rows; words are apart by spaces."""
        left = int(stays.sum())
        now = np.full(len(stays) + 1, _NOWHERE, np.int32)  # the last for rows that were nowhere before
        now[:-1][stays] = np.arange(left, dtype=np.int32)
        codes, rows = _there(self.later[0], now[self.later[1]])
        new_codes, new_rows, new = self._told(texts, left)
        later = (np.concatenate([codes, new_codes]), np.concatenate([rows, new_rows]))
        renewed = Postings(self.codes, self.starts, self.rows, now[self.places], later, left + new)
        return renewed if len(later[0]) <= MOST_UNSORTED * len(self.rows) else renewed._sorted()

    def _told(self, texts: Iterable[str], first: int) -> tuple[Places, Places, int]:
        """Word and row of each occurrence in texts of rows from ``first`` on, and how many texts there are."""
        codes, lengths = array("i"), array("i")
        for text in texts:
            words = text.split()
            lengths.append(len(words))
            codes.extend(map(self.codes.__getitem__, words))
        rows = np.arange(first, first + len(lengths), dtype=np.int32)
        return np.array(codes, np.int32), np.repeat(rows, lengths), len(lengths)

    def _sorted(self) -> Postings:
        """The same, all of them sorted."""
        words = np.repeat(np.arange(len(self.starts) - 1, dtype=np.int32), np.diff(self.starts))
        codes, rows = _there(words, self.places[self.rows])
        codes, rows = np.concatenate([codes, self.later[0]]), np.concatenate([rows, self.later[1]])
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(codes, minlength=len(self.codes)))])
        everyone = np.arange(self.size, dtype=np.int32)
        return Postings(self.codes, starts, rows[np.argsort(codes)], everyone, (_NO_PLACES, _NO_PLACES), self.size)


def _there(codes: Places, rows: Places) -> tuple[Places, Places]:
    """Those occurrences whose row is still there."""
    there = rows != _NOWHERE
    return codes[there], rows[there]
