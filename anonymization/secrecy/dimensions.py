"""The dimensions of a table: trees whose leaves are the values of a column and whose root is its total.

A tree is a mapping from each value to the one above it; a value without one stands right under the root. Where a single
value tops the mapping and is no leaf, it is the root. The same label in two trees of one column must cover the same
leaves, since it is then one and the same cell of linked tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from anonymization.errors import TabulationError

TOTAL = "Total"
Parents = Mapping[str, str | None]


class Levels(Protocol):
    """A generalization hierarchy: distinct values by level, and for each leaf the index of its value there."""

    @property
    def labels(self) -> tuple[tuple[str | None, ...], ...]:
        """The distinct values of each level, leaves first."""

    @property
    def codes(self) -> tuple[Any, ...]:
        """For each level, the index of each leaf's value."""


def parents_of(column: str, hierarchy: Parents | Levels | None) -> Parents | None:
    """A hierarchy as a mapping from each label to the one above it.

    Raises:
        TabulationError: one label stands in two places, so that cells could not be told apart by their labels.
    """
    if hierarchy is None or isinstance(hierarchy, Mapping):
        return hierarchy
    parents: dict[str, str | None] = {}
    for labels in zip(*(_along(hierarchy, level) for level in range(len(hierarchy.labels))), strict=True):
        path = list(dict.fromkeys(label for label in labels if label is not None))
        if labels[0] is None:
            continue
        for label, above in zip(path, [*path[1:], None], strict=True):
            if parents.setdefault(label, above) != above:
                raise TabulationError(f"hierarchy of « {column} »: one label stands in two places")
    return parents


def _along(hierarchy: Levels, level: int) -> Sequence[str | None]:
    labels = hierarchy.labels[level]
    return [labels[code] for code in hierarchy.codes[level]]


@dataclass(frozen=True, slots=True)
class Tree:
    """The nodes of one hierarchy, by the numbers the column gives them."""

    column: str
    parent: dict[int, int]  # of every node but the root
    chains: dict[str, tuple[int, ...]]  # of every leaf: from the root to itself


@dataclass(slots=True)
class Nodes:
    """Numbers the labels of one column over all of its trees. The root is 0."""

    column: str
    labels: list[str] = field(default_factory=lambda: [TOTAL])
    _leaves: dict[str, frozenset[str]] = field(default_factory=dict)
    _number: dict[str, int] = field(default_factory=dict)

    def tree(self, parents: Parents | None, present: Iterable[str]) -> Tree:
        """A tree over the column.

        Args:
            parents: each label's parent; None for a column without hierarchy.
            present: the values of the data.

        Raises:
            TabulationError: a value is not a leaf of the hierarchy, or the hierarchy is no tree.
        """
        present = set(present)
        known: Parents = dict.fromkeys(present) if parents is None else parents
        inner = {above for above in known.values() if above is not None}
        self._check_values(present, known, inner)
        tops = {label for label in inner | set(known) if known.get(label) is None}
        root = next(iter(tops)) if len(tops) == 1 and tops <= inner else None
        if root is None and TOTAL in inner | set(known):
            raise TabulationError(f"hierarchy of « {self.column} »: the label « {TOTAL} » is kept for the root")
        upward = {leaf: self._upward(leaf, known, root) for leaf in set(known) - inner}
        self._number_all(upward, root)
        parent: dict[int, int] = {}
        chains = {}
        for leaf, path in upward.items():
            chain = (0, *(self._number[label] for label in reversed(path)))
            parent.update(zip(chain[1:], chain, strict=False))
            chains[leaf] = chain
        return Tree(self.column, parent, chains)

    def _check_values(self, present: set[str], known: Parents, inner: set[str]) -> None:
        outside = len(present - set(known) - inner)
        if outside:
            raise TabulationError(f"column « {self.column} »: {outside} distinct value(s) outside its hierarchy")
        above = len(present & inner)
        if above:
            raise TabulationError(
                f"column « {self.column} »: {above} distinct value(s) are not leaves of its hierarchy"
            )

    def _upward(self, leaf: str, known: Parents, root: str | None) -> list[str]:
        path, label = [], leaf
        while label != root:
            path.append(label)
            above = known.get(label)
            if above is None:
                break
            if above in path:
                raise TabulationError(f"hierarchy of « {self.column} »: a label is above itself")
            label = above
        return path

    def _number_all(self, upward: dict[str, list[str]], root: str | None) -> None:
        leaves: dict[str, set[str]] = {}
        for leaf in sorted(upward):
            for label in upward[leaf]:
                leaves.setdefault(label, set()).add(leaf)
        if not leaves:
            raise TabulationError(f"hierarchy of « {self.column} » has no leaf")
        if root is not None:
            if self.labels[0] not in (TOTAL, root):
                raise TabulationError(f"hierarchies of « {self.column} » have different roots")
            self.labels[0] = root
        for label in sorted(leaves):
            covered = frozenset(leaves[label])
            if self._leaves.setdefault(label, covered) != covered:
                raise TabulationError(f"hierarchies of « {self.column} » give one label different leaves")
            if label not in self._number:
                self._number[label] = len(self.labels)
                self.labels.append(label)
