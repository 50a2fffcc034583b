"""Which classes of a node satisfy the models: the search's own arithmetic, by column.

`anonymization.models.check` measures the same models on the published table with other code; nothing is shared with it.

Monotone means: a class that gathers classes of which one or more satisfy the model satisfies it too, so that going up
the lattice never suppresses a row that was kept. It holds for k-anonymity, k-map and maximum risk always; for distinct
l-diversity and average risk while no unit has several lines; for the others only where, besides, nothing may be
suppressed (then all classes gathered satisfy it, and the model is convex).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, log

import numpy as np
from numpy.typing import NDArray

from anonymization.errors import GeneralizationSearchError, PrivacyModelError, TooFewError
from anonymization.lattice.combinations import count_combinations
from anonymization.lattice.grouping import Base, Booleans, Integers, Lines, RollUp
from anonymization.models.definitions import (
    DIVERSITY,
    AverageRisk,
    DeltaPresence,
    DistinctLDiversity,
    Diversity,
    EntropyLDiversity,
    KAnonymity,
    KMap,
    MaximumRisk,
    PrivacyModel,
    RecursiveCLDiversity,
    TCloseness,
    check_consistent,
    sensitive_of,
)

Floats = NDArray[np.float64]
_HISTOGRAM_CELLS = 4_000_000  # held at once: 32 MB
SLACK = 1e-9  # of comparisons between computed reals


@dataclass(frozen=True, slots=True)
class Classes:
    """Classes of one node: their combinations (keys), rows and units, and where their lines start."""

    key: Integers
    starts: Integers
    rows: Integers
    units: Integers
    lines: Lines


def classes_of(base: Base, lines: Lines) -> Classes:
    """Gather lines into classes."""
    if base.low_bits == 0:
        return Classes(lines.key, np.arange(len(lines.key)), lines.rows, lines.units, lines)
    combination = lines.key >> base.low_bits
    starts = np.flatnonzero(np.concatenate(([True], combination[1:] != combination[:-1])))
    rows = np.add.reduceat(lines.rows, starts)
    if base.repeated is None:
        units = rows if lines.units is lines.rows else np.add.reduceat(lines.units, starts)
        return Classes(combination[starts], starts, rows, units, lines)
    firsts = _first_of_unit(base.repeated.of(lines.key), combination)
    units = np.add.reduceat(lines.units + firsts, starts)
    return Classes(combination[starts], starts, rows, units, lines)


def _first_of_unit(repeated: Integers, combination: Integers) -> Booleans:
    """Lines where a unit with several lines is met for the first time in its class."""
    changed = (repeated[1:] != repeated[:-1]) | (combination[1:] != combination[:-1])
    return np.asarray((repeated > 0) & np.concatenate(([True], changed)))


@dataclass(frozen=True, slots=True)
class Population:
    """Population of a model, counted over the same leaves."""

    model: KMap | DeltaPresence
    roll_up: RollUp


class Requirements:
    """The models of one search, ready to be evaluated on any node."""

    def __init__(self, base: Base, models: Sequence[PrivacyModel], suppression_limit: float, default: str | None):
        check_consistent(models)
        self._base = base
        self._models = models
        self._sensitive = {id(m): sensitive_of(m, default) for m in models if isinstance(m, DIVERSITY)}
        self._populations = [_population(base, m) for m in models if isinstance(m, (KMap, DeltaPresence))]
        self.k = max([1, *(m.k for m in models if isinstance(m, KAnonymity))])
        self.floor = max([self.k, *(ceil(1 / m.p - SLACK) for m in models if isinstance(m, MaximumRisk))])
        if self.floor > base.total_units:
            raise TooFewError(f"KAnonymity: k is {self.floor} and the data has {base.total_units} units")
        self._check_values()
        self._gathers = base.repeated is not None
        self._whole = suppression_limit == 0
        self.monotone = all(self._is_monotone(model) for model in models)

    def _is_monotone(self, model: PrivacyModel) -> bool:
        if isinstance(model, (KAnonymity, KMap, MaximumRisk)):
            return True
        if isinstance(model, (DistinctLDiversity, AverageRisk)):
            return not self._gathers
        return self._whole and not self._gathers

    def _check_values(self) -> None:
        for model in self._models:
            if isinstance(model, (DistinctLDiversity, EntropyLDiversity, RecursiveCLDiversity)):
                name = self._sensitive[id(model)]
                if model.l > len(self._base.sensitive_values[name]):
                    raise TooFewError(f"{type(model).__name__}: « {name} » has fewer than l distinct values")

    def kept(self, classes: Classes) -> tuple[Booleans, Booleans]:
        """Which classes satisfy every model, and which satisfy those that are monotone class by class (no fewer)."""
        surely = classes.units >= self.floor
        for population in self._populations:
            if isinstance(population.model, KMap):
                surely &= _population_sizes(population, classes) >= population.model.k
        for model in self._models:
            if isinstance(model, DistinctLDiversity) and self._is_monotone(model):
                surely &= self._diverse(model, classes, surely)
        others = [model for model in self._models if not self._is_monotone_by_class(model)]
        kept, before = surely, -1
        while others and int(kept.sum()) != before:
            before = int(kept.sum())
            for model in others:
                kept = self._narrowed(model, classes, kept)
        return kept, surely

    def _is_monotone_by_class(self, model: PrivacyModel) -> bool:
        """Whether, besides, what is suppressed at a node is a part of what is suppressed under it."""
        return isinstance(model, (KAnonymity, KMap, MaximumRisk, DistinctLDiversity)) and self._is_monotone(model)

    def _narrowed(self, model: PrivacyModel, classes: Classes, kept: Booleans) -> Booleans:
        """Those of `kept` that the model allows, given that only they are published."""
        if isinstance(model, DIVERSITY):
            return kept & self._diverse(model, classes, kept)
        if isinstance(model, DeltaPresence):
            population = next(p for p in self._populations if p.model is model)
            return _present(population, classes, kept)
        if isinstance(model, AverageRisk):
            return _rare_first(classes, kept, model.p)
        return kept

    def _diverse(self, model: Diversity, classes: Classes, kept: Booleans) -> Booleans:
        """Which of the kept classes satisfy a model of the sensitive attribute."""
        name = self._sensitive[id(model)]
        result = np.zeros(len(classes.key), dtype=bool)
        whole = np.zeros(len(self._base.sensitive_values[name]))
        if isinstance(model, TCloseness):
            for _, counts in self._histograms(name, classes, kept):
                whole += counts.sum(axis=0)
        for places, counts in self._histograms(name, classes, kept):
            result[places] = _satisfies(model, counts, whole, self._base.sensitive_values[name])
        return result

    def _histograms(self, name: str, classes: Classes, kept: Booleans) -> Iterator[tuple[Integers, Floats]]:
        """Units per sensitive value of the kept classes, a block of classes at a time."""
        base, lines = self._base, classes.lines
        codes, weights = base.sensitive[name].of(lines.key), lines.units
        if base.repeated is not None:
            repeated, combination = base.repeated.of(lines.key), lines.key >> base.low_bits
            firsts = _first_of_unit(repeated, combination)
            starts = np.flatnonzero(firsts | (repeated == 0))
            codes[starts] = np.minimum.reduceat(codes, starts)
            weights = weights + firsts
        width = len(base.sensitive_values[name])
        of_class = np.repeat(np.arange(len(classes.key)), np.diff(np.append(classes.starts, len(lines.key))))
        places = np.flatnonzero(kept)
        step = max(1, _HISTOGRAM_CELLS // width)
        for start in range(0, len(places), step):
            block = places[start : start + step]
            number = np.full(len(classes.key), -1)
            number[block] = np.arange(len(block))
            chosen = number[of_class]
            inside = chosen >= 0
            cells = chosen[inside] * width + codes[inside]
            counts = np.bincount(cells, weights=weights[inside], minlength=len(block) * width)
            yield block, counts.reshape(len(block), width).astype(np.float64)


def _satisfies(model: Diversity, counts: Floats, whole: Floats, values: list[object]) -> Booleans:
    totals = counts.sum(axis=1)
    safe = np.maximum(totals, 1)[:, None]
    if isinstance(model, DistinctLDiversity):
        return np.asarray((counts > 0).sum(axis=1) >= model.l)
    if isinstance(model, EntropyLDiversity):
        shares = counts / safe
        entropy = -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=1)
        return np.asarray((entropy >= log(model.l) - SLACK) & (totals > 0))
    if isinstance(model, RecursiveCLDiversity):
        descending = -np.sort(-counts, axis=1)
        return np.asarray(descending[:, 0] < model.c * descending[:, model.l - 1 :].sum(axis=1))
    shares = counts / safe - whole / max(whole.sum(), 1)
    return np.asarray((_distances(model, shares, whole, values) <= model.t + SLACK) & (totals > 0))


def _distances(model: TCloseness, differences: Floats, whole: Floats, values: list[object]) -> Floats:
    """Earth mover's distance of each row of differences (class minus whole)."""
    if model.distance == "equal":
        return np.asarray(np.abs(differences).sum(axis=1) / 2)
    if model.distance == "ordered":
        seen = whole > 0
        steps = np.abs(np.cumsum(differences[:, seen], axis=1)).sum(axis=1)
        return np.asarray(steps / max(int(seen.sum()) - 1, 1))
    tree = model.hierarchy
    if tree is None:
        raise PrivacyModelError("TCloseness: the hierarchical distance needs a hierarchy")
    moved = np.zeros(len(differences))
    leaves = np.zeros((len(differences), tree.leaves))
    leaves[:, tree.leaf_codes(values)] = differences
    for level in range(1, tree.height + 1):
        children, parents = _gathered(leaves, tree.codes[level - 1]), _parents(tree.codes, level)
        gain = _gathered(np.maximum(children, 0), parents)
        lack = _gathered(np.maximum(-children, 0), parents)
        moved += level / tree.height * np.minimum(gain, lack).sum(axis=1)
    return moved


