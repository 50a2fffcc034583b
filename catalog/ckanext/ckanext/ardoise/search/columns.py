"""What every search filters, counts and orders by, of all documents at once: arrays over the rows of the index.

PostgreSQL finds words in long texts quickly; counting facets of ten thousand results, or the titles that hold two
letters, takes it longer than a reader waits, for it reads them row by row. These arrays answer both in about a
millisecond, as Solr's own « docValues » do. Nothing here knows SQL, and nothing changes once made: a search that has
begun keeps its columns while :mod:`ckanext.ardoise.search.mirror` makes those of the next generation.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]  # one a row: is it meant?
Rows = npt.NDArray[np.intp]  # places in the arrays
Keys = npt.NDArray[np.int64]  # one a row: what it is ordered by, the least first
NO_DATE = np.iinfo(np.int64).min  # microseconds of a document without one
LAST = np.iinfo(np.int64).max  # the key of a row without a value
_SEPARATOR = b"\n"  # between two texts; no folded text and no name holds it
STARTS_TEXT, STARTS_WORD, WITHIN = 3, 2, 1  # where a part stands in a text, as far as it matters


@dataclass(frozen=True)
class Values:
    """The whole values of one field: any number a row.

    ``codes`` and ``rows`` have one item an occurrence: the value's place in ``names``, and the row that has it.
    ``names`` and ``known`` are shared by successive generations, which only add to them.
    """

    names: list[str]
    known: dict[str, int]
    codes: npt.NDArray[np.int32]
    rows: npt.NDArray[np.int32]
    size: int  # rows of the index

    def code(self, value: str) -> int:
        """The place of ``value`` in ``names``, a new one if it has none; only the maker of columns asks."""
        code = self.known.get(value)
        if code is None:
            code = len(self.names)
            self.names.append(value)  # first: whoever finds its code finds its name
            self.known[value] = code
        return code

    def any_of(self, values: Iterable[str]) -> Mask:
        """Rows with one of some values."""
        wanted = [code for value in values if (code := self.known.get(value)) is not None]
        if len(wanted) == 1:
            return self._at(self.codes == wanted[0])
        meant = np.zeros(len(self.names), np.bool_)
        meant[wanted] = True
        return self._at(meant[self.codes])

    def passing(self, test: Callable[[str], bool]) -> Mask:
        """Rows with a value that passes ``test``."""
        meant = np.fromiter(map(test, list(self.names)), np.bool_)
        return self._at(meant[self.codes])

    def present(self) -> Mask:
        """Rows with any value."""
        return self._at(slice(None))

    def counts(self, mask: Mask) -> list[tuple[str, int]]:
        """How many rows of ``mask`` have each value, where there are any; a row has each of its values once."""
        numbers = np.bincount(self.codes[mask[self.rows]], minlength=1)
        return [(self.names[code], int(numbers[code])) for code in np.flatnonzero(numbers)]

    @functools.cached_property
    def keys(self) -> Keys:
        """The order of rows by their value, in bytes."""
        names = list(self.names)
        ranks = np.empty(max(len(names), 1), np.int64)
        ranks[sorted(range(len(names)), key=lambda code: names[code].encode())] = np.arange(len(names))
        keys = np.full(self.size, LAST)
        keys[self.rows] = ranks[self.codes]
        return keys

    def _at(self, occurrences: Any) -> Mask:
        mask = np.zeros(self.size, np.bool_)
        mask[self.rows[occurrences]] = True
        return mask


@dataclass(frozen=True)
class Parts:
    """One text a row, searched for parts of it."""

    texts: list[str]
    bytes: npt.NDArray[np.uint8]  # all texts, each after a separator
    starts: npt.NDArray[np.int64]  # where each begins in ``bytes``

    @classmethod
    def of(cls, texts: list[str]) -> Parts:
        """Lay the texts side by side."""
        written = [text.encode() for text in texts]
        whole = np.frombuffer(_SEPARATOR + _SEPARATOR.join(written) + _SEPARATOR, np.uint8)
        lengths = np.fromiter(map(len, written), np.int64, len(written))
        return cls(texts, whole, 1 + np.cumsum(lengths + 1) - lengths - 1)

    def equal(self, text: str) -> Mask:
        """Rows whose text is just this one; it is not empty."""
        rows, places = self._found(text)
        ends = self.bytes[places + len(text.encode())] == ord(_SEPARATOR)
        return self._mask(rows[ends & (places == self.starts[rows])])

    def passing(self, test: Callable[[str], bool]) -> Mask:
        """Rows whose text passes ``test``."""
        return np.fromiter(map(test, self.texts), np.bool_, len(self.texts))

    def holding(self, part: str, words_only: bool = False) -> Mask:
        """Rows whose text holds ``part``: anywhere, or where a word begins."""
        rows, places = self._found(part)
        return self._mask(rows[_begins_a_word(self.bytes[places - 1])] if words_only else rows)

    def standing(self, part: str) -> npt.NDArray[np.int8]:
        """Where ``part`` stands in each text at its best, 0 where it does not."""
        rows, places = self._found(part)
        best = np.zeros(len(self.texts), np.int8)
        if len(rows):
            before = self.bytes[places - 1]
            stands = np.where(before == ord(_SEPARATOR), STARTS_TEXT, np.where(before == ord(" "), STARTS_WORD, WITHIN))
            firsts = np.flatnonzero(np.diff(rows, prepend=-1))
            best[rows[firsts]] = np.maximum.reduceat(stands, firsts)
        return best

    @functools.cached_property
    def keys(self) -> Keys:
        """The order of rows by their text, in bytes."""
        ranks = {text: rank for rank, text in enumerate(sorted(set(self.texts), key=str.encode))}
        return np.fromiter((ranks[text] for text in self.texts), np.int64, len(self.texts))

    def _found(self, part: str) -> tuple[Rows, Rows]:
        """The rows of all places where ``part`` occurs, and these places."""
        whole, wanted = self.bytes, np.frombuffer(part.encode(), np.uint8)
        room = len(whole) - len(wanted) + 1
        if not part or _SEPARATOR.decode() in part or room <= 0:
            return np.empty(0, np.intp), np.empty(0, np.intp)
        held = whole[:room] == wanted[0]
        if len(wanted) > 1:
            held &= whole[1 : room + 1] == wanted[1]
        places = np.flatnonzero(held)
        for step, byte in enumerate(wanted[2:], 2):
            places = places[whole[places + step] == byte]
        return np.searchsorted(self.starts, places, side="right") - 1, places

    def _mask(self, rows: Rows) -> Mask:
        mask = np.zeros(len(self.texts), np.bool_)
        mask[rows] = True
        return mask


def _begins_a_word(before: npt.NDArray[np.uint8]) -> Mask:
    """Whether what stands before is neither letter nor digit; any letter beyond ASCII has bytes from 128."""
    small = before | 0x20
    letter = (small >= ord("a")) & (small <= ord("z"))
    digit = (before >= ord("0")) & (before <= ord("9"))
    return ~(letter | digit | (before >= 128))


@dataclass(frozen=True)
class Columns:
    """The index's rows at one generation."""

    numbers: npt.NDArray[np.int64]  # what PostgreSQL calls each row
    values: Mapping[str, Values]
    parts: Mapping[str, Parts]
    dates: Mapping[str, npt.NDArray[np.int64]]  # microseconds since 1970
    found: dict[Any, Any] = field(default_factory=dict)  # what PostgreSQL told of this generation

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.numbers)

    @functools.cached_property
    def _order(self) -> Rows:
        return np.argsort(self.numbers)

    def rows_of(self, numbers: npt.NDArray[np.int64]) -> Rows:
        """The rows of some of PostgreSQL's numbers, all of them there."""
        return self._order[np.searchsorted(self.numbers, numbers, sorter=self._order)]

    def mask_of(self, numbers: npt.NDArray[np.int64]) -> Mask:
        """The rows of some of PostgreSQL's numbers, as a mask."""
        mask = np.zeros(self.size, np.bool_)
        mask[self.rows_of(numbers)] = True
        return mask

    def keep(self, key: Any, make: Callable[[], Any], most: int) -> Any:
        """Return what is kept under ``key`` as long as these columns hold, made now if it is not yet."""
        kept = self.found.get(key)
        if kept is None:
            kept = make()
            while len(self.found) >= most:
                self.found.pop(next(iter(self.found)), None)
            self.found[key] = kept
        return kept


def first(rows: Rows, keys: Iterable[Keys], wanted: int) -> Rows:
    """Return the ``wanted`` first of ``rows`` in the order of ``keys``, the weightiest key first, in that order.

    Whoever asks for a page of many results need not order them all: each key in turn leaves out those beyond the page.
    """
    orders = list(keys)
    settled, level = [], rows
    for key in orders:
        left = wanted - sum(map(len, settled))
        if len(level) <= left or left <= 0:
            break
        values = key[level]
        edge = np.partition(values, left - 1)[left - 1]
        settled.append(level[values < edge])
        level = level[values == edge]
    near = np.concatenate([*settled, level])
    return near[np.lexsort([key[near] for key in reversed(orders)])][:wanted]
