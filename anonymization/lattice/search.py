"""The best generalization over the whole lattice, proved best by bounds.

Steps of the search, over nodes (one level per attribute):

1. Every node starts open, with a lower bound of its score: for metrics that add up over cells, its exact price if
   nothing were suppressed; for the others zero.
2. Open nodes are visited one by one, in an order that `anonymization.lattice.order` chooses to close many.
3. A node too poor for the monotone models closes everything under it. A node that suppresses rows gives a bound to
   everything under it, where at least those rows are suppressed. For metrics of classes, a node's price without
   suppression (or the most classes that its own can make) bounds everything above it.
4. Nodes whose bound is not under the best score found are closed. When no node is open, the best is the optimum.

Where models are not monotone, step 3 closes only what their monotone part allows, and the rest is evaluated. Nothing
depends on time or order of rows: equal scores go to the smaller sum of levels, then to the first in lexicographic
order of the levels, in the order of the attributes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from anonymization.lattice.classes import Classes, Requirements, classes_of
from anonymization.lattice.grouping import Base, Booleans, Levels, RollUp
from anonymization.lattice.metrics import (
    CellPrices,
    Metric,
    average_class_size,
    discernibility,
)
from anonymization.lattice.order import ByGuess, ByPaths

MAX_NODES = 4_000_000  # 40 bytes each


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was found at one node. `score` is None where the models or the suppression limit are not met."""

    score: float | None
    suppressed: int  # rows
    hopeless: bool  # so that everything under the node fails too
    under: float  # added to the price of any node under this one by what is suppressed here
    above: float  # no node above this one scores less


class Evaluator:
    """Prices nodes. Deterministic: the same node has the same evaluation however it was reached."""

    def __init__(self, base: Base, requirements: Requirements, metric: Metric, prices: CellPrices | None, limit: float):
        self.base = base
        self.requirements = requirements
        self.metric = metric
        self.prices = prices
        self.allowed_rows = int(limit * base.total_rows + 1e-9)
        self.roll_up = RollUp(base)

    def classes(self, levels: Levels) -> tuple[Classes, Booleans, Booleans]:
        """Classes of a node, those kept, and those that the monotone models keep."""
        classes = classes_of(self.base, self.roll_up.lines(levels))
        kept, surely = self.requirements.kept(classes)
        return classes, kept, surely

    def __call__(self, levels: Levels) -> Evaluation:
        """Evaluate one node."""
        classes, kept, surely = self.classes(levels)
        total = self.base.total_rows
        lost = total - int(classes.rows[kept].sum())
        feasible = lost <= self.allowed_rows and bool(kept.any())
        least = lost if kept is surely else total - int(classes.rows[surely].sum())
        hopeless = least > self.allowed_rows or (self.requirements.monotone and not feasible)
        if self.prices is not None:
            floor = self.prices.floor(levels)
            if hopeless:
                return Evaluation(None, lost, True, 0.0, floor)
            added = self._added(levels, classes, ~surely)
            more = added if kept is surely else self._added(levels, classes, ~kept)
            return Evaluation(floor + more if feasible else None, lost, False, added, floor)
        if self.metric == "discernibility":
            score = discernibility(classes.rows, kept, total)
            above = discernibility(classes.rows, np.ones_like(kept), total)
            return Evaluation(score if feasible else None, lost, hopeless, float(least * total), above)
        score = average_class_size(int(kept.sum()), lost, total, self.requirements.k)
        gathered = int(classes.units[~surely].sum()) // self.requirements.floor
        above = average_class_size(int(surely.sum()) + gathered, 1, total, self.requirements.k)
        return Evaluation(score if feasible else None, lost, hopeless, 0.0, above)

    def _added(self, levels: Levels, classes: Classes, suppressed: Booleans) -> float:
        if self.prices is None:
            return 0.0
        return self.prices.added(self.base.layout, levels, classes.key[suppressed], classes.rows[suppressed])


class Search:
    """State of one search: which nodes are open, their bounds, and the best found."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluate = evaluator
        self.shape = tuple(hierarchy.height + 1 for hierarchy in evaluator.base.layout.hierarchies)
        self._floors = np.zeros(self.shape) if evaluator.prices is None else evaluator.prices.floors()
        self._bound = self._floors.copy()
        self._open = np.ones(self.shape, dtype=bool)
        places = np.arange(self._open.size).reshape(self.shape)
        heights = np.zeros(self.shape, dtype=np.int64)
        for place, size in enumerate(self.shape):
            heights += np.arange(size).reshape([-1 if axis == place else 1 for axis in range(len(self.shape))])
        self._rank = heights * self._open.size + places  # the order of nodes with equal scores
        self._best: tuple[float, int] | None = None
        self.best_levels: Levels | None = None
        self.explored = 0

    def run(self, is_over: Callable[[], bool]) -> bool:
        """Search until no node is open, or until `is_over` and something was found; return whether it is proved."""
        order: ByGuess | ByPaths
        if self._evaluate.prices is None:
            order = ByPaths(self._open, self._bound, self._rank)
        else:
            order = ByGuess(self._evaluate.base, self._evaluate.requirements.floor, self._open)
        for levels in order.nodes():
            self._visit(levels)
            if self._best is not None and is_over():
                return not self._open.any()
        return True

    def _visit(self, levels: Levels) -> None:
        """Evaluate a node and close what it decides."""
        found = self._evaluate(levels)
        self.explored += 1
        under = tuple(slice(0, level + 1) for level in levels)
        if found.hopeless:
            self._open[under] = False
        self._open[levels] = False
        if found.under > 0:
            np.maximum(self._bound[under], self._floors[under] + found.under * (1 - 1e-12), out=self._bound[under])
        if self._evaluate.prices is None:
            above = tuple(slice(level, None) for level in levels)
            np.maximum(self._bound[above], found.above, out=self._bound[above])
        if found.score is not None:
            rank = (found.score, int(self._rank[levels]))
            if self._best is None or rank < self._best:
                self._best, self.best_levels = rank, levels
        if self._best is not None:
            score, place = self._best
            self._open &= (self._bound < score) | ((self._bound == score) & (self._rank < place))
