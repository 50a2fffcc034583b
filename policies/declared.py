"""The shapes of what we add to ODCS 3.1 (`customProperties`) and of the strategy file, as written: camelCase, strict.

These pydantic models stand at the edge only. Inside, everything is a dataclass of :mod:`policies.contract`.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from policies.contract import CanonicalForm, ConnectorName, DecoderName, PeriodUnit, PrivacyCategory, Technique
from policies.personal_data import KINDS


def _known_kind(name: str) -> str:
    if name not in KINDS:
        raise ValueError(f"« {name} » n'est pas un type de donnée personnelle ; au choix : {', '.join(KINDS)}")
    return name


LogicalType = Literal["string", "integer", "number", "boolean", "date", "timestamp"]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=63)]
OpenFormat = Literal["parquet", "csv", "geojson", "geoparquet"]
Duration = Annotated[timedelta, Field(ge=timedelta(0))]  # ISO 8601: "PT1H", "P3D"
Kind = Annotated[str, AfterValidator(_known_kind)]
Word = Annotated[str, Field(pattern=r"^[a-z0-9]+\*?$")]
Cron = Annotated[str, Field(pattern=r"^(\S+\s+){4}\S+$")]


class Declared(BaseModel):
    """Base of the models below."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=False)


class DeclaredFeed(Declared):
    """Root `feed`: how the operator's bytes are fetched and read."""

    connector: ConnectorName
    decoder: DecoderName
    operator: Slug
    schedule: Cron | None = None
    options: dict[str, Any] = {}


class DeclaredUnit(Declared):
    """Root `protectionUnit`: who or what is protected."""

    kind: Literal["person", "household", "delivery_point"]
    column: Name


class DeclaredCoverage(Declared):
    """Root `coverage`: rows are used only where the subject in `column` consents to `purpose`."""

    column: Name
    purpose: Slug


class DeclaredBasis(Declared):
    """Root `legalBasis`, in DPV's codes."""

    code: Annotated[str, Field(pattern=r"^(none|A6-1-[a-f]|A9-2-[a-j])$")]
    text: Annotated[str, Field(min_length=10)]


class DeclaredContact(Declared):
    """Who answers questions about the dataset."""

    name: str
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]


class DeclaredDcat(Declared):
    """Root `dcat`: what DCAT-AP asks for and nothing else in the contract says."""

    themes: Annotated[tuple[str, ...], Field(min_length=1)]
    hvd_category: str | None = None
    licence: str
    frequency: str
    contact: DeclaredContact


class DeclaredRoot(Declared):
    """Every custom property that may stand at the root of a contract."""

    feed: DeclaredFeed
    period: PeriodUnit
    event_time: Name
    source_version: Name | None = None
    lateness: Duration
    corrections: Duration
    protection_unit: DeclaredUnit | None = None
    coverage: DeclaredCoverage | None = None
    legal_basis: DeclaredBasis
    purpose: Slug
    treatment_ref: Annotated[str, Field(min_length=1)]
    approval: bool | None = None
    dcat: DeclaredDcat


class DeclaredRedaction(Declared):
    """`redaction` of a `privacy`: how the free text is read, and what becomes of what is found."""

    kinds: tuple[Kind, ...] | None = None
    thresholds: dict[Kind, Annotated[float, Field(ge=0, le=1)]] = {}
    operators: dict[Kind, Literal["redact", "replace", "hash", "generalize", "keep"]] = {}
    meters: tuple[str, ...] = ()
    model: bool = True


class DeclaredPrivacy(Declared):
    """`privacy` of a property."""

    category: PrivacyCategory
    technique: Technique
    domain: Slug | None = None
    canonical: CanonicalForm = CanonicalForm.TEXT
    redaction: DeclaredRedaction | None = None
    at_source: bool = False
    may_hold: tuple[Kind, ...] = ()


class DeclaredColumn(Declared):
    """Every custom property that may stand on a property of the schema."""

    privacy: DeclaredPrivacy = DeclaredPrivacy(category=PrivacyCategory.NONE, technique=Technique.KEEP)
    unit: str | None = None


class DeclaredReleasedColumn(Declared):
    """One published column."""

    name: Name
    sources: Annotated[tuple[Name, ...], Field(min_length=1)]
    logical_type: LogicalType
    description: Annotated[str, Field(min_length=1)]
    generalization: str = "identity"
    options: dict[str, Any] = {}
    quasi_identifier: bool = False
    unit: str | None = None
    derived_from: Name | None = None


class DeclaredMeasure(Declared):
    """One figure of an aggregated release."""

    name: Name
    function: Literal["sum", "mean", "median", "units", "rows"]
    column: Name | None = None
    description: Annotated[str, Field(min_length=1)]
    unit: str | None = None
    decimals: Annotated[int, Field(ge=0, le=9)] = 2


class DeclaredModel(Declared):
    """One privacy model; which parameters belong to which is judged by `policies.generalized_rules`."""

    model: str
    k: int | None = None
    l: float | None = None  # noqa: E741
    c: float | None = None
    t: float | None = None
    p: float | None = None
    distance: Literal["equal", "ordered", "hierarchical"] | None = None
    sensitive: Name | None = None
    minimum: float | None = None
    maximum: float | None = None
    population: str | None = None
    tree: str | None = None


