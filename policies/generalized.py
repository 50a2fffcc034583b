"""What a contract asks of a search for the best generalization: models, hierarchies, and for how long levels stay.

Pure data, as written by the steward and found sound by :mod:`policies.generalized_rules`. Files of the territory's
folder are held here by content, so that what a contract's digest covers is what a release is made with. The
anonymization room turns these into its own hierarchies and models, and checks them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from types import MappingProxyType
from typing import Literal

HierarchyKind = Literal["csv", "tree", "intervals", "prefixes", "grid", "iris"]

PARAMETERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "k_anonymity": ("k",),
        "distinct_l_diversity": ("l", "sensitive"),
        "entropy_l_diversity": ("l", "sensitive"),
        "recursive_c_l_diversity": ("c", "l", "sensitive"),
        "t_closeness": ("t", "distance", "sensitive"),
        "k_map": ("k", "population"),
        "delta_presence": ("minimum", "maximum", "population"),
        "maximum_risk": ("p",),
        "average_risk": ("p",),
    }
)
"""The models a contract may name, and what each needs (`tree`, besides, with a hierarchical distance)."""

CLASS_BY_CLASS = frozenset(
    {"k_anonymity", "distinct_l_diversity", "entropy_l_diversity", "recursive_c_l_diversity", "maximum_risk"}
)
"""The models that hold class by class, the only ones that local recoding keeps."""

METRICS = ("loss", "entropy", "discernibility", "average_class_size", "height", "precision")
WEIGHTED_METRICS = frozenset({"loss", "entropy", "height", "precision"})


@dataclass(frozen=True, slots=True)
class ModelRule:
    """One privacy model; only the parameters of :data:`PARAMETERS` are set. Files are held by content."""

    model: str
    k: int | None = None
    l: float | None = None  # noqa: E741 (the model's own name)
    c: float | None = None
    t: float | None = None
    p: float | None = None
    distance: Literal["equal", "ordered", "hierarchical"] | None = None
    sensitive: str | None = None  # a published column
    minimum: float | None = None
    maximum: float | None = None
    population: str | None = None  # name of a CSV file of the territory's folder
    tree: str | None = None  # name of a YAML file of the territory's folder, with a hierarchical distance
    content: str = field(default="", repr=False)  # of that population or tree


@dataclass(frozen=True, slots=True)
class HierarchyRule:
    """How one published quasi-identifier may be made coarser."""

    column: str
    kind: HierarchyKind
    file: str | None = None  # csv, tree: its name in the territory's folder
    lengths: tuple[int, ...] = ()  # prefixes, longest first
    sizes: tuple[int, ...] = ()  # grid: metres, finest first, each a multiple of the one before
    edges: tuple[tuple[object, ...], ...] = ()  # intervals: numbers or dates, a list a level, finest first
    bounds: tuple[object, object] | None = None  # intervals: bottom and top coding
    root: str = "*"
    content: str = field(default="", repr=False)  # csv, tree


@dataclass(frozen=True, slots=True)
class SearchRule:
    """What is searched. Quasi-identifiers without a hierarchy are published as they are, or their rows suppressed."""

    models: tuple[ModelRule, ...]
    hierarchies: tuple[HierarchyRule, ...] = ()
    metric: str = "loss"
    weights: Mapping[str, float] = field(default_factory=dict)
    local_recoding: bool = False
    levels_fixed_months: int | None = None  # levels are chosen once in so many calendar months

    @property
    def smallest_class(self) -> int | None:
        """The k that the models amount to; None if none of them bounds the size of a class."""
        sizes = [rule.k for rule in self.models if rule.model == "k_anonymity" and rule.k]
        sizes += [ceil(1 / rule.p - 1e-9) for rule in self.models if rule.model == "maximum_risk" and rule.p]
        return max(sizes, default=None)

    @property
    def sensitive(self) -> tuple[str, ...]:
        """The published columns that models are about, without repetition."""
        return tuple(dict.fromkeys(rule.sensitive for rule in self.models if rule.sensitive))

    def hierarchy(self, column: str) -> HierarchyRule | None:
        """The hierarchy of a published column, if it has one."""
        return next((rule for rule in self.hierarchies if rule.column == column), None)

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """Name and content of every file it rests on."""
        held = [(rule.file, rule.content) for rule in self.hierarchies if rule.file]
        held += [(name, rule.content) for rule in self.models if (name := rule.population or rule.tree)]
        return tuple(held)
