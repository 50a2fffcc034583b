"""Column lineage of each hop, derived from the contract alone (OpenLineage facet `columnLineage` 1-2-0).

A hop is described without looking at data, so the same contract always gives the same lineage. `masking` is true
wherever the value that leaves can not be read as the value that came: pseudonymised, redacted, reduced to a commune,
generalised or aggregated. What decides *which* rows leave without being copied (coverage, grouping, ordering,
suppression) is INDIRECT, and stands once for the whole dataset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from policies.contract import Column, Contract, Measure, ReleasedColumn, ReleaseRule, Technique
from policies.tabulated import STATUS_NOTE

_TECHNIQUES: dict[Technique, tuple[str, bool, str]] = {
    Technique.KEEP: ("IDENTITY", False, "conservée telle quelle"),
    Technique.PSEUDONYMIZE: ("TRANSFORMATION", True, "remplacée par un pseudonyme à sens unique"),
    Technique.REDACT: ("TRANSFORMATION", True, "texte libre caviardé"),
    Technique.COMMUNE: ("TRANSFORMATION", True, "adresse réduite au code de sa commune"),
}
_GENERALIZATIONS = {  # in a reader's words; one we do not know is named as the contract names it
    "day": "réduite au jour",
    "week": "réduite à la semaine",
    "month": "réduite au mois",
    "year": "réduite à l'année",
    "hour": "réduite à l'heure",
    "weekday": "réduite au jour de la semaine",
    "delay_days": "réduite à une durée en jours entiers",
    "delay_band": "réduite à une tranche de durée",
    "band": "réduite à une tranche",
    "grid_200m": "réduite au carreau de 200 m",
    "grid_200m_latitude": "réduite au centre du carreau de 200 m",
    "grid_200m_longitude": "réduite au centre du carreau de 200 m",
    "commune": "réduite à la commune",
    "prefix": "réduite au début du code",
    "listed": "réduite à sa catégorie",
    "commune_name": "réduite au nom de la commune",
}
_FUNCTIONS = {
    "sum": "additionnée par cellule",
    "mean": "moyenne par cellule",
    "median": "médiane par cellule",
    "units": "comptée par cellule, une fois par unité protégée",
    "rows": "comptée par cellule",
}


@dataclass(frozen=True, slots=True)
class Dependency:
    """One source column and what is done to it on the way."""

    column: str
    kind: Literal["DIRECT", "INDIRECT"]
    subtype: str  # IDENTITY, TRANSFORMATION, AGGREGATION; FILTER, GROUP_BY, SORT, JOIN
    masking: bool
    description: str  # French


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a dataset, as its schema facet shows it."""

    name: str
    type: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Hop:
    """Columns of one output explained by columns of one input."""

    fields: Mapping[str, tuple[Dependency, ...]]
    dataset: tuple[Dependency, ...] = ()


def feed_fields(contract: Contract) -> tuple[Field, ...]:
    """The operator's columns, under the operator's names; the same in landing."""
    return tuple(Field(c.physical_name, c.logical_type, c.description) for c in contract.columns)


def trusted_fields(contract: Contract) -> tuple[Field, ...]:
    """The columns the trusted zone keeps, in any form."""
    return tuple(Field(c.name, _trusted_type(c), c.description) for c in contract.columns if c.stored)


def released_fields(contract: Contract) -> tuple[Field, ...]:
    """The published columns, then the figures of an aggregate."""
    columns = [Field(c.name, c.logical_type, c.description) for c in contract.release.columns]
    figures = [Field(m.name, _measure_type(m), m.description) for m in contract.release.measures]
    status = [Field(contract.release.status, "string", STATUS_NOTE)] if contract.release.status else []
    return tuple(columns + figures + status)


def collected(contract: Contract) -> Hop:
    """Feed to landing: byte for byte, sealed."""
    return Hop(
        {
            c.physical_name: (Dependency(c.physical_name, "DIRECT", "IDENTITY", False, "reçue telle quelle, scellée"),)
            for c in contract.columns
        }
    )


