"""From a contract's words to the room's own hierarchies and models.

A hierarchy of a grid, of prefixes or of intervals has the values that occur as its leaves, in the order of their texts,
so that it does not depend on the order of rows; one from a file has the file's. A missing value stays missing at the
leaves and is « absent » above. A quasi-identifier without a hierarchy has its values and nothing above: it is published
as it is or its row is suppressed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymization.candidate import ARROW_TYPES
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
    if not known:  # as high as it would be with values, since levels may have been fixed over some
        between = {"prefixes": len(rule.lengths), "grid": len(rule.sizes), "iris": 1}[rule.kind]
        return Hierarchy.from_levels(column, [[None], *([MISSING] for _ in range(between)), [rule.root]])
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
    """The models a rule names, populations at the leaves.

    Raises:
        PrivacyModelError: parameters that make no model.
    """
    return [_model(one, rule) for one in search_of(rule).models]


def population_of(rule: ReleaseRule, levels: Mapping[str, int]) -> pa.Table | None:
    """The population that a model is about, generalized as a table at `levels` is; None where there is none."""
    search = search_of(rule)
    declared = next((one for one in search.models if one.population is not None), None)
    if declared is None:
        return None
    table, made = _population(declared, rule), {}
    for column in quasi_identifiers(rule):
        values, chosen = table[column.name], search.hierarchy(column.name)
        if chosen is None:
            made[column.name] = values.cast(ARROW_TYPES[column.logical_type])
            continue
        distinct = values.unique()
        texts = hierarchy_of(column.name, chosen, distinct.to_pylist()).generalized(
            distinct.to_pylist(), levels[column.name]
        )
        places = pc.index_in(values.combine_chunks(), distinct)
        made[column.name] = pa.array(texts, pa.string()).take(places)
    return pa.table(made)


def _model(rule: ModelRule, release: ReleaseRule) -> PrivacyModel:
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
        given["population"] = _population(rule, release)
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


def _population(rule: ModelRule, release: ReleaseRule) -> pa.Table:
    """One row a member, at the leaves, from a file that says how many each line stands for."""
    separator = ";" if ";" in rule.content.split("\n", 1)[0] else ","
    lines = list(csv.DictReader(rule.content.splitlines(), delimiter=separator))
    places = pa.array(np.repeat(np.arange(len(lines)), [int(line[COUNT]) for line in lines]))
    made = {}
    for column in quasi_identifiers(release):
        leaf = leaf_column(column, search_of(release).hierarchy(column.name))
        texts = pa.array([line[column.name] or None for line in lines], pa.string())
        made[column.name] = texts.cast(ARROW_TYPES[leaf.logical_type]).take(places)
    return pa.table(made)
