"""What a contract must not say: contradictions first, then anything under the territory's strategy.

Each rule is a small generator of findings, so that a steward reads every mistake at once. The slug in brackets at the
end of a message is the rule's name in docs/contracts.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policies.contract import Contract, PrivacyCategory, Strategy, Technique
from policies.document import Position
from policies.errors import Finding
from policies.odcs import Map
from policies.tabulated_rules import noise_weaknesses

_TIMES = ("date", "timestamp")
_TEXT_ONLY = (Technique.PSEUDONYMIZE, Technique.REDACT, Technique.COMMUNE)
_CONSENT = ("A6-1-a", "A9-2-a")


def contradictions(contract: Contract, where: Map) -> Iterator[Finding]:
    """What makes the contract impossible to apply, whatever the strategy."""
    yield from _names(contract, where)
    yield from _keys(contract, where)
    yield from _privacy(contract, where)
    yield from _subjects(contract, where)


def weaknesses(contract: Contract, strategy: Strategy, refused_approval: bool, where: Map) -> Iterator[Finding]:
    """Where the contract asks for less than the strategy's floor."""
    found, rule = where.document.finding, contract.release
    if rule.k is not None and rule.k < strategy.minimum_k:
        yield found(
            _k_position(contract, where),
            "weak-k",
            f"k vaut {rule.k} ; la stratégie demande au moins {strategy.minimum_k}",
        )
    if rule.minimum_units is not None and rule.minimum_units < strategy.minimum_units:
        yield found(
            where.release("minimumUnits"),
            "weak-minimum-units",
            f"minimumUnits vaut {rule.minimum_units} ; la stratégie demande au moins {strategy.minimum_units}",
        )
    if rule.dominance is not None and rule.dominance > strategy.maximum_dominance:
        yield found(
            where.release("dominance"),
            "weak-dominance",
            f"dominance vaut {rule.dominance} ; la stratégie admet au plus {strategy.maximum_dominance}",
        )
    yield from noise_weaknesses(contract, strategy, where)
    if contract.landing_retention > strategy.maximum_landing_retention:
        days = strategy.maximum_landing_retention.days
        yield found(where.retention(), "weak-retention", f"les dépôts sont conservés plus que {days} jours")
    if contract.dcat["licence"] not in strategy.licences:
        admitted = ", ".join(strategy.licences)
        yield found(where.root("dcat", "licence"), "weak-licence", f"licence non admise ; au choix : {admitted}")
    if refused_approval and needs_approval(contract, strategy):
        yield found(
            where.root("approval"),
            "weak-approval",
            "la stratégie exige l'accord d'une personne pour ces données ; « approval » ne peut être faux",
        )


def _k_position(contract: Contract, where: Map) -> Position:
    """Where a release says its k: by itself, or as its first model that bounds the size of a class."""
    models = contract.release.search.models if contract.release.search else ()
    sized = [number for number, rule in enumerate(models) if rule.model in ("k_anonymity", "maximum_risk")]
    return where.release("models", sized[0]) if sized else where.release("k")


def needs_approval(contract: Contract, strategy: Strategy) -> bool:
    """Whether the strategy asks for a person's approval, because of what the source columns hold."""
    return any(column.privacy.category in strategy.approval_categories for column in contract.columns)


def _names(contract: Contract, where: Map) -> Iterator[Finding]:
    found = where.document.finding
    if contract.source.name != f"{contract.id}.odcs.yaml":
        yield found(("id",), "file-name", f"le fichier doit s'appeler {contract.id}.odcs.yaml")
    for values, what in (
        ([column.name for column in contract.columns], "nom"),
        ([column.physical_name for column in contract.columns], "nom d'origine"),
    ):
        for name in _repeated(values):
            yield found(("schema",), "repeated-column", f"deux colonnes ont le même {what} : « {name} »")
    rule = contract.release
    for name in _repeated([*(column.name for column in rule.columns), *(measure.name for measure in rule.measures)]):
        yield found(where.release("columns"), "repeated-column", f"deux colonnes publiées s'appellent « {name} »")
    if not contract.authors:
        yield found(
            ("team",), "author", "l'équipe doit nommer un membre de rôle « author », qui ne pourra pas approuver"
        )


