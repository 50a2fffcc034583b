"""From a contract's words to the room's own hierarchies and models.

A hierarchy of a grid, of prefixes or of intervals has the values that occur as its leaves, in the order of their texts,
so that it does not depend on the order of rows; one from a file has the file's. A missing value stays missing at the
leaves and is « absent » above. A quasi-identifier without a hierarchy has its values and nothing above: it is published
as it is or its row is suppressed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from anonymization.errors import PrivacyModelError, ReleaseRuleError
from anonymization.hierarchies import (
    Hierarchy,
    from_csv,
    from_grid,
    from_intervals,
    from_iris,
    from_prefixes,
    from_tree,
)
from anonymization.hierarchies.hierarchy import text_of
from anonymization.models import (
    AverageRisk,
    DeltaPresence,
    DistinctLDiversity,
    EntropyLDiversity,
    KAnonymity,
    KMap,
    MaximumRisk,
    RecursiveCLDiversity,
    TCloseness,
)
from anonymization.models.definitions import PrivacyModel
from policies.contract import ReleasedColumn, ReleaseRule
from policies.generalized import HierarchyRule, ModelRule, SearchRule
from policies.hierarchy_files import COUNT

MISSING = "absent"


def is_searched(rule: ReleaseRule) -> bool:
    """Whether a rule asks for a search under models."""
    return rule.kind == "records" and rule.search is not None and bool(rule.search.models)


def search_of(rule: ReleaseRule) -> SearchRule:
    """The search that a rule asks for.

    Raises:
        ReleaseRuleError: it asks for none.
    """
    if rule.search is None or not rule.search.models:
        raise ReleaseRuleError("a release is generalized under models: name them in the contract")
    return rule.search


def quasi_identifiers(rule: ReleaseRule) -> list[ReleasedColumn]:
    """The published quasi-identifiers, in order.

    Raises:
        ReleaseRuleError: there is none.
    """
    found = [column for column in rule.columns if column.quasi_identifier]
    if not found:
        raise ReleaseRuleError("models are about quasi-identifiers, and no published column is one")
    return found


def leaf_column(column: ReleasedColumn, rule: HierarchyRule | None) -> ReleasedColumn:
    """The column as its leaves are made: numbers or dates where intervals are cut, else as published."""
    if rule is None or rule.kind != "intervals":
        return column
    return replace(column, logical_type="date" if isinstance(rule.edges[0][0], date) else "number")


def hierarchy_of(column: str, rule: HierarchyRule | None, leaves: Iterable[Any]) -> Hierarchy:
    """Build the hierarchy of one published column over the values that occur.

    Raises:
        HierarchyError: they do not make one.
    """
    values = sorted(leaves, key=lambda value: (value is not None, text_of(value) or ""))
    if rule is None:
        return _flat(column, values)
    if rule.kind == "csv":
        return from_csv(column, rule.content + "\n")
    if rule.kind == "tree":
        return from_tree(column, rule.content)
    if rule.kind == "intervals":
        edges: Any = rule.edges
        bounds: Any = rule.bounds
        return from_intervals(column, values, edges, bounds, rule.root, MISSING)
    known = [value for value in values if value is not None]
    if not known:
        return Hierarchy.from_levels(column, [[None], [rule.root]])
    made = _of_codes(column, rule, known)
    return made if len(known) == len(values) else _with_missing(made)


def _of_codes(column: str, rule: HierarchyRule, known: list[Any]) -> Hierarchy:
    if rule.kind == "prefixes":
        return from_prefixes(column, known, rule.lengths, rule.root)
    if rule.kind == "grid":
        return from_grid(column, known, rule.sizes, rule.root)
    return from_iris(column, known, rule.root)


def _flat(column: str, values: Sequence[Any]) -> Hierarchy:
    """Values, and no level above them."""
    texts = tuple(text_of(value) for value in values)
    index = {text: place for place, text in enumerate(texts)}
    return Hierarchy(column, (texts,), (np.arange(len(texts), dtype=np.int64),), index)


def _with_missing(made: Hierarchy) -> Hierarchy:
    levels: list[list[object]] = [[None, *made.labels[0]]]
    for level in range(1, made.height + 1):
        first = made.labels[level][0] if level == made.height else MISSING
        levels.append([first, *(made.labels[level][code] for code in made.codes[level])])
    return Hierarchy.from_levels(made.attribute, levels)


def models_of(rule: ReleaseRule) -> list[PrivacyModel]:
    """The models a rule names.

    Raises:
        PrivacyModelError: parameters that make no model.
    """
    names = [column.name for column in quasi_identifiers(rule)]
    return [_model(one, names) for one in search_of(rule).models]


def _model(rule: ModelRule, names: list[str]) -> PrivacyModel:
    given: dict[str, Any] = {
        name: getattr(rule, name)
        for name in ("k", "l", "c", "t", "p", "distance", "sensitive", "minimum", "maximum")
        if getattr(rule, name) is not None
    }
    if rule.model in ("distinct_l_diversity", "recursive_c_l_diversity"):
        given["l"] = int(given["l"])
    if rule.distance == "hierarchical":
        given["hierarchy"] = from_tree(str(rule.sensitive), rule.content)
    if rule.population is not None:
        given["population"] = _population(rule, names)
    try:
        made: PrivacyModel = _MODELS[rule.model](**given)
    except (KeyError, TypeError):
        raise PrivacyModelError(f"{rule.model}: unknown, or without the parameters it needs") from None
    return made


_MODELS: dict[str, Any] = {
    "k_anonymity": KAnonymity,
    "distinct_l_diversity": DistinctLDiversity,
    "entropy_l_diversity": EntropyLDiversity,
    "recursive_c_l_diversity": RecursiveCLDiversity,
    "t_closeness": TCloseness,
    "k_map": KMap,
    "delta_presence": DeltaPresence,
    "maximum_risk": MaximumRisk,
    "average_risk": AverageRisk,
}


def _population(rule: ModelRule, names: list[str]) -> pa.Table:
    """One row a member, from a file that says how many each line stands for."""
    separator = ";" if ";" in rule.content.split("\n", 1)[0] else ","
    lines = list(csv.DictReader(rule.content.splitlines(), delimiter=separator))
    places = pa.array(np.repeat(np.arange(len(lines)), [int(line[COUNT]) for line in lines]))
    return pa.table(
        {name: pa.array([line[name] or None for line in lines], pa.string()).take(places) for name in names}
    )