class DeclaredHierarchy(Declared):
    """How one published quasi-identifier may be made coarser."""

    kind: Literal["csv", "tree", "intervals", "prefixes", "grid", "iris"]
    file: str | None = None
    lengths: tuple[int, ...] = ()
    sizes: tuple[int, ...] = ()
    edges: tuple[tuple[date | int | float, ...], ...] = ()
    bounds: tuple[date | int | float, date | int | float] | None = None
    root: str = "*"


class DeclaredDimension(Declared):
    """One hierarchical dimension of a protected table."""

    name: Name
    levels: Annotated[tuple[Name, ...], Field(min_length=1)]
    total: Annotated[str, Field(min_length=1)] = "Total"
    labels: dict[Name, Name] = {}
    margin: bool = True


class DeclaredDominance(Declared):
    """One (n, k) rule."""

    units: Annotated[int, Field(ge=1)]
    share: Annotated[float, Field(gt=0, lt=1)]


class DeclaredTable(Declared):
    """`table` of a release `protected_table`."""

    dimensions: Annotated[tuple[DeclaredDimension, ...], Field(min_length=1)]
    dominances: tuple[DeclaredDominance, ...] = ()
    p_percent: Annotated[float, Field(gt=0, le=100)] | None = None
    interval: Annotated[float, Field(gt=0, le=1)] = 0.1
    cost: Literal["cells", "value"] = "cells"


class DeclaredBounds(Declared):
    """What a unit's total of one column may count for."""

    column: Name
    least: float
    most: float


class DeclaredNoise(Declared):
    """`noise` of a release `noisy_table`."""

    epsilon: Annotated[float, Field(gt=0, le=100)]
    budget: Annotated[float, Field(gt=0, le=100)]
    values: tuple[str, ...] = ()
    cells: Annotated[int, Field(ge=1)] = 1
    bounds: tuple[DeclaredBounds, ...] = ()


class DeclaredRelease(Declared):
    """`release` of a schema: what the published data must look like."""

    kind: Literal["as_is", "records", "aggregate", "protected_table", "noisy_table"]
    columns: Annotated[tuple[DeclaredReleasedColumn, ...], Field(min_length=1)]
    measures: tuple[DeclaredMeasure, ...] = ()
    k: Annotated[int, Field(ge=2)] | None = None
    minimum_units: Annotated[int, Field(ge=2)] | None = None
    dominance: Annotated[float, Field(gt=0, le=1)] | None = None
    table: DeclaredTable | None = None
    noise: DeclaredNoise | None = None
    suppression_limit: Annotated[float, Field(ge=0, le=1)] = 1.0
    longitude: Name | None = None
    latitude: Name | None = None
    formats: Annotated[tuple[OpenFormat, ...], Field(min_length=1)] = ("parquet", "csv")
    searchable: bool = True
    models: tuple[DeclaredModel, ...] = ()
    hierarchies: dict[Name, DeclaredHierarchy] = {}
    metric: str | None = None
    weights: dict[Name, float] = {}
    local_recoding: bool = False
    levels_fixed_for: str | None = None
    full_text: tuple[Name, ...] = ()


class DeclaredSchema(Declared):
    """Every custom property that may stand on a schema."""

    release: DeclaredRelease


class DeclaredRedactedText(Declared):
    """`redactedText` of `strategy.yaml`."""

    publish: Literal["never", "after_reading"]


class DeclaredCountsOnly(Declared):
    """One of `countsOnly`: feeds that hand over counts and nothing else."""

    what: Annotated[str, Field(min_length=1)]
    themes: tuple[Slug, ...] = ()
    operators: tuple[Slug, ...] = ()
    signs: tuple[Word, ...] = ()
    forbidden: Annotated[tuple[Word, ...], Field(min_length=1)]
    maximum_retention: Duration


class DeclaredHealthHosting(Declared):
    """`healthDataHosting` of the strategy."""

    host: Annotated[str, Field(min_length=1)]
    certificate: Annotated[str, Field(min_length=1)]


class DeclaredStrategy(Declared):
    """`strategy.yaml`."""

    territory: str
    slug: Slug
    version: str
    timezone: str
    locale: str
    minimum_k: Annotated[int, Field(ge=2, alias="minimumK")]
    minimum_units: Annotated[int, Field(ge=2)]
    maximum_dominance: Annotated[float, Field(gt=0, le=1)]
    approval_categories: tuple[PrivacyCategory, ...]
    maximum_landing_retention: Duration
    licences: Annotated[tuple[str, ...], Field(min_length=1)]
    hosting_region: str
    maximum_epsilon: Annotated[float, Field(gt=0, le=100)] = 1.0
    maximum_privacy_budget: Annotated[float, Field(gt=0, le=100)] = 12.0
    health_data_hosting: DeclaredHealthHosting | None = None
    keep_versions: Annotated[int, Field(ge=1, le=100)] = 3
    redacted_text: DeclaredRedactedText = DeclaredRedactedText(publish="never")
    counts_only: tuple[DeclaredCountsOnly, ...] = ()


class DeclaredDemonstration(Declared):
    """Which datasets a demonstration shows."""

    datasets: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=1)


class DeclaredEntry(Declared):
    """One organization or theme."""

    title: Annotated[str, Field(min_length=1)]
    description: Annotated[str, Field(min_length=1)]