def _keys(contract: Contract, where: Map) -> Iterator[Finding]:
    found = where.document.finding
    columns = {column.name: column for column in contract.columns}
    if not contract.key:
        yield found(("schema",), "primary-key", "au moins une colonne doit porter « primaryKey: true »")
    for name in contract.key:
        usable = columns[name].privacy.technique in (Technique.KEEP, Technique.PSEUDONYMIZE)
        if not (columns[name].required and usable):
            yield found(
                where.column(name), "primary-key", f"« {name} » est une clé : elle doit être obligatoire et conservée"
            )
    time = columns.get(contract.event_time)
    if time is None or time.logical_type not in _TIMES or not time.required or time.privacy.technique != Technique.KEEP:
        yield found(
            where.root("eventTime"), "event-time", "« eventTime » doit nommer une date obligatoire et conservée"
        )
    if contract.source_version is not None:
        version = columns.get(contract.source_version)
        if version is None or version.privacy.technique != Technique.KEEP:
            yield found(
                where.root("sourceVersion"), "source-version", "« sourceVersion » doit nommer une colonne conservée"
            )


def _privacy(contract: Contract, where: Map) -> Iterator[Finding]:
    found = where.document.finding
    for column in contract.columns:
        privacy, place = column.privacy, where.column(column.name)
        category, technique = privacy.category, privacy.technique
        hashes = privacy.redaction is not None and "hash" in privacy.redaction.operators.values()
        if (technique is Technique.PSEUDONYMIZE or hashes) != (privacy.domain is not None):
            yield found(
                place, "domain", f"« {column.name} » : « domain » accompagne « pseudonymize » ou « hash », et eux seuls"
            )
        if privacy.redaction is not None and technique is not Technique.REDACT:
            yield found(place, "redaction", f"« {column.name} » : « redaction » accompagne « redact », et lui seul")
        if category is PrivacyCategory.DIRECT_IDENTIFIER and technique is Technique.KEEP:
            yield found(
                place, "direct-identifier", f"« {column.name} » identifie une personne et ne peut être conservée"
            )
        if category is PrivacyCategory.FREE_TEXT and technique not in (Technique.REDACT, Technique.DROP):
            yield found(place, "free-text", f"« {column.name} » est un texte libre : « redact » ou « drop »")
        if technique in _TEXT_ONLY and column.logical_type != "string":
            yield found(place, "technique-type", f"« {column.name} » : « {technique} » ne s'applique qu'à une chaîne")


def _subjects(contract: Contract, where: Map) -> Iterator[Finding]:
    found = where.document.finding
    pseudonymised = {c.name for c in contract.columns if c.privacy.technique is Technique.PSEUDONYMIZE}
    personal = any(column.privacy.category is not PrivacyCategory.NONE for column in contract.columns)
    unit, coverage, basis = contract.protection_unit, contract.coverage, contract.legal_basis.code
    if unit is not None and unit.column not in pseudonymised:
        yield found(
            where.root("protectionUnit", "column"),
            "protection-unit",
            "l'unité protégée doit être une colonne pseudonymisée",
        )
    if coverage is not None and coverage.column not in pseudonymised:
        yield found(where.root("coverage", "column"), "coverage", "la colonne de « coverage » doit être pseudonymisée")
    if coverage is not None and coverage.purpose != contract.purpose:
        yield found(
            where.root("coverage", "purpose"), "coverage", "« coverage.purpose » doit être la finalité du contrat"
        )
    if personal and unit is None:
        yield found((), "protection-unit", "des données concernent des personnes : il manque « protectionUnit »")
    if personal and basis == "none":
        yield found(
            where.root("legalBasis", "code"),
            "legal-basis",
            "des données concernent des personnes : il faut une base légale",
        )
    if (basis in _CONSENT) != (coverage is not None):
        yield found(
            where.root("legalBasis"),
            "legal-basis",
            "« coverage » accompagne le consentement (A6-1-a, A9-2-a), et lui seul",
        )


def _repeated(values: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return list(dict.fromkeys(value for value in values if value in seen or seen.add(value)))  # type: ignore[func-returns-value]
