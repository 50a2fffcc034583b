"""Judges records: their models, the risk that is left, and every earlier release of the period."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pyarrow as pa

from anonymization.generalized import UNSOLVED, is_searched
from anonymization.generalized.attributes import models_of, population_of
from anonymization.models import KAnonymity
from anonymization.models.definitions import DeltaPresence, KMap, PrivacyModel
from anonymization.risk import EarlierRows, RecordsRisk, measure_records
from catalog.certificate_records import MODEL_NAMES
from pipeline.candidate import Candidate
from pipeline.earlier import UNITS_OF, Published, earlier_releases
from pipeline.hub import Hub
from pipeline.judging import Judgment
from policies.contract import Contract

_MIXED = "mixed"


def judge_records(hub: Hub, contract: Contract, period: str, candidate: Candidate) -> Judgment:
    """Judge a candidate of records. Without rows there is nothing to judge, and nothing will be published."""
    rule, made = contract.release, dict(candidate.details.get("records", {}))
    if made.get(UNSOLVED):
        return Judgment((_unsolved(contract, candidate),))
    if candidate.table.num_rows == 0 or candidate.evidence is None or contract.protection_unit is None:
        return Judgment()
    floor = max(rule.k or 0, hub.territory.strategy.minimum_k)
    keys = [column.name for column in rule.columns if column.quasi_identifier]
    if not keys:
        return Judgment()
    earlier, labels = _earlier(hub, contract, period, candidate, made)
    models, population = _models(contract, made)
    found = measure_records(
        candidate.table,
        labels,
        keys,
        models,
        floor,
        sensitive=rule.search.sensitive if rule.search else (),
        population=population,
        earlier=earlier,
        steps=made.get("steps"),
    )
    return _told(contract, candidate, made, found, keys, floor)


def _unsolved(contract: Contract, candidate: Candidate) -> str:
    """Why nothing of a period is published, where no generalization satisfies the models."""
    search, limit = contract.release.search, contract.release.suppression_limit
    models = ", ".join(MODEL_NAMES[rule.model] for rule in search.models) if search else "k-anonymat"
    names = ", ".join(f"« {column.name} »" for column in contract.release.columns if column.quasi_identifier)
    return (
        f"Cette période est trop petite pour les modèles du contrat ({models}) : même en regroupant tout ce que les "
        f"hiérarchies permettent ({names}), ils ne tiennent pas sur ses {candidate.counts.rows_in} ligne(s) sans en "
        f"retirer plus que la limite ({limit:.0%}). Rien n'en est publié et rien n'est perdu : elle sera jugée de "
        "nouveau quand d'autres lignes y arriveront, ou dès qu'on relancera sa diffusion sous un contrat révisé."
    )


def _models(contract: Contract, made: dict[str, Any]) -> tuple[list[PrivacyModel], pa.Table | None]:
    """The contract's models, and the population they are about, at the levels of the candidate."""
    rule = contract.release
    if not is_searched(rule):
        return ([KAnonymity(rule.k)] if rule.k else []), None
    population = population_of(rule, made["steps"][0]) if made.get("steps") else None
    models = [
        replace(model, population=population)
        if isinstance(model, (KMap, DeltaPresence)) and population is not None
        else model
        for model in models_of(rule)
    ]
    return models, population


def _earlier(
    hub: Hub, contract: Contract, period: str, candidate: Candidate, made: dict[str, Any]
) -> tuple[list[EarlierRows], pa.ChunkedArray]:
    """Earlier releases of the same columns, and the candidate's labels.

    Only releases made under models have labels that can be compared. Where some labels are of another epoch of
    pseudonyms, no unit is known: whatever row changed counts as one unit.
    """
    assert candidate.evidence is not None  # noqa: S101 (asked by the only caller)
    labels = candidate.evidence["unit"]
    found = [
        one
        for one in earlier_releases(hub, contract, period)
        if one.columns.equals(candidate.table.schema) and UNITS_OF in one.details.get("records", {})
    ]
    known = all(one.release.units == made.get(UNITS_OF) != _MIXED for one in found)
    rows = [_rows(one, known) for one in found]
    return rows, labels


def _rows(one: Published, known: bool) -> EarlierRows:
    tables, labels = zip(*one.release.parts(), strict=True)
    whole = pa.concat_tables(tables)
    units = pa.concat_tables(labels)["unit"]
    return EarlierRows(whole, units if known else None, one.details["records"].get("steps"))


def _told(
    contract: Contract, candidate: Candidate, made: dict[str, Any], found: RecordsRisk, keys: Iterable[str], floor: int
) -> Judgment:
    details = {
        **made,
        **found.details,
        "quasi_identifiers": list(keys),
        "floor": floor,
        "suppressed": candidate.counts.suppressed_rows,
        "asked": [_asked(rule) for rule in contract.release.search.models] if contract.release.search else [],
    }
    return Judgment(found.violations, found.remarks, found.numbers, {"records": details})


def _asked(rule: Any) -> dict[str, Any]:
    names = ("model", "k", "l", "c", "t", "p", "distance", "sensitive", "minimum", "maximum", "population")
    return {name: getattr(rule, name) for name in names if getattr(rule, name) is not None}
