"""A territory as its folder declares it: the strategy, whose floors no contract may go under, and what goes with it.

Pure data; other rooms take these names from :mod:`policies.contract`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from policies.source_columns import PrivacyCategory

if TYPE_CHECKING:
    from policies.contract import Contract, DatasetId
    from policies.twin import Twin


@dataclass(frozen=True, slots=True)
class RedactedText:
    """Whether free text may be published once personal data was taken out of it; by default it may not."""

    publish: Literal["never", "after_reading"] = "never"  # "after_reading": where the contract itself asks for approval


@dataclass(frozen=True, slots=True)
class CountsOnly:
    """Feeds of which only counts may be taken in, and how to recognise them. Words are ASCII, `*` at their end."""

    what: str  # French: what such feeds are
    themes: tuple[str, ...]
    operators: tuple[str, ...]
    signs: tuple[str, ...]  # words of a feed's name
    forbidden: tuple[str, ...]  # words of the name of a column, file or media type
    maximum_retention: timedelta  # of raw deliveries


@dataclass(frozen=True, slots=True)
class HealthDataHosting:
    """Who hosts the territory's health data, and the reference of its certificate (HDS), as declared."""

    host: str
    certificate: str


@dataclass(frozen=True, slots=True)
class Strategy:
    """The floors of the territory that no contract may go under (`strategy.yaml`)."""

    territory: str  # "Angers Loire Métropole"
    slug: str  # "angers"
    version: str
    timezone: str  # "Europe/Paris"
    locale: str  # "fr"
    minimum_k: int
    minimum_units: int
    maximum_dominance: float
    approval_categories: tuple[PrivacyCategory, ...]  # a contract with such a column needs a person's approval
    maximum_landing_retention: timedelta
    licences: tuple[str, ...]  # CKAN licence ids allowed
    hosting_region: str
    digest: str  # sha256 of the file
    maximum_epsilon: float = 1.0  # of one release with noise
    maximum_privacy_budget: float = 12.0  # of all the releases with noise of one dataset
    health_data_hosting: HealthDataHosting | None = None  # without it no contract with health data loads
    keep_versions: int = 3  # releases of a period whose files stay, the current one included
    redacted_text: RedactedText = RedactedText()
    counts_only: tuple[CountsOnly, ...] = ()


@dataclass(frozen=True, slots=True)
class Commune:
    """A municipality of the territory (INSEE code, official name)."""

    insee: str
    name: str


@dataclass(frozen=True, slots=True)
class Territory:
    """Everything of one territory's folder, read and judged together."""

    folder: Path
    strategy: Strategy
    communes: tuple[Commune, ...]
    contracts: dict[DatasetId, Contract]
    organizations: dict[str, dict[str, str]]  # slug -> {title, description}: CKAN organizations (operators)
    themes: dict[str, dict[str, str]]  # slug -> {title, description}: CKAN groups (uses)
    known_people: tuple[str, ...] = ()  # public figures: names that free text keeps
    twin: Twin | None = None  # the digital twin, where the territory declares one
    demonstrated: tuple[str, ...] = ()  # datasets that a demonstration shows, as `demo.yaml` lists them
