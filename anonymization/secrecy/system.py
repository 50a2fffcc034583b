"""Cells and the additions that bind them: what both a protector and its arithmetic need.

For each table, dimension and cell with children there: the cell is the sum of its children, the other dimensions being
equal. Cells shared by linked tables are the same column, so one system holds all that can be added or subtracted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anonymization.secrecy.cells import Space, node_of
from anonymization.secrecy.dimensions import Tree
from anonymization.secrecy.rules import Flags, Floats

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Additions:
    """A sparse matrix with a row per addition: -1 for the sum, 1 for its terms; each row adds up to 0."""

    starts: Ints  # of each row in `cells`, and the end of the last
    cells: Ints
    signs: Floats
    count: int  # of cells

    @property
    def rows(self) -> int:
        """How many additions there are."""
        return len(self.starts) - 1

    def row_of_entries(self) -> Ints:
        """The row of each entry."""
        return np.repeat(np.arange(self.rows), np.diff(self.starts))


@dataclass(frozen=True, slots=True)
class Target:
    """A sum of cells whose deviation must be able to reach `upper` above and `lower` below its true value."""

    cells: tuple[int, ...]
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be protected. All arrays have one line per cell."""

    additions: Additions
    values: Floats  # in steps
    below: Floats  # how far an attacker believes a value could be lower
    above: Floats  # or higher; infinite where nothing bounds it
    cost: Floats  # of hiding, all positive
    hidden: Flags  # hidden whatever happens
    public: Flags  # known to the attacker whatever happens
    targets: tuple[Target, ...]


def additions_of(space: Space, names: Ints) -> Additions:
    """The additions between the cells `names`, which are sorted."""
    forms: list[tuple[str, dict[int, int]]] = []  # distinct trees: tables that share one share its additions
    sums, terms = [], []
    for table, trees in space.tables:
        cells = np.flatnonzero(_members(space, trees, names))
        for name in table.dimensions:
            form = (name, trees[name].parent)
            if form not in forms:
                forms.append(form)
            place = space.columns.index(name)
            above = np.full(len(space.nodes[place].labels), -1)
            for node, parent in trees[name].parent.items():
                above[node] = parent
            node_numbers = node_of(space, names[cells], place)
            under = above[node_numbers] >= 0
            node_numbers, below = node_numbers[under], cells[under]
            whole = names[below] + (above[node_numbers] - node_numbers) * space.strides[place]
            sums.append(np.column_stack([np.searchsorted(names, whole), np.full(len(below), forms.index(form))]))
            terms.append(below)
    return _grouped(np.concatenate(sums), np.concatenate(terms), len(names))


def _members(space: Space, trees: Mapping[str, Tree], names: Ints) -> Flags:
    member = np.ones(len(names), bool)
    for place, name in enumerate(space.columns):
        inside = [0, *trees[name].parent] if name in trees else [0]
        member &= np.isin(node_of(space, names, place), inside)
    return member


def _grouped(sums: Ints, terms: Ints, count: int) -> Additions:
    """Terms grouped by their sum and tree, each once."""
    entries = np.unique(np.column_stack([sums, terms]), axis=0)
    fresh = np.ones(len(entries), bool)
    fresh[1:] = (entries[1:, :2] != entries[:-1, :2]).any(axis=1)
    first = np.flatnonzero(fresh)
    sizes = np.diff(np.append(first, len(entries)))
    starts = np.concatenate([[0], np.cumsum(sizes + 1)]).astype(np.int64)
    cells, signs = np.empty(starts[-1], np.int64), np.ones(starts[-1])
    inner = np.ones(starts[-1], bool)
    inner[starts[:-1]] = False
    cells[starts[:-1]], signs[starts[:-1]] = entries[first, 0], -1.0
    cells[inner] = entries[:, 2]
    return Additions(starts, cells, signs, count)
