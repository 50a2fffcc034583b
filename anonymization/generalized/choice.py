"""The levels of a release: searched, or taken as they were fixed before.

With local recoding there are several steps, as in `anonymization.lattice.local`, but over frequency tables:

1. The optimum over the lattice is found, and the lines it would suppress are set aside.
2. They are generalized again, from the optimum's levels up, to the best node for them alone.
3. What is left goes through step 2 again, until nothing satisfies the models; that alone is suppressed.

Levels fixed before are taken step by step likewise. What they suppress may exceed the contract's limit: that is
measured and judged on the candidate, not here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
import polars as pl

from anonymization.errors import GeneralizationSearchError, NoSolutionError, PrivacyModelError
from anonymization.generalized.attributes import search_of
from anonymization.generalized.counting import Counted
from anonymization.hierarchies import Hierarchy
from anonymization.lattice import Combinations, GeneralizationResult, generalization_at, optimal_generalization
from anonymization.lattice.grouping import Integers
from anonymization.lattice.metrics import METRICS, Metric
from policies.generalized import SearchRule

Levels = tuple[dict[str, int], ...]
"""By step, the level of each attribute in its own hierarchy."""

_Find = Callable[[Combinations, Sequence[Hierarchy], int], GeneralizationResult]

_MOST_LEFT = 0.95  # share of a later step's rows that may be left to the next
_ANY = 1 - 1e-12  # share of rows that levels fixed before may suppress: the verdict judges it


@dataclass(frozen=True, slots=True)
class Step:
    """One generalization, of the rows that the steps before it left. `base` is where its hierarchies start."""

    levels: dict[str, int]
    base: dict[str, int]
    result: GeneralizationResult

    def keys(self, hierarchies: Sequence[Hierarchy], leaves: Mapping[str, Integers]) -> Integers:
        """The step's keys of rows or lines, from their leaves."""
        return self.result.layout.joined(raised(hierarchies, leaves, self.base))


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen. `score` is the metric's, of the first step alone; `explored` counts nodes evaluated."""

    steps: tuple[Step, ...]
    score: float
    explored: int
    complete: bool  # the optimum is proved
    own: bool = True  # chosen over these very rows, so that the choice may tell of them
    taken: Levels | None = None  # all the levels fixed before, also of steps that had nothing left to do
    fixed: Mapping[str, str] | None = None  # JSON: for how long and by which period, where they are fixed for a time

    @property
    def levels(self) -> Levels:
        """The levels of each step."""
        return self.taken or tuple(step.levels for step in self.steps)

    def step_of(self, hierarchies: Sequence[Hierarchy], leaves: Mapping[str, Integers]) -> Integers:
        """The step that publishes each row or line, from its leaves; -1 where none does."""
        found = np.full(len(next(iter(leaves.values()))), -1, dtype=np.int64)
        for number, step in enumerate(self.steps):
            rest = np.flatnonzero(found < 0)
            if len(rest) == 0:
                break
            kept = step.result.is_kept(step.keys(hierarchies, {name: codes[rest] for name, codes in leaves.items()}))
            found[rest[kept]] = number
        return found


def raised(
    hierarchies: Sequence[Hierarchy], leaves: Mapping[str, Integers], base: Mapping[str, int]
) -> dict[str, Integers]:
    """Codes at the levels of `base`, which are the leaves of the hierarchies above them."""
    return {h.attribute: h.codes[base[h.attribute]][leaves[h.attribute]] for h in hierarchies}


def choose(counted: Counted) -> Chosen:
    """Search the best levels.

    Raises:
        NoSolutionError: none satisfies the models within the contract's suppression limit.
        PrivacyModelError: a model that the period could never satisfy, or that local recoding does not keep.
        GeneralizationSearchError: what the search can not work with.
    """
    search, limit = search_of(counted.reader.rule), counted.reader.rule.suppression_limit

    def find(data: Combinations, hierarchies: Sequence[Hierarchy], number: int) -> GeneralizationResult:
        share = limit if number == 0 else _MOST_LEFT
        return optimal_generalization(
            data, hierarchies, counted.models, share, _metric(search),
            weights=dict(search.weights) or None, unit=counted.reader.unit.column,
        )  # fmt: skip

    return _steps(counted, find, None, None if search.local_recoding else 1)


def take(counted: Counted, levels: Levels) -> Chosen:
    """Take levels fixed before.

    Raises:
        NoSolutionError: no class of the period satisfies the models there.
        PrivacyModelError, GeneralizationSearchError: as :func:`choose`.
    """
    search = search_of(counted.reader.rule)

    def find(data: Combinations, hierarchies: Sequence[Hierarchy], number: int) -> GeneralizationResult:
        wanted = levels[number]
        if number:
            wanted = {name: level - levels[0][name] for name, level in wanted.items()}
        return generalization_at(
            data, hierarchies, wanted, counted.models, _ANY, _metric(search),
            weights=dict(search.weights) or None, unit=counted.reader.unit.column,
        )  # fmt: skip

    return _steps(counted, find, levels, len(levels))


def _steps(counted: Counted, find: _Find, fixed: Levels | None, most: int | None) -> Chosen:
    names = [hierarchy.attribute for hierarchy in counted.hierarchies]
    leaves = counted.leaves
    base, hierarchies = dict.fromkeys(names, 0), counted.hierarchies
    rest = np.ones(counted.lines.height, dtype=bool)
    steps: list[Step] = []
    refusal: Exception | None = None
    for number in count() if most is None else range(most):
        if not rest.any():
            break
        data = counted.combined(hierarchies, raised(counted.hierarchies, leaves, base), pl.Series(rest))
        try:
            found = find(data, hierarchies, number)
        except (NoSolutionError, PrivacyModelError) as error:
            refusal = refusal or error
            if fixed is None:
                break
        else:
            steps.append(Step({name: base[name] + found.levels[name] for name in names}, dict(base), found))
            rest &= ~found.is_kept(steps[-1].keys(counted.hierarchies, leaves))
        if number == 0:
            base = dict(fixed[0] if fixed else steps[0].levels)
            hierarchies = tuple(_above(hierarchy, base[hierarchy.attribute]) for hierarchy in counted.hierarchies)
    if not steps:
        raise refusal or NoSolutionError("there is no row to generalize")
    explored, complete = sum(s.result.explored for s in steps), all(s.result.complete for s in steps)
    return Chosen(tuple(steps), steps[0].result.score, explored, complete, fixed is None, fixed)


def _above(hierarchy: Hierarchy, level: int) -> Hierarchy:
    """The hierarchy over the values of a level; itself at its leaves, also where nothing is above them."""
    return hierarchy if level == 0 else hierarchy.above(level)


def _metric(search: SearchRule) -> Metric:
    if search.metric not in METRICS:
        raise GeneralizationSearchError(f"unknown metric; known: {', '.join(METRICS)}")
    return search.metric
