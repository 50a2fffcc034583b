"""Every node of a lattice, priced in the plainest way: what the search is compared with. Shares nothing with it.

Scores are written from the published definitions over rows, one generalized table at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymization.hierarchies import Hierarchy

Kept = Callable[[NDArray[np.int64]], NDArray[np.bool_]]  # class of each row -> whether each row is kept
Scores = dict[str, float]


def generalized_codes(table: pa.Table, hierarchies: Sequence[Hierarchy]) -> list[list[NDArray[np.int64]]]:
    """For each attribute and level, the generalized value of each row as a number."""
    coded = []
    for hierarchy in hierarchies:
        encoded = table[hierarchy.attribute].combine_chunks().dictionary_encode()
        leaves, rows = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
        levels = []
        for level in range(hierarchy.height + 1):
            labels = np.unique(hierarchy.generalized(leaves, level), return_inverse=True)[1]
            levels.append(labels[rows])
        coded.append(levels)
    return coded


def every_node(
    table: pa.Table, hierarchies: Sequence[Hierarchy], kept: Kept, limit: float, k: int = 1
) -> Iterator[tuple[tuple[int, ...], Scores]]:
    """Yield each node that satisfies the models within the limit, with its score in each metric."""
    coded = generalized_codes(table, hierarchies)
    under = [_leaves_under(table, hierarchy) for hierarchy in hierarchies]
    counts = [[np.bincount(codes)[codes] for codes in levels] for levels in coded]
    rows = table.num_rows
    for levels in product(*(range(hierarchy.height + 1) for hierarchy in hierarchies)):
        key = np.zeros(rows, dtype=np.int64)
        for codes, level in zip(coded, levels, strict=True):
            key = key * (int(codes[level].max()) + 1) + codes[level]
        of_row, sizes = np.unique(key, return_inverse=True, return_counts=True)[1:]
        keeps = kept(of_row)
        lost = int((~keeps).sum())
        if lost > limit * rows + 1e-9 or lost == rows:
            continue
        yield levels, _scores(levels, hierarchies, under, counts, of_row, sizes, keeps, k)


def _leaves_under(table: pa.Table, hierarchy: Hierarchy) -> list[NDArray[np.int64]]:
    values = table[hierarchy.attribute].to_pylist()
    found = []
    for level in range(hierarchy.height + 1):
        names = hierarchy.generalized(hierarchy.labels[0], level)
        sizes = {name: names.count(name) for name in set(names)}
        one = dict(zip(hierarchy.labels[0], names, strict=True))
        found.append(np.array([sizes[one[None if value is None else str(value)]] for value in values]))
    return found


def _scores(levels, hierarchies, under, counts, of_row, sizes, keeps, k) -> Scores:  # type: ignore[no-untyped-def]
    rows, width = len(of_row), len(levels)
    loss = precision = root = ignored = 0.0
    for place, (level, hierarchy) in enumerate(zip(levels, hierarchies, strict=True)):
        cells = (under[place][level] - 1) / max(hierarchy.leaves - 1, 1)
        loss += float(np.where(keeps, cells, 1.0).sum())
        precision += float(np.where(keeps, level / max(hierarchy.height, 1), 1.0).sum())
        whole = -np.log2(counts[place][0] / counts[place][level])
        ignored += float(whole.sum())
        root += float(np.where(keeps, whole, -np.log2(counts[place][0] / rows)).sum())
    lost = int((~keeps).sum())
    classes = len(np.unique(of_row[keeps])) + (lost > 0)
    return {
        "loss": loss / rows / width,
        "precision": precision / rows / width,
        "entropy": root,
        "entropy ignored": ignored,
        "height": float(sum(levels)),
        "discernibility": float(sizes[of_row[keeps]].sum() + lost * rows),
        "average_class_size": rows / classes / k,
    }
