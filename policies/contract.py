"""What a contract says, once it has been read and judged.

Pure data: no file is opened here. :mod:`policies.loader` builds these objects from an Open Data Contract Standard 3.1
file and refuses what the strategy forbids, so whoever holds a :class:`Contract` may trust it. Everything else
(decoding, checks, DAGs, lineage, catalogue page) is derived from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NewType

from policies.generalized import SearchRule
from policies.tabulated import STATUS, NoiseRule, TableRule

if TYPE_CHECKING:
    from policies.twin import Twin

DatasetId = NewType("DatasetId", str)  # the contract's id, also its file name and its CKAN name
Domain = NewType("Domain", str)  # a pseudonymisation domain declared in custody
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


class PrivacyCategory(StrEnum):
    """What a source column is with regard to people (EDPB 01/2025; ODCS `classification` says how secret it is)."""

    DIRECT_IDENTIFIER = "direct_identifier"
    QUASI_IDENTIFIER = "quasi_identifier"
    SENSITIVE = "sensitive"
    HEALTH = "health"  # of article 9: see policies.health
    FREE_TEXT = "free_text"
    NONE = "none"


class Technique(StrEnum):
    """What *deidentify* does to a column before anything is written to the trusted zone."""

    PSEUDONYMIZE = "pseudonymize"  # replaced by a one-way pseudonym of `domain`
    REDACT = "redact"  # free text, personal data replaced by tags
    COMMUNE = "commune"  # a postal address, reduced to the INSEE code of its commune
    DROP = "drop"  # checked, then never stored
    KEEP = "keep"  # stored in the trusted zone as it is


class CanonicalForm(StrEnum):
    """How an identifier is normalised before it becomes a pseudonym."""

    TEXT = "text"  # Unicode NFC, trimmed
    UPPER = "upper"  # NFC, trimmed, upper case, inner spaces and dashes removed
    EMAIL = "email"
    PHONE = "phone"  # E.164, French numbering by default
    PLATE = "plate"  # a French number plate: AB-123-CD, or 123 ABC 49 before 2009
    NIR = "nir"  # 13 characters, without the key
    PRM = "prm"  # delivery point of electricity, 14 digits
    PCE = "pce"  # delivery point of gas, 14 digits or GI and six


@dataclass(frozen=True, slots=True)
class Version:
    """Semantic version. A new major opens a new trusted path and a new CKAN version."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


@dataclass(frozen=True, slots=True)
class Redaction:
    """How a column of free text is read, where the contract says so (`privacy.redaction`).

    Kinds of personal data are those of :data:`policies.personal_data.KINDS`.
    """

    kinds: tuple[str, ...] | None = None  # looked for; None: all
    thresholds: dict[str, float] = field(default_factory=dict)  # least score that is masked
    operators: dict[str, str] = field(default_factory=dict)  # redact, replace, hash, generalize, keep
    meters: tuple[str, ...] = ()  # patterns of the operator's meter, badge or bin numbers
    model: bool = True  # False: patterns and gazetteers alone


@dataclass(frozen=True, slots=True)
class Privacy:
    """Category and technique of one source column."""

    category: PrivacyCategory = PrivacyCategory.NONE
    technique: Technique = Technique.KEEP
    domain: Domain | None = None  # with PSEUDONYMIZE, and with REDACT where a kind is hashed
    canonical: CanonicalForm = CanonicalForm.TEXT
    redaction: Redaction | None = None  # with REDACT
    at_source: bool = False  # with PSEUDONYMIZE: the operator had custody do it, and delivers pseudonyms
    may_hold: tuple[str, ...] = ()  # kinds of personal data that are no surprise in this column


@dataclass(frozen=True, slots=True)
class QualityRule:
    """One ODCS library rule over a column; a row that breaks it goes to quarantine with `code`."""

    code: str  # e.g. "nullValues", "invalidValues", "outOfRange", "patternMismatch", "duplicateValues"
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    valid_values: tuple[str, ...] = ()
    lengths: tuple[int, int | None] | None = None  # fewest and most characters


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the source schema. `physical_name` is the operator's name for it, `name` ours."""

    name: str
    physical_name: str
    logical_type: Literal["string", "integer", "number", "boolean", "date", "timestamp"]
    required: bool = False
    primary_key: bool = False
    description: str = ""  # French
    classification: str = "public"
    unit: str | None = None  # UCUM code
    format: str | None = None  # of dates and times, strptime style
    privacy: Privacy = Privacy()
    quality: tuple[QualityRule, ...] = ()

    @property
    def stored(self) -> bool:
        """Whether the trusted zone keeps it in any form."""
        return self.privacy.technique is not Technique.DROP

    @property
    def read(self) -> bool:
        """Whether its values are needed at all: what is neither kept, checked nor to be known again is not decoded."""
        return self.checked or self.privacy.category is PrivacyCategory.DIRECT_IDENTIFIER

    @property
    def checked(self) -> bool:
        """Whether a row is judged by it, or keeps it; rejects have these columns only."""
        return self.stored or self.required or self.primary_key or bool(self.quality)


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
class ReleasedColumn:
    """A published column, and the source columns and generalisation it comes from."""

    name: str
    sources: tuple[str, ...]  # names of source columns
    logical_type: Literal["string", "integer", "number", "boolean", "date", "timestamp"]
    description: str = ""  # French
    generalization: str = "identity"  # name of a function of anonymization.generalization
    options: dict[str, Any] = field(default_factory=dict)
    quasi_identifier: bool = False
    unit: str | None = None
    derived_from: str | None = None  # another published column, of whose published value this one is a function


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of an aggregated release."""

    name: str
    function: Literal["sum", "mean", "median", "units", "rows"]  # `units`: distinct protection units
    column: str | None = None
    description: str = ""  # French
    unit: str | None = None
    decimals: int = 2


@dataclass(frozen=True, slots=True)
class ReleaseRule:
    """What the published data must look like. Counts are distinct protection units, never rows."""

    kind: Literal["as_is", "records", "aggregate", "protected_table", "noisy_table"]
    columns: tuple[ReleasedColumn, ...]
    measures: tuple[Measure, ...] = ()  # kind == "aggregate"
    k: int | None = None  # kind == "records": smallest equivalence class
    minimum_units: int | None = None  # "aggregate", "protected_table": smallest cell
    dominance: float | None = None  # the same: largest share one unit may have of any summed measure
    table: TableRule | None = None  # kind == "protected_table"
    noise: NoiseRule | None = None  # kind == "noisy_table"
    suppression_limit: float = 1.0  # share of rows that suppression may remove before the release is refused
    longitude: str | None = None  # published columns that make a GeoJSON geometry
    latitude: str | None = None
    formats: tuple[Literal["parquet", "csv", "geojson", "geoparquet"], ...] = ("parquet", "csv")
    searchable: bool = True  # loaded in CKAN's DataStore
    full_text: tuple[str, ...] = ()  # published texts that the DataStore's free search looks in
    search: SearchRule | None = None  # kind == "records": the best generalization under models; `k` is then theirs

    @property
    def status(self) -> str | None:
        """The column that tells published cells from secret ones, where there is one."""
        return STATUS if self.kind == "protected_table" else None


@dataclass(frozen=True, slots=True)
class ProtectionUnit:
    """Who or what is protected, and the pseudonymised column that tells one from another."""

    kind: Literal["person", "household", "delivery_point"]
    column: str


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
