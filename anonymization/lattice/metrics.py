"""What a generalization costs: six published measures of utility lost, each to be minimized.

What a suppressed record costs is part of each definition:

* `loss`: Iyengar, *Transforming data to satisfy privacy constraints*, KDD 2002, section 3: (leaves under the value - 1)
  / (leaves - 1), averaged over cells (and attributes, by weight). Each cell of a suppressed record costs 1.
* `entropy`: non-uniform entropy, in bits: the sum over cells of -log2(f(original) / f(generalized)), frequencies
  counted over the whole input (de Waal and Willenborg, *Information loss through global recoding and local
  suppression*, 1999; Gionis and Tassa, *k-Anonymization with minimal loss of information*, IEEE TKDE 21(2), 2009).
  Suppressed records cost as if at the root (`suppressed="root"`), or what the generalization costs ("ignored").
* `discernibility`: Bayardo and Agrawal, *Data privacy through optimal k-anonymization*, ICDE 2005, section 2: the sum
  of squared class sizes in rows; a suppressed record costs the number of rows of the whole input.
* `average_class_size`: LeFevre, DeWitt, Ramakrishnan, *Mondrian*, ICDE 2006, section 2.3: (rows / classes) / k, with
  the largest k among the models, else 1. They suppress nothing; here all suppressed records count as one class.
* `height`: Samarati, *Protecting respondents' identities in microdata release*, IEEE TKDE 13(6), 2001: the sum of
  levels. A suppressed record costs nothing.
* `precision`: one minus Sweeney's Prec (*Achieving k-anonymity privacy protection using generalization and
  suppression*, IJUFKS 10(5), 2002, section 4): the mean of level / height over cells. A suppressed cell costs 1.

The four that add up over cells are priced from whole numbers (rows per value), so that a score does not depend on the
order of lines or on how they were rolled up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, prod
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from anonymization.errors import GeneralizationSearchError
from anonymization.hierarchies import Hierarchy
from anonymization.lattice.grouping import Base, Integers, Levels
from anonymization.lattice.layout import Layout

Metric = Literal["loss", "entropy", "discernibility", "average_class_size", "height", "precision"]
Suppressed = Literal["root", "ignored"]
METRICS: tuple[Metric, ...] = ("loss", "entropy", "discernibility", "average_class_size", "height", "precision")
ADDITIVE: tuple[Metric, ...] = ("loss", "entropy", "height", "precision")
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CellPrices:
    """Prices of an additive metric. `costs[a][level]` is what the attribute costs over all rows, none suppressed;

    `extra[a][level][value]` what suppressing one row that has this value adds to it.
    """

    costs: tuple[Floats, ...]
    extra: tuple[tuple[Floats, ...], ...]
    suppression_costs: bool

    def floor(self, levels: Levels) -> float:
        """Score of a node if nothing is suppressed; no score is lower."""
        total = 0.0
        for cost, level in zip(self.costs, levels, strict=True):
            total += float(cost[level])
        return total

    def floors(self) -> Floats:
        """:meth:`floor` of every node, in the shape of the lattice."""
        total = np.zeros((1,) * len(self.costs))
        for place, cost in enumerate(self.costs):
            total = total + cost.reshape([-1 if axis == place else 1 for axis in range(len(self.costs))])
        return np.asarray(total)

    def added(self, layout: Layout, levels: Levels, classes: Integers, rows: Integers) -> float:
        """What suppressing classes adds: keys of combinations at `levels`, and the rows of each."""
        total = 0.0
        if not self.suppression_costs or len(classes) == 0:
            return total
        weights = rows.astype(np.float64)
        for places, shift, bits in layout.groups:
            counts = np.bincount((classes >> shift) & ((1 << sum(bits)) - 1), weights, minlength=1 << sum(bits))
            spread = counts.reshape([1 << width for width in bits])
            for axis, place in enumerate(places):
                prices = self.extra[place][levels[place]]
                one = spread.sum(axis=tuple(other for other in range(len(bits)) if other != axis))
                total += float((one[: len(prices)] * prices).sum())
        return total


def cell_prices(base: Base, metric: Metric, weights: Mapping[str, float] | None, suppressed: Suppressed) -> CellPrices:
    """Price every value of every level.

    Raises:
        GeneralizationSearchError: unknown metric or treatment of suppression, or unusable weights.
    """
    if suppressed not in ("root", "ignored"):
        raise GeneralizationSearchError("suppressed records are counted at the « root » or « ignored »")
    chosen = _weights(base.layout, weights)
    costs, extra = [], []
    for place, hierarchy in enumerate(base.layout.hierarchies):
        histogram = base.histogram(place).astype(np.float64)
        price = _PRICES[metric](hierarchy, histogram, base.total_rows, chosen, place)
        costs.append(price[0])
        extra.append(tuple(price[1]))
    charged = metric in ("loss", "precision") or (metric == "entropy" and suppressed == "root")
    return CellPrices(tuple(costs), tuple(extra), charged)


def _weights(layout: Layout, weights: Mapping[str, float] | None) -> Floats:
    weights = weights or {}
    if set(weights) - set(layout.attributes):
        raise GeneralizationSearchError("a weight is given to a column that is no quasi-identifier")
    chosen = np.array([weights.get(name, 1.0) for name in layout.attributes], dtype=np.float64)
    if not all(isfinite(weight) and weight >= 0 for weight in chosen) or chosen.sum() == 0:
        raise GeneralizationSearchError("weights must be finite, not negative, and not all zero")
    return chosen


Priced = tuple[Floats, list[Floats]]


def _loss(hierarchy: Hierarchy, histogram: Floats, rows: int, weights: Floats, place: int) -> Priced:
    share = weights[place] / weights.sum() / rows
    costs, extra = [], []
    for level in range(hierarchy.height + 1):
        under = (hierarchy.leaves_under(level) - 1).astype(np.float64)
        price = under / max(hierarchy.leaves - 1, 1)
        costs.append(share * float((histogram * under[hierarchy.codes[level]]).sum()) / max(hierarchy.leaves - 1, 1))
        extra.append(share * (1 - price))
    return np.array(costs), extra


def _entropy(hierarchy: Hierarchy, histogram: Floats, rows: int, weights: Floats, place: int) -> Priced:
    seen = histogram > 0
    costs, extra = [], []
    for level in range(hierarchy.height + 1):
        counts = np.bincount(hierarchy.codes[level], weights=histogram, minlength=len(hierarchy.labels[level]))
        whole = counts[hierarchy.codes[level]][seen]
        costs.append(weights[place] * float((histogram[seen] * np.log2(whole / histogram[seen])).sum()))
        extra.append(weights[place] * np.log2(rows / np.maximum(counts, 1)))
    return np.array(costs), extra


def _height(hierarchy: Hierarchy, histogram: Floats, rows: int, weights: Floats, place: int) -> Priced:
    nothing = [np.zeros(len(labels)) for labels in hierarchy.labels]
    return weights[place] * np.arange(hierarchy.height + 1, dtype=np.float64), nothing


def _precision(hierarchy: Hierarchy, histogram: Floats, rows: int, weights: Floats, place: int) -> Priced:
    heights = np.arange(hierarchy.height + 1) / max(hierarchy.height, 1)
    share = weights[place] / weights.sum()
    extra = [np.full(len(labels), share / rows * (1 - heights[level])) for level, labels in enumerate(hierarchy.labels)]
    return share * heights, extra


_PRICES = {"loss": _loss, "entropy": _entropy, "height": _height, "precision": _precision}


def discernibility(class_rows: Integers, kept: NDArray[np.bool_], total_rows: int) -> float:
    """Return the sum of squared sizes of kept classes, plus all rows for each suppressed row."""
    sizes = class_rows[kept]
    lost = total_rows - int(sizes.sum())
    return float(int(np.dot(sizes, sizes)) + lost * total_rows)


def average_class_size(classes: int, suppressed_rows: int, total_rows: int, k: int) -> float:
    """Rows over classes over k; all suppressed rows are one class."""
    return total_rows / (classes + (suppressed_rows > 0)) / k


def lattice_size(layout: Layout) -> int:
    """How many nodes there are."""
    return prod(hierarchy.height + 1 for hierarchy in layout.hierarchies)
