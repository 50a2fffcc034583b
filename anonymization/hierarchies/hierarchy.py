"""A generalization hierarchy (Samarati and Sweeney's value and domain generalization hierarchies), checked when built.

Level 0 is the values themselves (the leaves); each level above maps every leaf to a coarser value, and the last maps
all of them to one root. What must not change: leaves are compared by their text (`39` and "39" are one leaf, dates in
ISO form), a level nests in the next one, and errors name the attribute and the rule, never a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymization.errors import HierarchyError

Codes = NDArray[np.int64]
Leaf = str | None  # the text of a value; None is the missing value


def text_of(value: object) -> Leaf:
    """Return the text that stands for a value in hierarchies: ISO for dates, no decimals for whole numbers."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value)


@dataclass(frozen=True, slots=True, eq=False)
class Hierarchy:
    """The hierarchy of one attribute.

    `labels[level]` holds the distinct values of a level and `codes[level]` gives, for each leaf, the index of its
    value in them. Build one with :meth:`from_levels` or a function of `anonymization.hierarchies`.
    """

    attribute: str
    labels: tuple[tuple[Leaf, ...], ...] = field(repr=False)
    codes: tuple[Codes, ...] = field(repr=False)
    _index: dict[Leaf, int] = field(repr=False)

    @classmethod
    def from_levels(cls, attribute: str, levels: Sequence[Sequence[object]]) -> Hierarchy:
        """Build it from columns: `levels[0]` are the leaves, `levels[j][i]` the value of leaf i at level j.

        Raises:
            HierarchyError: no leaf, a leaf twice, a level of another length, with holes or not nested, several roots.
        """
        if not levels or not levels[0]:
            raise _broken(attribute, "it has no leaf")
        texts = [[text_of(value) for value in level] for level in levels]
        if any(len(level) != len(texts[0]) for level in texts):
            raise _broken(attribute, "every leaf must have a value at every level")
        if len(set(texts[0])) != len(texts[0]):
            raise _broken(attribute, "a leaf is listed twice")
        if any(value is None for level in texts[1:] for value in level):
            raise _broken(attribute, "every leaf must have a value at every level")
        numbered = [_numbered(level) for level in texts]
        for level in range(1, len(numbered)):
            _check_nested(attribute, level, numbered[level - 1][1], numbered[level][1])
        if len(numbered[-1][0]) != 1:
            raise _broken(attribute, "its last level must be a single root")
        labels, codes = zip(*numbered, strict=True)
        return cls(attribute, labels, codes, {leaf: place for place, leaf in enumerate(labels[0])})

    @property
    def height(self) -> int:
        """The level of the root."""
        return len(self.labels) - 1

    @property
    def leaves(self) -> int:
        """How many leaves there are."""
        return len(self.labels[0])

    def leaves_under(self, level: int) -> Codes:
        """How many leaves stand under each value of a level."""
        return np.bincount(self.codes[level], minlength=len(self.labels[level]))

    def leaf_codes(self, values: Iterable[object]) -> Codes:
        """Index of each value among the leaves.

        Raises:
            HierarchyError: some value is not a leaf.
        """
        found = np.array([self._index.get(text_of(value), -1) for value in values], dtype=np.int64)
        missing = int(np.count_nonzero(found < 0))
        if missing:
            raise _broken(self.attribute, f"every value must be covered, and {missing} distinct value(s) are not")
        return found

    def generalized(self, values: Iterable[object], level: int) -> list[Leaf]:
        """Return the text of each value at a level."""
        labels, codes = self.labels[level], self.codes[level]
        return [labels[codes[leaf]] for leaf in self.leaf_codes(values)]

    def above(self, level: int) -> Hierarchy:
        """The hierarchy whose leaves are the values of a level."""
        columns = []
        for higher in range(level, self.height + 1):
            parents = np.zeros(len(self.labels[level]), dtype=np.int64)
            parents[self.codes[level]] = self.codes[higher]
            columns.append([self.labels[higher][parent] for parent in parents])
        return Hierarchy.from_levels(self.attribute, columns)

    def label_array(self, level: int) -> pa.Array:
        """The values of a level, as strings."""
        return pa.array(self.labels[level], pa.string())


def _numbered(level: Sequence[Leaf]) -> tuple[tuple[Leaf, ...], Codes]:
    index: dict[Leaf, int] = {}
    codes = [index.setdefault(value, len(index)) for value in level]
    return tuple(index), np.array(codes, dtype=np.int64)


def _check_nested(attribute: str, level: int, finer: Codes, coarser: Codes) -> None:
    """Every value of the finer level must have one value above it."""
    pairs = np.unique(np.stack([finer, coarser]), axis=1)
    if pairs.shape[1] != int(finer.max()) + 1:
        raise _broken(attribute, f"levels must be nested, and a value of level {level - 1} has several at {level}")


def _broken(attribute: str, rule: str) -> HierarchyError:
    return HierarchyError(f"hierarchy of « {attribute} »: {rule}")
