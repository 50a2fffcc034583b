"""The words of titles, names, tags and groups in memory: which rows hold them where, and what that makes them weigh.

The weight is that of PostgreSQL's ``ts_rank`` for words of which any will do (``calc_rank_or`` in its ``tsrank.c``),
with the logarithm of the heading's length as divisor: computed here, no row of a frequent word is visited for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import numpy.typing as npt

from ckanext.ardoise.search.postings import Postings
from ckanext.ardoise.search.values import Mask

TITLE = "A"  # its label
_ALL = math.pi**2 / 6  # what a word in every place would come to, to PostgreSQL's nine figures
Scores = npt.NDArray[np.float32]  # one a row of the index


@dataclass(frozen=True)
class Headings:
    """The heading of each row: words, each with the labels of its places in their order (``eau:AC``)."""

    postings: Postings
    lengths: npt.NDArray[np.int32]  # places of each row
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)  # of each word, all there are; it only grows
    seen: int = 0  # words with labels that stand in ``labels``

    @classmethod
    def none(cls) -> Headings:
        """Return those of no row at all."""
        return cls(Postings.none(), np.empty(0, np.int32))

    def renewed(self, stays: Mask, texts: Iterable[str], lengths: Sequence[int]) -> Headings:
        """Return those without rows that do not stay, and then those of new rows."""
        postings = self.postings.renewed(stays, texts)
        for text in islice(postings.codes, self.seen, None):
            word, _, labels = text.rpartition(":")
            known = self.labels.get(word, ())
            if labels not in known:  # an attempt that was given up may have told
                self.labels[word] = (*known, labels)
        both = np.concatenate([self.lengths[stays], np.array(lengths, np.int32)])
        return Headings(postings, both, self.labels, len(postings.codes))

    def in_title(self, word: str) -> Mask:
        """Rows whose title holds ``word``, as PostgreSQL spells it."""
        return self._holding(word, TITLE)

    def with_all(self, words: Sequence[str]) -> Mask:
        """Rows whose heading holds all of ``words``, anywhere."""
        return np.logical_and.reduce([self._holding(word, "") for word in words])

    def _holding(self, word: str, label: str) -> Mask:
        mask = np.zeros(self.postings.size, np.bool_)
        for labels in self.labels.get(word, ()):
            if label in labels:
                mask[self.postings.rows_of(f"{word}:{labels}")] = True
        return mask

    def rank(self, words: Sequence[str], weights: Mapping[str, float]) -> Scores:
        """Return what each row's heading weighs for whoever asks for any of ``words``; ``weights`` are of labels."""
        found = np.zeros(self.postings.size, np.float64)
        asked = dict.fromkeys(words)
        for word in asked:
            for labels in self.labels.get(word, ()):
                found[self.postings.rows_of(f"{word}:{labels}")] += _weight([weights[each] for each in labels])
        rows = np.flatnonzero(found)
        scores = np.zeros(self.postings.size, np.float32)
        scores[rows] = found[rows] / len(asked) / np.log2(self.lengths[rows] + 1)
        return scores


def _weight(places: Sequence[float]) -> float:
    """What one word weighs that stands in places of these weights: the best counts whole, others less and less."""
    best = max(range(len(places)), key=lambda place: (places[place], -place))
    others = sum(weight / (place + 1) ** 2 for place, weight in enumerate(places))
    return (places[best] + others - places[best] / (best + 1) ** 2) / _ALL
