"""The certificate of anonymisation: what was done to the data before it became public, in plain words.

One certificate a release (dataset, version, period). It holds counts, measures and digests, never a row; whoever reads
it learns where the data comes from, on what legal ground, what was removed or blurred, what was measured, and who
approved. :meth:`Certificate.to_json` is for machines; :mod:`catalog.certificate_text` writes it for people.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from catalog.treatments import Treatment, promises, treatments
from policies import Contract, Territory

FORMAT = "ardoise-certificate/1"


@dataclass(frozen=True, slots=True)
class Approval:
    """Who let the release go, as a function: a person's name has no place on a public page."""

    by: str  # "règle de publication", "responsable des données"
    at: datetime
    comment: str = ""


@dataclass(frozen=True, slots=True)
class CertifiedFile:
    """A published file and its digest, by which a reader can check a download."""

    format: str
    url: str
    digest: str  # sha256, hex
    rows: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """Everything of it, in the order a person reads."""

    dataset: str
    title: str
    version: str
    period: str
    territory: str
    operator: str  # who holds the source
    source: str  # French: what is received, and how
    purpose: str
    legal_basis: str
    treatment_ref: str  # in the register of processing
    treatments: tuple[Treatment, ...]
    promises: tuple[str, ...]  # French: what the release rule guarantees
    unit: str | None  # "person", "household", "delivery_point"
    counts: Mapping[str, int]
    measures: Mapping[str, float]
    coverage: str | None
    verdict: str
    remarks: tuple[str, ...]
    approval: Approval
    files: tuple[CertifiedFile, ...]
    contract_digest: str
    strategy_version: str
    strategy_digest: str
    candidate_digest: str
    consent_root: str | None
    issued_at: datetime

    def to_json(self) -> bytes:
        """Canonical UTF-8 bytes: the same certificate gives the same bytes."""
        value = {"format": FORMAT, **asdict(self)}
        text = json.dumps(value, default=_plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return text.encode("utf-8")


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """What the journey knows of one release and the contract does not."""

    period: str
    counts: Mapping[str, int]
    measures: Mapping[str, float]
    verdict: str
    approval: Approval
    candidate_digest: str
    issued_at: datetime
    remarks: tuple[str, ...] = ()
    coverage: str | None = None
    consent_root: str | None = None
    files: tuple[CertifiedFile, ...] = ()


def certify(contract: Contract, territory: Territory, facts: ReleaseFacts) -> Certificate:
    """Return the certificate of a release: the contract's promises beside what was counted and measured."""
    operator = territory.organizations.get(contract.feed.operator, {}).get("title", contract.feed.operator)
    return Certificate(
        dataset=contract.id,
        title=contract.title,
        version=str(contract.version),
        period=facts.period,
        territory=territory.strategy.territory,
        operator=operator,
        source=_source(contract, operator),
        purpose=contract.description.purpose,
        legal_basis=contract.legal_basis.text,
        treatment_ref=contract.treatment_ref,
        treatments=treatments(contract),
        promises=promises(contract, communes=len(territory.communes)),
        unit=contract.protection_unit.kind if contract.protection_unit else None,
        counts=dict(facts.counts),
        measures=dict(facts.measures),
        coverage=facts.coverage,
        verdict=facts.verdict,
        remarks=facts.remarks,
        approval=facts.approval,
        files=facts.files,
        contract_digest=contract.digest,
        strategy_version=territory.strategy.version,
        strategy_digest=territory.strategy.digest,
        candidate_digest=facts.candidate_digest,
        consent_root=facts.consent_root,
        issued_at=facts.issued_at,
    )


def _source(contract: Contract, operator: str) -> str:
    how = {
        "http_pull": "relevées auprès de son service en ligne",
        "file_drop": "déposées par lui sous forme de fichiers",
    }[contract.feed.connector]
    return f"Données de « {operator} », {how}, puis chiffrées dès leur arrivée."


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"a certificate has no {type(value).__name__}")
