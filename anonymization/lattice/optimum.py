"""The best generalization of some data, and the same data at levels fixed before: what callers use of the search."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds

from anonymization.errors import GeneralizationSearchError, NoSolutionError
from anonymization.lattice.classes import Requirements
from anonymization.lattice.combinations import Combinations, count_combinations
from anonymization.lattice.grouping import Base, Integers, Levels
from anonymization.lattice.layout import Hierarchies
from anonymization.lattice.metrics import ADDITIVE, METRICS, Metric, Suppressed, cell_prices, lattice_size
from anonymization.lattice.outcome import GeneralizationResult, outcome
from anonymization.lattice.search import MAX_NODES, Evaluator, Search
from anonymization.models.definitions import DIVERSITY, PrivacyModel, sensitive_of


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
        time_budget: seconds after which the best found so far is returned, `complete` being False if not proved; it is
            overrun while nothing that satisfies the models was found.
        clock: seconds, for the budget.

    Raises:
        GeneralizationSearchError: a limit, weight, metric or column that can not be used.
        HierarchyError: a value outside its hierarchy.
        PrivacyModelError: a model that the data could never satisfy.
        NoSolutionError: no node of the lattice satisfies the models within the limit.
    """
    started = clock()
    if time_budget is not None and not time_budget > 0:
        raise GeneralizationSearchError("a time budget is a positive number of seconds")
    asked = _Asked(models, suppression_limit, metric, weights, suppressed, sensitive, unit)
    evaluator, keys = _evaluator(data, hierarchies, asked)
    base = evaluator.base
    if lattice_size(base.layout) > MAX_NODES:
        raise GeneralizationSearchError(f"the lattice has over {MAX_NODES} nodes: give hierarchies fewer levels")
    search = Search(evaluator)
    complete = search.run(lambda: time_budget is not None and clock() - started > time_budget)
    if search.best_levels is None:
        raise NoSolutionError(f"no generalization of {asked.named(base.layout.attributes)}")
    return _outcome(data, evaluator, search.best_levels, search.explored, complete, keys)


def generalization_at(
    data: pa.Table | pa.RecordBatch | ds.Dataset | Path | Combinations,
    hierarchies: Hierarchies,
    levels: Mapping[str, int],
    models: Sequence[PrivacyModel],
    suppression_limit: float = 0.0,
    metric: Metric = "loss",
    *,
    weights: Mapping[str, float] | None = None,
    suppressed: Suppressed = "root",
    sensitive: str | None = None,
    unit: str | None = None,
) -> GeneralizationResult:
    """Generalize to levels chosen before, suppressing what the models do not allow there.

    For a dataset whose generalization is fixed for a declared period, so that the choice made for each release tells
    nothing. Arguments and errors are those of :func:`optimal_generalization`; besides:

    Raises:
        GeneralizationSearchError: levels of other attributes, or outside their hierarchies.
        NoSolutionError: at these levels more than the limit would be suppressed: the period's choice holds no longer.
    """
    asked = _Asked(models, suppression_limit, metric, weights, suppressed, sensitive, unit)
    evaluator, keys = _evaluator(data, hierarchies, asked)
    trees = evaluator.base.layout.hierarchies
    if set(levels) != {tree.attribute for tree in trees}:
        raise GeneralizationSearchError("levels must be given for each quasi-identifier, and for no other column")
    for tree in trees:
        if not 0 <= levels[tree.attribute] <= tree.height:
            raise GeneralizationSearchError(f"attribute « {tree.attribute} »: its hierarchy has no such level")
    chosen = tuple(levels[tree.attribute] for tree in trees)
    if evaluator(chosen).score is None:
        raise NoSolutionError(f"the levels fixed no longer suit {asked.named(evaluator.base.layout.attributes)}")
    return _outcome(data, evaluator, chosen, 1, True, keys)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of a generalization."""

    models: Sequence[PrivacyModel]
    limit: float
    metric: Metric
    weights: Mapping[str, float] | None
    suppressed: Suppressed
    sensitive: str | None
    unit: str | None

    def __post_init__(self) -> None:
        if not 0 <= self.limit < 1:
            raise GeneralizationSearchError("the suppression limit is a share of rows: at least 0 and under 1")
        if self.metric not in METRICS:
            raise GeneralizationSearchError(f"unknown metric; known: {', '.join(METRICS)}")
        if self.weights and self.metric not in ADDITIVE:
            raise GeneralizationSearchError(f"{self.metric} is measured on classes: attributes have no weight in it")

    def named(self, attributes: Sequence[str]) -> str:
        """Name attributes and models, for errors."""
        models = ", ".join(type(model).__name__ for model in self.models)
        return f"{', '.join(attributes)} satisfies {models} with at most {self.limit:.2%} suppressed"


def _evaluator(
    data: pa.Table | pa.RecordBatch | ds.Dataset | Path | Combinations, hierarchies: Hierarchies, asked: _Asked
) -> tuple[Evaluator, Integers | None]:
    """Count the data and prepare its evaluation; with the keys of its rows if they are in memory."""
    named = [sensitive_of(model, asked.sensitive) for model in asked.models if isinstance(model, DIVERSITY)]
    counted, keys = _counted(data, hierarchies, named, asked.unit)
    base = Base.of(counted)
    requirements = Requirements(base, asked.models, asked.limit, asked.sensitive)
    is_additive = asked.metric in ADDITIVE
    prices = cell_prices(base, asked.metric, asked.weights, asked.suppressed) if is_additive else None
    return Evaluator(base, requirements, asked.metric, prices, asked.limit), keys


def _outcome(
    data: pa.Table | pa.RecordBatch | ds.Dataset | Path | Combinations,
    evaluator: Evaluator,
    levels: Levels,
    explored: int,
    complete: bool,
    keys: Integers | None,
) -> GeneralizationResult:
    score = evaluator(levels).score or 0.0
    classes, kept, _ = evaluator.classes(levels)
    layout = evaluator.base.layout
    return outcome(data, layout, levels, classes, kept, score, explored, complete, evaluator.metric, keys)


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


def _check_counted(data: Combinations, hierarchies: Hierarchies, named: Sequence[str], unit: str | None) -> None:
    wanted = list(hierarchies.values()) if isinstance(hierarchies, Mapping) else list(hierarchies)
    if [h.labels for h in wanted] != [h.labels for h in data.layout.hierarchies]:
        raise GeneralizationSearchError("the frequency table was counted over other hierarchies")
    if not set(named) <= set(data.sensitive) or (unit is not None and unit != data.unit):
        raise GeneralizationSearchError("the frequency table lacks a sensitive attribute or the protection unit")
