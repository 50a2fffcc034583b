"""What a contract says, once it has been read and judged.

Pure data: no file is opened here. :mod:`policies.loader` builds these objects from an Open Data Contract Standard 3.1
file and refuses what the strategy forbids, so whoever holds a :class:`Contract` may trust it. Everything else
(decoding, checks, DAGs, lineage, catalogue page) is derived from it.

A contract is made of source columns (:mod:`policies.source_columns`) and a release rule (:mod:`policies.released`), and
lives in a territory (:mod:`policies.territory`): other rooms take all their names from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, NewType

from policies.released import Measure, ProtectionUnit, ReleasedColumn, ReleaseRule
from policies.source_columns import (
    CanonicalForm,
    Column,
    Domain,
    Privacy,
    PrivacyCategory,
    QualityRule,
    Redaction,
    Technique,
)
from policies.territory import Commune, CountsOnly, HealthDataHosting, RedactedText, Strategy, Territory

__all__ = [
    "CanonicalForm",
    "Column",
    "Commune",
    "ConnectorName",
    "Contract",
    "CountsOnly",
    "Coverage",
    "DatasetId",
    "DecoderName",
    "Description",
    "Domain",
    "Expectation",
    "Feed",
    "HealthDataHosting",
    "LegalBasis",
    "Measure",
    "PeriodKey",
    "PeriodUnit",
    "Privacy",
    "PrivacyCategory",
    "ProtectionUnit",
    "QualityRule",
    "RedactedText",
    "Redaction",
    "ReleaseRule",
    "ReleasedColumn",
    "Strategy",
    "Technique",
    "Territory",
    "Version",
]

DatasetId = NewType("DatasetId", str)  # the contract's id, also its file name and its CKAN name
PeriodKey = NewType("PeriodKey", str)  # "2026-10", "2026-W44" or "2026-10-31", in the territory's time zone

DecoderName = Literal[
    "opendatasoft",
    "open311",
    "csv",
    "json",
    "ndjson",
    "grdf",
    "geojson",
    "parquet",
    "ngsi_ld",
    "talq",
    "enedis",
    "datex2",
]


class PeriodUnit(StrEnum):
    """How events are grouped for release."""

    DAY = "day"
    WEEK = "week"  # of ISO 8601, from Monday to Sunday
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Version:
    """Semantic version. A new major opens a new trusted path and a new CKAN version."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


ConnectorName = Literal["http_pull", "http_push", "file_drop", "sftp", "s3_drop", "mqtt"]


@dataclass(frozen=True, slots=True)
class Feed:
    """How the operator's bytes are fetched and read."""

    connector: ConnectorName
    decoder: DecoderName
    operator: str  # CKAN organization, slug
    schedule: str | None = None  # cron, Europe/Paris; None = on demand only
    options: dict[str, Any] = field(default_factory=dict)  # of connector and decoder, checked by their own models


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a feed is expected to bring, declared as service level and quality; None where nothing is declared."""

    frequency: timedelta | None = None  # a delivery at least this often
    minimum_rows: int | None = None  # in `frequency`, or in a delivery where no frequency is declared


@dataclass(frozen=True, slots=True)
class Coverage:
    """Rows are used only where the subject in `column` has an active consent for the contract's purpose."""

    column: str
    purpose: str  # id of the purpose in consent records


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """GDPR article 6 (and 9) basis, in DPV's terms."""

    code: str  # "A6-1-e", "A6-1-a", or "none" when nothing is personal
    text: str  # French, shown on the page


@dataclass(frozen=True, slots=True)
class Description:
    """ODCS `description`, in French."""

    purpose: str
    limitations: str
    usage: str


@dataclass(frozen=True, slots=True)
class Contract:
    """One dataset: its source, its checks, its protection, its page."""

    id: DatasetId
    version: Version
    title: str  # French
    status: Literal["draft", "active", "deprecated", "retired"]
    description: Description
    tags: tuple[str, ...]
    theme: str  # CKAN group slug
    feed: Feed
    period: PeriodUnit
    event_time: str  # source column that dates a row
    lateness: timedelta  # a period closes this long after its end
    corrections: timedelta  # later rows than this after closing are rejected ("tooLate")
    protection_unit: ProtectionUnit | None
    coverage: Coverage | None
    legal_basis: LegalBasis
    purpose: str  # why the data is processed, id of the purpose
    treatment_ref: str  # reference in the register of processing
    landing_retention: timedelta
    dcat: dict[str, Any]  # theme URIs, HVD category, licence id, frequency, contact
    columns: tuple[Column, ...]
    release: ReleaseRule
    approval: bool  # a steward must approve each release (contract or strategy asks for it)
    authors: tuple[str, ...]  # login names; none of them may approve a release
    source: Path  # the file it was read from
    digest: str  # sha256 of that file
    source_version: str | None = None  # source column that orders corrections of one key: the highest wins
    expected: Expectation = Expectation()  # of the feed
    open_retention: timedelta | None = None  # after its end a published period is retired; None: never

    @property
    def in_force(self) -> bool:
        """Whether it is collected and released: a draft is not yet, a retired one no more."""
        return self.status in ("active", "deprecated")

    @property
    def key(self) -> tuple[str, ...]:
        """Names of the primary key's columns, in order."""
        return tuple(column.name for column in self.columns if column.primary_key)

    def column(self, name: str) -> Column:
        """Return the source column called `name`; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def domains(self) -> tuple[Domain, ...]:
        """The pseudonymisation domains its columns use, without repetition."""
        found = [column.privacy.domain for column in self.columns if column.privacy.domain]
        return tuple(dict.fromkeys(found))
