"""What a release rule must not say: nothing published from what is not stored, or that tells who someone is."""

from __future__ import annotations

from collections.abc import Iterator

from policies.contract import Contract, PrivacyCategory, ReleasedColumn, Technique
from policies.errors import Finding
from policies.generalizations import SOURCES_TAKEN
from policies.odcs import Map
from policies.tabulated_rules import tabulated_contradictions

_NEEDS = {
    "as_is": set(),
    "records": {"k"},
    "aggregate": {"measures"},
    "protected_table": {"measures", "minimumUnits", "table"},
    "noisy_table": {"measures", "noise"},
}
_ALLOWS = {
    "as_is": set(),
    "records": {"k"},
    "aggregate": {"measures", "minimumUnits", "dominance"},
    "protected_table": {"measures", "minimumUnits", "dominance", "table"},
    "noisy_table": {"measures", "noise"},
}


def release_contradictions(contract: Contract, where: Map) -> Iterator[Finding]:
    """What makes the release rule impossible to apply, or unsafe whatever the strategy."""
    yield from _kind(contract, where)
    for number, column in enumerate(contract.release.columns):
        for rule, sentence in _column(contract, column):
            yield where.document.finding(where.release("columns", number), rule, f"« {column.name} » : {sentence}")
    yield from _measures(contract, where)
    yield from _geometry(contract, where)
    yield from tabulated_contradictions(contract, where)
    yield from _full_text(contract, where)


def _kind(contract: Contract, where: Map) -> Iterator[Finding]:
    rule = contract.release
    given = {
        name
        for name, value in (
            ("k", rule.k),
            ("measures", rule.measures),
            ("minimumUnits", rule.minimum_units),
            ("dominance", rule.dominance),
            ("table", rule.table),
            ("noise", rule.noise),
        )
        if value
    }
    if rule.search is not None:  # what its models need is judged by policies.generalized_rules
        given = given | {"k"} if rule.kind == "records" else given - {"k"}
    needs = set(_NEEDS[rule.kind])
    personal = contract.protection_unit is not None
    if rule.kind == "aggregate" and personal:
        needs |= {"minimumUnits", "dominance"}
    found = where.document.finding
    for name in sorted(needs - given):
        yield found(where.release(), "release-kind", f"une publication « {rule.kind} » doit dire « {name} »")
    for name in sorted(given - _ALLOWS[rule.kind]):
        yield found(
            where.release(name), "release-kind", f"« {name} » n'a pas de sens dans une publication « {rule.kind} »"
        )
    if rule.kind == "as_is" and personal:
        yield found(where.release("kind"), "release-kind", "des données sur des personnes ne se publient pas « as_is »")


def _column(contract: Contract, released: ReleasedColumn) -> Iterator[tuple[str, str]]:
    sources = {column.name: column for column in contract.columns}
    taken = SOURCES_TAKEN.get(released.generalization)
    if taken is None:
        yield "generalization", f"généralisation inconnue ; au choix : {', '.join(SOURCES_TAKEN)}"
    elif taken != len(released.sources):
        yield "generalization", f"« {released.generalization} » prend {taken} colonne(s) d'origine"
    for name in released.sources:
        if name not in sources:
            yield "released-source", f"la colonne d'origine « {name} » n'existe pas"
            continue
        privacy = sources[name].privacy
        if not sources[name].stored:
            yield "released-source", f"la colonne d'origine « {name} » n'est pas conservée"
        if privacy.category is PrivacyCategory.DIRECT_IDENTIFIER or privacy.technique is Technique.PSEUDONYMIZE:
            yield "released-identifier", f"« {name} » désigne une personne : elle ne se publie pas"
        counted = released.quasi_identifier or released.derived_from or released.name in _sensitive(contract)
        alone = len(released.sources) == 1 and contract.release.kind == "records"
        if alone and privacy.category is PrivacyCategory.QUASI_IDENTIFIER and not counted:
            yield (
                "released-quasi-identifier",
                f"« {name} » est un quasi-identifiant : il manque « quasiIdentifier: true »",
            )


def _sensitive(contract: Contract) -> tuple[str, ...]:
    """The published columns whose diversity a model bounds, which are therefore no quasi-identifiers."""
    return contract.release.search.sensitive if contract.release.search else ()


def _measures(contract: Contract, where: Map) -> Iterator[Finding]:
    sources = {column.name: column for column in contract.columns}
    for number, measure in enumerate(contract.release.measures):
        place = where.release("measures", number)
        if measure.function in ("units", "rows"):
            if measure.column is not None:
                yield where.document.finding(
                    place, "measure", f"« {measure.name} » compte : il ne prend pas de colonne"
                )
            if measure.function == "units" and contract.protection_unit is None:
                yield where.document.finding(
                    place, "measure", f"« {measure.name} » compte une unité que rien ne définit"
                )
            continue
        column = sources.get(measure.column or "")
        numeric = column is not None and column.logical_type in ("integer", "number")
        if column is None or not numeric or column.privacy.technique is not Technique.KEEP:
            yield where.document.finding(place, "measure", f"« {measure.name} » doit porter sur un nombre conservé")


def _geometry(contract: Contract, where: Map) -> Iterator[Finding]:
    rule = contract.release
    names = {column.name for column in rule.columns if column.logical_type == "number"}
    given = (rule.longitude, rule.latitude)
    if any(given) != all(given) or any(name not in names for name in given if name):
        yield where.document.finding(
            where.release(), "geometry", "« longitude » et « latitude » nomment ensemble deux nombres publiés"
        )
    if {"geojson", "geoparquet"} & set(rule.formats) and not all(given):
        yield where.document.finding(
            where.release("formats"), "geometry", "GeoJSON et GeoParquet demandent « longitude » et « latitude »"
        )


def _full_text(contract: Contract, where: Map) -> Iterator[Finding]:
    rule = contract.release
    texts = {column.name for column in rule.columns if column.logical_type == "string"}
    if set(rule.full_text) - texts or len(set(rule.full_text)) != len(rule.full_text):
        sentence = "« fullText » nomme des colonnes publiées de type string, chacune une fois"
        yield where.document.finding(where.release("fullText"), "full-text", sentence)
    if rule.full_text and not rule.searchable:
        sentence = "« fullText » demande la table interrogeable : retirez « searchable: false »"
        yield where.document.finding(where.release("fullText"), "full-text", sentence)
