"""Prices tables whose cells are generalized one by one, with the same definitions as `anonymization.lattice.metrics`.

Full-domain generalization has one level per attribute, and the search prices it from frequency tables; local recoding
and Mondrian have not, so their cells are priced row by row, from what stands under each. `height` has no meaning there,
nor has `precision` where there is no hierarchy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anonymization.errors import GeneralizationSearchError
from anonymization.lattice.metrics import Metric, average_class_size, discernibility

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cells:
    """One attribute's cells, one per row of the whole input; those of suppressed rows are not read.

    `under` and `leaves`: leaves under the published value, and in all. `original` and `generalized`: rows of the input
    with the row's own leaf, and with any leaf under its published value. `heights`: level / height, where there are.
    """

    under: Integers
    leaves: int
    original: Integers
    generalized: Integers
    heights: NDArray[np.float64] | None


def recoded_score(metric: Metric, cells: Sequence[Cells], kept: Booleans, classes: Integers, k: int) -> float:
    """Price a recoded table. `classes` numbers the class of each row, suppressed ones included; k is the largest asked.

    Raises:
        GeneralizationSearchError: the metric has no meaning for it.
    """
    rows, lost = len(kept), int((~kept).sum())
    if metric == "loss":
        return _mean([(cell.under - 1) / max(cell.leaves - 1, 1) for cell in cells], kept)
    if metric == "precision" and all(cell.heights is not None for cell in cells):
        return _mean([cell.heights for cell in cells if cell.heights is not None], kept)
    if metric == "entropy":
        counts = [(np.where(kept, cell.generalized, rows), cell.original) for cell in cells]
        return float(sum(np.log2(generalized / original).sum() for generalized, original in counts))
    sizes = np.bincount(classes[kept])
    sizes = sizes[sizes > 0]
    if metric == "discernibility":
        return discernibility(np.append(sizes, lost), np.append(np.ones(len(sizes), dtype=bool), False), rows)
    if metric == "average_class_size":
        return average_class_size(len(sizes), lost, rows, k)
    raise GeneralizationSearchError(f"{metric} is not measured on cells that are generalized one by one")


def _mean(prices: Sequence[NDArray[np.float64]], kept: Booleans) -> float:
    return float(np.mean([np.where(kept, price, 1.0).mean() for price in prices]))
