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
MOST_KEPT = 1_000  # answers of one generation, most of them a bit a document
MOST_RECENT = 16  # answers of a byte a document
STARTS_TEXT, STARTS_WORD, WITHIN = 3, 2, 1  # where a part stands in a text, as far as it matters


class ChangedError(Exception):
    """A write came between what a search read and what it reads now: it begins again."""


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
            return self.at(self.codes == wanted[0])
        meant = np.zeros(len(self.names), np.bool_)
        meant[wanted] = True
        return self.at(meant[self.codes])

    def passing(self, test: Callable[[str], bool]) -> Mask:
        """Rows with a value that passes ``test``."""
        meant = np.fromiter(map(test, list(self.names)), np.bool_)
        return self.at(meant[self.codes])

    def present(self) -> Mask:
        """Rows with any value."""
        return self.at(slice(None))

    def counts(self, mask: Mask, least: int, most: int) -> list[tuple[str, int]]:
        """The values that at least ``least`` rows of ``mask`` have, with their numbers: the most frequent first.

        A row has each of its values once. ``most`` of them, or all where it is negative.
        """
        numbers = np.bincount(self.codes[mask[self.rows]], minlength=1)
        codes = np.flatnonzero(numbers >= max(least, 1))
        if 0 < most < len(codes):  # of many, those that may be among the first
            codes = codes[numbers[codes] >= np.partition(numbers[codes], -most)[-most]]
        told = [(self.names[code], int(numbers[code])) for code in codes.tolist()]
        told.sort(key=lambda each: (-each[1], each[0].encode()))
        return told[:most] if most >= 0 else told

    @functools.cached_property
    def keys(self) -> Keys:
        """The order of rows by their value, in bytes."""
        names = list(self.names)
        ranks = np.empty(max(len(names), 1), np.int64)
        ranks[sorted(range(len(names)), key=lambda code: names[code].encode())] = np.arange(len(names))
        keys = np.full(self.size, LAST)
        keys[self.rows] = ranks[self.codes]
        return keys

    @functools.cached_property
    def of_rows(self) -> npt.NDArray[np.int32]:
        """The place of each row's value, where each has just one."""
        codes = np.zeros(self.size, np.int32)
        codes[self.rows] = self.codes
        return codes

    def at(self, occurrences: Any) -> Mask:
        """Rows of some occurrences."""
        mask = np.zeros(self.size, np.bool_)
        mask[self.rows[occurrences]] = True
        return mask


@dataclass(frozen=True)
class Parts:
    """Texts searched for parts of them: first among the words there are, then where these words occur."""

    words: Values  # in the order of each text; a row's text is one word where it is never cut
    texts: Values  # one a row

    def holding(self, part: str, words_only: bool = False) -> Mask:
        """Rows whose text holds ``part``: anywhere, or where a word begins."""
        if " " in part:
            return self.standing(part) > 0
        places, at = self._places(part)
        if words_only:
            at = at[_ends_a_word(self._bytes[places - 1])]
        meant = np.zeros(len(self._starts), np.bool_)
        meant[at] = True
        return self.words.at(meant[self.words.codes])

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
        found = np.flatnonzero(stands[self.words.codes])
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


@dataclass(frozen=True)
class Columns:
    """The index's rows at one generation."""

    generation: int
    numbers: npt.NDArray[np.int64]  # what PostgreSQL calls each row
    values: Mapping[str, Values]
    parts: Mapping[str, Parts]
    dates: Mapping[str, npt.NDArray[np.int64]]  # microseconds since 1970
    found: dict[Any, Any] = field(default_factory=dict)  # what was found in this generation
    recent: dict[str, Any] = field(default_factory=dict)  # parts of titles, last looked for

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.numbers)

    @functools.cached_property
    def _order(self) -> Rows:
        return np.argsort(self.numbers)

    def rows_of(self, numbers: npt.NDArray[np.int64]) -> Rows:
        """The rows of some of PostgreSQL's numbers.

        Raises:
            ChangedError: there is no such row: it is of a later generation.
        """
        if not len(numbers):
            return np.empty(0, np.intp)
        if not self.size:
            raise ChangedError
        places = np.searchsorted(self.numbers, numbers, sorter=self._order)
        rows = self._order[np.minimum(places, self.size - 1)]
        if (self.numbers[rows] != numbers).any():
            raise ChangedError
        return rows

    def mask_of(self, numbers: npt.NDArray[np.int64]) -> Mask:
        """The rows of some of PostgreSQL's numbers, as a mask."""
        mask = np.zeros(self.size, np.bool_)
        mask[self.rows_of(numbers)] = True
        return mask

    def title_part(self, part: str) -> npt.NDArray[np.int8]:
        """Where ``part`` stands in each title; found once, for whoever asks which rows and in what order."""
        kept: npt.NDArray[np.int8] = _kept(self.recent, MOST_RECENT, part, lambda: self.parts["title"].standing(part))
        return kept

    def keep(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return what is kept under ``key`` as long as these columns hold, made now if it is not yet."""
        return _kept(self.found, MOST_KEPT, key, make)


def _kept(values: dict[Any, Any], most: int, key: Any, make: Callable[[], Any]) -> Any:
    kept = values.get(key)
    if kept is None:
        kept = make()
        while len(values) >= most:
            values.pop(list(values)[0], None)  # noqa: RUF015 (another thread may change it between iter and next)
        values[key] = kept
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