def _gathered(columns: Floats, groups: Integers) -> Floats:
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    return np.asarray(np.add.reduceat(columns[:, order], starts, axis=1))


def _parents(codes: tuple[Integers, ...], level: int) -> Integers:
    """Value at `level` above each value of the level below."""
    parents = np.zeros(int(codes[level - 1].max()) + 1, dtype=np.int64)
    parents[codes[level - 1]] = codes[level]
    return parents


def _population(base: Base, model: KMap | DeltaPresence) -> Population:
    counted = count_combinations(model.population, base.layout.hierarchies)
    return Population(model, RollUp(Base.of(counted)))


def _population_sizes(population: Population, classes: Classes) -> Integers:
    """How many members of the population match each class."""
    lines = population.roll_up.lines(classes.lines.levels)
    places = np.minimum(np.searchsorted(lines.key, classes.key), len(lines.key) - 1)
    return np.where(lines.key[places] == classes.key, lines.rows[places], 0)


def _present(population: Population, classes: Classes, kept: Booleans) -> Booleans:
    model = population.model
    if isinstance(model, KMap):
        raise GeneralizationSearchError("presence is a matter of delta-presence")
    sizes = _population_sizes(population, classes)
    if (sizes < classes.units).any():
        raise PrivacyModelError("DeltaPresence: the population must hold everyone that the data does")
    share = classes.units / np.maximum(sizes, 1)
    allowed = kept & (share <= model.maximum + SLACK) & (share >= model.minimum - SLACK)
    everyone = len(population.roll_up.lines(classes.lines.levels).key)
    if model.minimum > SLACK and int(allowed.sum()) < everyone:  # an absent combination has presence 0
        return np.zeros_like(kept)
    return np.asarray(allowed)


def _rare_first(classes: Classes, kept: Booleans, limit: float) -> Booleans:
    """Remove the smallest classes until the average risk of those left is within the limit."""
    order = np.flatnonzero(kept)
    order = order[np.lexsort((classes.key[order], classes.units[order]))]
    units = classes.units[order]
    left = np.cumsum(units[::-1])[::-1]
    risks = np.arange(len(order), 0, -1) / np.maximum(left, 1)
    fine = np.flatnonzero(risks <= limit + SLACK)
    narrowed = np.zeros_like(kept)
    if len(fine):
        narrowed[order[fine[0] :]] = True
    return narrowed
