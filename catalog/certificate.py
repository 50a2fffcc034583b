"""The certificate of anonymisation: what was done to the data before it became public, in plain words.

One certificate a release (dataset, version, period). It holds counts, measures and digests, never a row; whoever reads
it learns where the data comes from, on what legal ground, what was removed or blurred, what was measured, and who
approved. Nothing in it is free text of a run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from catalog.certificate_lineage import PublishedColumn, published_columns
from catalog.certificate_pdf import to_pdf
from catalog.certificate_text import main_lines, to_html, to_text
from catalog.section import Section
from catalog.treatments import Treatment, promises, treatments
from policies import Contract, Territory

FORMAT = "ardoise-certificate/1"
STEWARD = "une personne responsable des données"


@dataclass(frozen=True, slots=True)
class CertifiedFile:
    """One published file that the certificate speaks of."""

    format: str
    name: str
    size: int  # bytes
    digest: str  # sha256, hex
    rows: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """Everything of it, in the order a person reads."""

    dataset: str
    title: str
    period: str
    territory: str
    operator: str  # who holds the source
    source: str  # French: what is received, and how
    purpose: str
    legal_basis: str
    treatment_ref: str  # in the register of processing
    protection_unit: str | None  # "person", "household", "delivery_point"
    treatments: tuple[Treatment, ...]
    promises: tuple[str, ...]  # French: what the release rule guarantees
    counts: Mapping[str, int]
    measures: Mapping[str, float]
    coverage: str  # French; empty where everybody is counted
    remarks: tuple[str, ...]  # French: what the verdict drew attention to
    approved_by: str | None  # a function, never a person's name; None where the strategy asks for nobody
    approved_at: datetime | None
    judged_at: datetime
    contract_version: str
    contract_digest: str
    strategy_version: str
    strategy_digest: str
    candidate_digest: str
    consent_root: str | None
    sections: tuple[Section, ...] = ()  # what the kind of release has to tell beside: see certificate_sections
    verification: Mapping[str, Any] | None = None  # what the published file alone shows: see catalog.verification
    columns: tuple[PublishedColumn, ...] = ()  # what is published, and from what
    files: tuple[CertifiedFile, ...] = ()
    ledger_proof: str | None = None  # of its place in the ledger, once there is one

    def to_json(self) -> bytes:
        """Canonical UTF-8 JSON: the same certificate gives the same bytes."""
        value = {"format": FORMAT, **asdict(self)}
        return json.dumps(value, default=_plain, ensure_ascii=False, sort_keys=True, indent=1).encode("utf-8")

    def to_html(self) -> bytes:
        """A page of its own, in French, without scripts or outside resources."""
        return to_html(self).encode("utf-8")

    def to_pdf(self) -> bytes:
        """The same as a document to keep or print: PDF/UA-1, its fonts within; the same certificate, the same bytes."""
        return to_pdf(self)

    def to_text(self) -> str:
        """The whole of it as plain French text."""
        return to_text(self)

    def main_lines(self) -> list[str]:
        """The few French sentences that the dataset's page shows."""
        return main_lines(self)


def certify(
    contract: Contract,
    territory: Territory,
    period: str,
    *,
    candidate_digest: str,
    counts: Mapping[str, int],
    measures: Mapping[str, float],
    judged_at: datetime,
    approved_at: datetime | None = None,
    coverage: str = "",
    remarks: tuple[str, ...] = (),
    consent_root: str | None = None,
    sections: tuple[Section, ...] = (),
    verification: Mapping[str, Any] | None = None,
    files: tuple[CertifiedFile, ...] = (),
) -> Certificate:
    """Return the certificate of a release: the contract's promises beside what was counted and measured.

    `approved_at` dates the approval by a person, where one was given; who gave it stays in the hub's journal.
    """
    operator = territory.organizations.get(contract.feed.operator, {}).get("title", contract.feed.operator)
    return Certificate(
        dataset=contract.id,
        title=contract.title,
        period=period,
        territory=territory.strategy.territory,
        operator=operator,
        source=_source(contract, operator),
        purpose=contract.description.purpose,
        legal_basis=contract.legal_basis.text,
        treatment_ref=contract.treatment_ref,
        protection_unit=contract.protection_unit.kind if contract.protection_unit else None,
        treatments=treatments(contract),
        promises=promises(contract, communes=len(territory.communes)),
        counts={name: count for name, count in counts.items() if not _withheld(contract, name)},
        measures={name: value for name, value in measures.items() if not _withheld(contract, name)},
        coverage=coverage,
        remarks=remarks,
        approved_by=STEWARD if approved_at else None,
        approved_at=approved_at,
        judged_at=judged_at,
        contract_version=str(contract.version),
        contract_digest=contract.digest,
        strategy_version=territory.strategy.version,
        strategy_digest=territory.strategy.digest,
        candidate_digest=candidate_digest,
        consent_root=consent_root,
        sections=sections,
        verification=verification,
        columns=published_columns(contract),
        files=files,
    )


def _withheld(contract: Contract, name: str) -> bool:
    """Whether a figure would say how many rows or units are behind the secret cells of a table."""
    tables = ("protected_table", "noisy_table")
    return contract.release.kind in tables and name in ("rows_in", "suppressed_rows", "suppressed_share", "suppressed")


def _source(contract: Contract, operator: str) -> str:
    how = {
        "http_pull": "relevées auprès de son service en ligne",
        "http_push": "envoyées par ses propres équipements",
        "file_drop": "déposées par lui sous forme de fichiers",
        "sftp": "relevées parmi les fichiers de son serveur",
        "s3_drop": "relevées parmi les fichiers de son magasin d'objets",
        "mqtt": "relevées sur son service de messages",
    }[contract.feed.connector]
    return f"Données de « {operator} », {how}, puis chiffrées dès leur arrivée."


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"a certificate has no {type(value).__name__}")
