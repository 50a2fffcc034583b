"""What every search filters, counts and orders by, of all documents at once: arrays over the rows of the index.

Counting facets of ten thousand results, naming the rows of a frequent word, or the titles that hold two letters, takes
PostgreSQL longer than a reader waits, for it reads them row by row. These arrays answer in a few milliseconds, as
Solr's own « docValues » and postings do. Nothing here knows SQL, and nothing changes once made: a search that has
begun keeps its columns while :mod:`ckanext.ardoise.search.mirror` makes those of the next generation.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ckanext.ardoise.search.headings import Headings
from ckanext.ardoise.search.parts import Parts
from ckanext.ardoise.search.postings import Postings
from ckanext.ardoise.search.stems import Stems
from ckanext.ardoise.search.values import Keys, Mask, Rows, Values

NO_DATE = np.iinfo(np.int64).min  # microseconds of a document without one
MOST_KEPT = 1_000  # answers of one generation, most of them a bit a document
MOST_RECENT = 16  # answers of a byte a document


class ChangedError(Exception):
    """A write came between what a search read and what it reads now: it begins again."""


@dataclass(frozen=True)
class Columns:
    """The index's rows at one generation."""

    generation: int
    numbers: npt.NDArray[np.int64]  # what PostgreSQL calls each row
    values: Mapping[str, Values]
    parts: Mapping[str, Parts]
    dates: Mapping[str, npt.NDArray[np.int64]]  # microseconds since 1970
    words: Postings  # of whole documents, as PostgreSQL spells them
    headings: Headings
    stems: Stems = field(default_factory=Stems)
    found: dict[Any, Any] = field(default_factory=dict)  # what was found in this generation
    recent: dict[str, Any] = field(default_factory=dict)  # parts of titles, last looked for

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.numbers)

    def arrange(self) -> None:
        """Make ahead what the first searches would each wait for."""
        _ = self._order, self.parts["title"].texts.keys
        for each in self.parts.values():
            each.arrange()

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
