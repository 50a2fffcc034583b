"""Health data (GDPR articles 4 (15) and 9): where it may be, under which name, and in which shape it leaves.

A column of category `health` changes what its whole contract must be: the strategy declares a certified host (HDS: code
de la santé publique, article L. 1111-8; pseudonymised rows are health data still), the legal basis is one of article 9,
whoever it is about was pseudonymised by the operator before delivery, and only protected tables are published.
"""

from __future__ import annotations

from collections.abc import Iterator

from policies.contract import Column, Contract, PrivacyCategory, Strategy, Technique
from policies.errors import Finding
from policies.odcs import Map

_NAMING = (PrivacyCategory.DIRECT_IDENTIFIER, PrivacyCategory.FREE_TEXT)
_RELEASES = ("protected_table", "noisy_table")


def health_columns(contract: Contract) -> tuple[Column, ...]:
    """The columns that say something of somebody's health."""
    return tuple(column for column in contract.columns if column.privacy.category is PrivacyCategory.HEALTH)


def health_contradictions(contract: Contract, where: Map) -> Iterator[Finding]:
    """What must not stand in a contract beside health data, and pseudonyms at source that can not work."""
    yield from _at_source(contract, where)
    if not health_columns(contract):
        return
    found = where.document.finding
    if not contract.legal_basis.code.startswith("A9-2-"):
        sentence = "des données de santé demandent une base légale de l'article 9 (A9-2-a à A9-2-j)"
        yield found(where.root("legalBasis", "code"), "health-basis", sentence)
    if contract.release.kind not in _RELEASES:
        sentence = f"des données de santé ne sortent qu'en tableau protégé ; au choix : {', '.join(_RELEASES)}"
        yield found(where.release("kind"), "health-release", sentence)
    for column in contract.columns:
        if column.privacy.category in _NAMING and not column.privacy.at_source:
            sentence = (
                f"« {column.name} » arriverait en clair avec des données de santé : l'opérateur la remplace par un "
                "pseudonyme avant de livrer (« atSource: true »), ou ne l'envoie pas"
            )
            yield found(where.column(column.name), "health-at-source", sentence)


def health_weaknesses(contract: Contract, strategy: Strategy, where: Map) -> Iterator[Finding]:
    """Health data where the territory has declared no host for it."""
    columns = health_columns(contract)
    if columns and strategy.health_data_hosting is None:
        sentence = (
            f"« {columns[0].name} » est une donnée de santé, et la stratégie ne déclare aucun hébergeur certifié pour "
            "elles : « healthDataHosting » dans strategy.yaml (code de la santé publique, article L. 1111-8)"
        )
        yield where.document.finding(where.column(columns[0].name), "health-hosting", sentence)


def _at_source(contract: Contract, where: Map) -> Iterator[Finding]:
    for column in contract.columns:
        if not column.privacy.at_source:
            continue
        place = where.column(column.name)
        if column.privacy.technique is not Technique.PSEUDONYMIZE:
            sentence = f"« {column.name} » : « atSource » accompagne « pseudonymize », et lui seul"
            yield where.document.finding(place, "at-source", sentence)
        if contract.coverage is not None and contract.coverage.column == column.name:
            sentence = f"« {column.name} » : d'un pseudonyme, le tiers de confiance ne peut dire qui consent"
            yield where.document.finding(place, "at-source", sentence)
