"""The privacy models, with their parameters and nothing else.

All count protection units: a class's size is its distinct units, and a unit that carries several sensitive values in
one class counts once, for the first of them in order (so that one unit's many rows can not pass for diversity; missing
values come first). Sources:

* k-anonymity: Sweeney, *k-anonymity: a model for protecting privacy*, IJUFKS 10(5), 2002.
* k-map: Sweeney, *Computational disclosure control*, MIT, 2001.
* l-diversity (distinct, entropy, recursive): Machanavajjhala et al., *l-Diversity*, ACM TKDD 1(1), 2007, section 4.
* t-closeness and its three distances: Li, Li, Venkatasubramanian, *t-Closeness*, ICDE 2007, sections 3 and 4.
* delta-presence: Nergiz, Atzori, Clifton, *Hiding the presence of individuals from shared databases*, SIGMOD 2007.
* maximum and average (prosecutor) risk: El Emam, *Guide to the de-identification of personal health information*, 2013.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal

import pyarrow as pa

from anonymization.errors import PrivacyModelError
from anonymization.hierarchies import Hierarchy

Distance = Literal["equal", "ordered", "hierarchical"]


def _need(model: object, holds: bool, rule: str) -> None:
    if not holds:
        raise PrivacyModelError(f"{type(model).__name__}: {rule}")


def _is_count(number: object, least: int) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number >= least


@dataclass(frozen=True, slots=True)
class KAnonymity:
    """Every class has at least k units."""

    k: int

    def __post_init__(self) -> None:
        _need(self, _is_count(self.k, 1), "k must be a whole number, at least 1")


@dataclass(frozen=True, slots=True)
class DistinctLDiversity:
    """Every class holds at least l distinct values of the sensitive attribute."""

    l: int  # noqa: E741 (the model's own name)
    sensitive: str | None = None

    def __post_init__(self) -> None:
        _need(self, _is_count(self.l, 1), "l must be a whole number, at least 1")


@dataclass(frozen=True, slots=True)
class EntropyLDiversity:
    """In every class the entropy of the sensitive attribute is at least log(l)."""

    l: float  # noqa: E741
    sensitive: str | None = None

    def __post_init__(self) -> None:
        _need(self, isfinite(self.l) and self.l >= 1, "l must be at least 1")


@dataclass(frozen=True, slots=True)
class RecursiveCLDiversity:
    """In every class r1 < c (r_l + ... + r_m), r being the counts of sensitive values in descending order."""

    c: float
    l: int  # noqa: E741
    sensitive: str | None = None

    def __post_init__(self) -> None:
        _need(self, isfinite(self.c) and self.c > 0, "c must be positive")
        _need(self, _is_count(self.l, 1), "l must be a whole number, at least 1")


@dataclass(frozen=True, slots=True)
class TCloseness:
    """In every class the sensitive attribute is distributed within t (earth mover's distance) of the released table.

    `equal`: any two values are at distance 1. `ordered`: neighbours in the order of the values that occur are at
    1/(m - 1). `hierarchical`: the height of the lowest common ancestor in `hierarchy`, over the hierarchy's height.
    """

    t: float
    distance: Distance = "equal"
    sensitive: str | None = None
    hierarchy: Hierarchy | None = None

    def __post_init__(self) -> None:
        _need(self, isfinite(self.t) and 0 <= self.t <= 1, "t must be between 0 and 1")
        _need(self, self.distance in ("equal", "ordered", "hierarchical"), "distance is unknown")
        _need(self, (self.distance == "hierarchical") == (self.hierarchy is not None), "only hierarchical has a tree")


@dataclass(frozen=True, slots=True)
class KMap:
    """Every class matches at least k members of the population (one row per unit, at the leaves)."""

    k: int
    population: pa.Table

    def __post_init__(self) -> None:
        _need(self, _is_count(self.k, 1), "k must be a whole number, at least 1")


@dataclass(frozen=True, slots=True)
class DeltaPresence:
    """For every combination of the population, the share of its members in the table is within [minimum, maximum]."""

    minimum: float
    maximum: float
    population: pa.Table

    def __post_init__(self) -> None:
        _need(self, 0 <= self.minimum <= self.maximum <= 1, "0 <= minimum <= maximum <= 1 must hold")


@dataclass(frozen=True, slots=True)
class MaximumRisk:
    """The highest prosecutor risk, one over the smallest class, is at most p."""

    p: float

    def __post_init__(self) -> None:
        _need(self, 0 < self.p <= 1, "p must be above 0, at most 1")


@dataclass(frozen=True, slots=True)
class AverageRisk:
    """The average prosecutor risk, classes over the units in them, is at most p."""

    p: float

    def __post_init__(self) -> None:
        _need(self, 0 < self.p <= 1, "p must be above 0, at most 1")


Diversity = DistinctLDiversity | EntropyLDiversity | RecursiveCLDiversity | TCloseness
PrivacyModel = Diversity | KAnonymity | KMap | DeltaPresence | MaximumRisk | AverageRisk
DIVERSITY = (DistinctLDiversity, EntropyLDiversity, RecursiveCLDiversity, TCloseness)
OF_POPULATION = (KMap, DeltaPresence)


def sensitive_of(model: Diversity, default: str | None) -> str:
    """The sensitive attribute a model is about.

    Raises:
        PrivacyModelError: none is named.
    """
    name = model.sensitive or default
    if name is None:
        raise PrivacyModelError(f"{type(model).__name__}: no sensitive attribute is named")
    return name


def check_consistent(models: Sequence[PrivacyModel]) -> None:
    """Refuse an empty list of models.

    Raises:
        PrivacyModelError: there is none.
    """
    if not models:
        raise PrivacyModelError("at least one privacy model is needed")