def deidentified(contract: Contract) -> Hop:
    """Landing to trusted: the technique of each column; coverage, period and key as indirect reasons."""
    fields = {c.name: (_treated(c),) for c in contract.columns if c.stored}
    indirect = []
    if contract.coverage is not None:
        column = contract.column(contract.coverage.column)
        indirect.append(
            Dependency(column.physical_name, "INDIRECT", "FILTER", True, "seules les lignes couvertes sont gardées")
        )
    event_time = contract.column(contract.event_time)
    indirect.append(
        Dependency(event_time.physical_name, "INDIRECT", "FILTER", False, "répartit les lignes par période")
    )
    for name in contract.key:
        column = contract.column(name)
        masking = column.privacy.technique is not Technique.KEEP
        indirect.append(
            Dependency(column.physical_name, "INDIRECT", "SORT", masking, "une ligne par clé, la plus récente")
        )
    return Hop(fields, tuple(indirect))


def anonymized(contract: Contract) -> Hop:
    """Trusted to candidate: the generalisation of each column, the aggregation of each figure."""
    release = contract.release
    fields = {column.name: _regrouped(_generalized(column), column, release) for column in release.columns}
    fields |= {measure.name: _measured(measure, contract) for measure in release.measures}
    if release.status and contract.protection_unit:
        told = "dit si la cellule est publiée ou secrète"
        unit = contract.protection_unit.column
        fields[release.status] = (Dependency(unit, "INDIRECT", "CONDITIONAL", True, told),)
    return Hop(fields, _released_rows(contract))


def promoted(contract: Contract) -> Hop:
    """Candidate to open: the same columns."""
    names = [field.name for field in released_fields(contract)]
    return Hop({name: (Dependency(name, "DIRECT", "IDENTITY", False, "publiée telle quelle"),) for name in names})


def _trusted_type(column: Column) -> str:
    pseudonym = column.privacy.technique is Technique.PSEUDONYMIZE
    return "fixed_size_binary(16)" if pseudonym else column.logical_type


def _measure_type(measure: Measure) -> str:
    return "integer" if measure.function in ("units", "rows") else "number"


def _treated(column: Column) -> Dependency:
    subtype, masking, description = _TECHNIQUES[column.privacy.technique]
    if column.privacy.domain is not None:
        description = f"{description} (domaine {column.privacy.domain})"
    return Dependency(column.physical_name, "DIRECT", subtype, masking, description)


def _generalized(column: ReleasedColumn) -> tuple[Dependency, ...]:
    if column.generalization == "identity":
        return tuple(
            Dependency(source, "DIRECT", "IDENTITY", False, "reprise telle quelle") for source in column.sources
        )
    description = _GENERALIZATIONS.get(column.generalization, f"généralisée ({column.generalization})")
    return tuple(Dependency(source, "DIRECT", "TRANSFORMATION", True, description) for source in column.sources)


def _regrouped(made: tuple[Dependency, ...], column: ReleasedColumn, release: ReleaseRule) -> tuple[Dependency, ...]:
    """The same, where the column may be made coarser by the search of its release."""
    if release.search is None or release.search.hierarchy(column.derived_from or column.name) is None:
        return made
    said = "regroupée au besoin"
    return tuple(
        replace(
            one,
            subtype="TRANSFORMATION",
            masking=True,
            description=said if one.subtype == "IDENTITY" else f"{one.description}, puis {said}",
        )
        for one in made
    )


def _measured(measure: Measure, contract: Contract) -> tuple[Dependency, ...]:
    unit = contract.protection_unit
    if measure.column is not None:
        sources: tuple[str, ...] = (measure.column,)
    elif measure.function == "units" and unit is not None:
        sources = (unit.column,)
    else:
        sources = contract.key
    description = _FUNCTIONS[measure.function]
    return tuple(Dependency(source, "DIRECT", "AGGREGATION", True, description) for source in sources)


def _released_rows(contract: Contract) -> tuple[Dependency, ...]:
    """Which trusted columns decide what rows or cells leave."""
    release, unit = contract.release, contract.protection_unit
    found: list[Dependency] = []
    if release.kind in ("aggregate", "protected_table", "noisy_table"):
        names = dict.fromkeys(source for column in release.columns for source in column.sources)
        found += [Dependency(name, "INDIRECT", "GROUP_BY", True, "regroupe les lignes en cellules") for name in names]
    if release.kind == "records":
        quasi = (column for column in release.columns if column.quasi_identifier)
        names = dict.fromkeys(source for column in quasi for source in column.sources)
        found += [
            Dependency(name, "INDIRECT", "FILTER", True, "les classes trop petites sont supprimées") for name in names
        ]
    if unit is not None and release.kind != "as_is":
        found.append(
            Dependency(unit.column, "INDIRECT", "FILTER", True, "unité protégée : compte et supprime sous le seuil")
        )
    return tuple(found)
