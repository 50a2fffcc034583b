"""Contracts small enough to read, one of each release kind, built without a file."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from policies.contract import (
    CanonicalForm,
    Column,
    Contract,
    Coverage,
    DatasetId,
    Description,
    Domain,
    Feed,
    LegalBasis,
    Measure,
    PeriodUnit,
    Privacy,
    PrivacyCategory,
    ProtectionUnit,
    ReleasedColumn,
    ReleaseRule,
    Technique,
    Version,
)

METER = Privacy(PrivacyCategory.DIRECT_IDENTIFIER, Technique.PSEUDONYMIZE, Domain("water-meters"), CanonicalForm.UPPER)
WATER = Contract(
    id=DatasetId("water-meters"),
    version=Version(1, 2, 0),
    title="Consommation d'eau des foyers participants",
    status="active",
    description=Description("Connaître la consommation", "Couverture partielle", "Réutilisation libre"),
    tags=("eau", "consommation"),
    theme="eau",
    feed=Feed("file_drop", "csv", "suez"),
    period=PeriodUnit.MONTH,
    event_time="day",
    lateness=timedelta(days=2),
    corrections=timedelta(days=60),
    protection_unit=ProtectionUnit("delivery_point", "meter"),
    coverage=Coverage("subscriber", "water-statistics"),
    legal_basis=LegalBasis("A6-1-a", "Consentement"),
    purpose="water-statistics",
    treatment_ref="ALM-2026-014",
    landing_retention=timedelta(days=30),
    dcat={},
    columns=(
        Column("meter", "NUM_COMPTEUR", "string", required=True, primary_key=True, privacy=METER),
        Column("subscriber", "ABONNE", "string", privacy=METER),
        Column("commune", "ADRESSE", "string", privacy=Privacy(PrivacyCategory.QUASI_IDENTIFIER, Technique.COMMUNE)),
        Column("note", "OBSERVATION", "string", privacy=Privacy(PrivacyCategory.FREE_TEXT, Technique.REDACT)),
        Column("phone", "TELEPHONE", "string", privacy=Privacy(PrivacyCategory.DIRECT_IDENTIFIER, Technique.DROP)),
        Column("day", "DATE", "date", required=True, primary_key=True),
        Column("litres", "VOLUME_L", "number", unit="L"),
    ),
    release=ReleaseRule(
        kind="aggregate",
        columns=(
            ReleasedColumn("commune", ("commune",), "string", quasi_identifier=True),
            ReleasedColumn("month", ("day",), "string", generalization="month"),
        ),
        measures=(
            Measure("volume", "sum", "litres", unit="L"),
            Measure("meters", "units"),
            Measure("readings", "rows"),
        ),
        minimum_units=10,
        dominance=0.85,
    ),
    approval=False,
    authors=("author",),
    source=Path("water-meters.odcs.yaml"),
    digest="a" * 64,
)

RECORDS = replace(
    WATER,
    id=DatasetId("citizen-reports"),
    coverage=None,
    release=ReleaseRule(
        kind="records",
        columns=(
            ReleasedColumn("commune", ("commune",), "string", quasi_identifier=True),
            ReleasedColumn("month", ("day",), "string", generalization="month"),
        ),
        k=5,
    ),
)

PLAIN = replace(
    WATER,
    id=DatasetId("parking"),
    coverage=None,
    protection_unit=None,
    columns=(
        Column("name", "nom", "string", required=True, primary_key=True),
        Column("day", "date", "timestamp", required=True, primary_key=True),
        Column("free", "disponible", "integer"),
    ),
    release=ReleaseRule(
        kind="as_is",
        columns=(ReleasedColumn("name", ("name",), "string"), ReleasedColumn("free", ("free",), "integer")),
    ),
)
