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

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from anonymization.errors import GeneralizationSearchError, NoSolutionError
from anonymization.lattice.classes import Classes, Requirements, classes_of
from anonymization.lattice.combinations import Combinations, Hierarchies, count_combinations
from anonymization.lattice.grouping import Base, Booleans, Integers, Levels, RollUp
from anonymization.lattice.metrics import (
    ADDITIVE,
    METRICS,
    CellPrices,
    Metric,
    Suppressed,
    average_class_size,
    cell_prices,
    discernibility,
    lattice_size,
)
from anonymization.lattice.order import ByGuess, ByPaths
from anonymization.lattice.outcome import GeneralizationResult, outcome
from anonymization.models.definitions import DIVERSITY, PrivacyModel, sensitive_of

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


def optimal_generalization(
    data: pa.Table | pa.RecordBatch | ds.Dataset | Path | Combinations,
    hierarchies: Hierarchies,
    models: Sequence[PrivacyModel],
    suppression_limit: float = 0.0,
    metric: Metric = "loss",
    *,
    weights: Mapping[str, float] | None = None,
    suppressed: Suppressed = "root",
    sensitive: str | None = None,
    unit: str | None = None,
    time_budget: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> GeneralizationResult:
    """Find the full-domain generalization of least cost that satisfies every model, proved over the whole lattice.

    Args:
        data: a table, a Parquet dataset or a path to one, or a frequency table (`count_combinations`).
        hierarchies: one per quasi-identifier; their order settles equal scores.
        models: privacy models, all of which every published class satisfies, counted in units.
        suppression_limit: share of rows that may be suppressed, at least 0 and under 1.
        metric: what is minimized; `anonymization.lattice.metrics` gives definitions, sources, and what a suppressed
            record costs in each.
        weights: per attribute, 1 by default; for loss, entropy, height and precision.
        suppressed: for entropy alone, whether suppressed records cost as the root or are ignored.
        sensitive: the sensitive attribute of models that name none.
        unit: the protection unit's column; without it each row is a unit.
        time_budget: seconds after which the best found so far is returned, `complete` being False if not proved.
        clock: seconds, for the budget.

    Raises:
        GeneralizationSearchError: a limit, weight, metric or column that can not be used.
        HierarchyError: a value outside its hierarchy.
        PrivacyModelError: a model that the data could never satisfy.
        NoSolutionError: no node of the lattice satisfies the models within the limit.
    """
    started = clock()
    _check_options(suppression_limit, metric, weights, time_budget)
    named = [sensitive_of(model, sensitive) for model in models if isinstance(model, DIVERSITY)]
    counted, keys = _counted(data, hierarchies, named, unit)
    base = Base.of(counted)
    if lattice_size(base.layout) > MAX_NODES:
        raise GeneralizationSearchError(f"the lattice has over {MAX_NODES} nodes: give hierarchies fewer levels")
    requirements = Requirements(base, models, suppression_limit, sensitive)
    prices = cell_prices(base, metric, weights, suppressed) if metric in ADDITIVE else None
    evaluator = Evaluator(base, requirements, metric, prices, suppression_limit)
    search = Search(evaluator)
    complete = search.run(lambda: time_budget is not None and clock() - started > time_budget)
    if search.best_levels is None:
        raise NoSolutionError(
            f"no generalization of {', '.join(base.layout.attributes)} satisfies "
            f"{', '.join(type(model).__name__ for model in models)} with at most {suppression_limit:.2%} suppressed"
        )
    found = evaluator(search.best_levels)
    classes, kept, _ = evaluator.classes(search.best_levels)
    score = found.score or 0.0
    return outcome(
        data, base.layout, search.best_levels, classes, kept, score, search.explored, complete, metric, keys
    )  # fmt: skip


def _counted(
    data: pa.Table | pa.RecordBatch | ds.Dataset | Path | Combinations,
    hierarchies: Hierarchies,
    named: Sequence[str],
    unit: str | None,
) -> tuple[Combinations, Integers | None]:
    """Count the data; with the keys of its rows if they are in memory."""
    if isinstance(data, Combinations):
        _check_counted(data, hierarchies, named, unit)
        return data, None
    if isinstance(data, (pa.Table, pa.RecordBatch)):
        counted = Combinations(hierarchies, named, unit)
        return counted, counted.add(data)
    return count_combinations(data, hierarchies, named, unit), None


def _check_options(
    limit: float, metric: Metric, weights: Mapping[str, float] | None, time_budget: float | None
) -> None:
    if not 0 <= limit < 1:
        raise GeneralizationSearchError("the suppression limit is a share of rows: at least 0 and under 1")
    if metric not in METRICS:
        raise GeneralizationSearchError(f"unknown metric; known: {', '.join(METRICS)}")
    if weights and metric not in ADDITIVE:
        raise GeneralizationSearchError(f"{metric} is measured on classes: attributes have no weight in it")
    if time_budget is not None and not time_budget > 0:
        raise GeneralizationSearchError("a time budget is a positive number of seconds")


def _check_counted(data: Combinations, hierarchies: Hierarchies, named: Sequence[str], unit: str | None) -> None:
    wanted = list(hierarchies.values()) if isinstance(hierarchies, Mapping) else list(hierarchies)
    if [h.labels for h in wanted] != [h.labels for h in data.layout.hierarchies]:
        raise GeneralizationSearchError("the frequency table was counted over other hierarchies")
    if not set(named) <= set(data.sensitive) or (unit is not None and unit != data.unit):
        raise GeneralizationSearchError("the frequency table lacks a sensitive attribute or the protection unit")
