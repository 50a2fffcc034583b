"""The catalogue page of a release, from contract, verdict, decision and files; and its certificate, put beside them."""

from __future__ import annotations

import json
from typing import Any

from catalog import Certificate, DatasetPage, PublishedFile, certify
from catalog.certificate_sections import sections
from pipeline.candidate import Candidate
from pipeline.hub import Hub
from pipeline.publication.files import OpenFile
from policies.contract import Contract
from storage.journal_records import DecisionRecord, VerdictRecord
from storage.zones import certificate_key, open_key, verdict_key

ROWS_AT_A_TIME = 16_384
CERTIFICATE = "certificat"


def dataset_page(
    hub: Hub,
    contract: Contract,
    run_id: str,
    period: str,
    candidate: Candidate,
    certificate: Certificate,
    files: list[OpenFile],
) -> DatasetPage:
    """Return the dataset's page as it must be once this period is out."""
    newest = any(file.latest for file in files)
    earlier = [
        OpenFile(**file)
        for release in hub.journal.releases(str(contract.id), contract.version.major)
        if release.period != period
        for file in release.files
        if not (file["latest"] and newest)
    ]
    whole = sorted([*files, *earlier], key=lambda file: (not file.latest, _descending(file.period), file.format))
    return DatasetPage(
        contract=contract,
        territory=hub.territory,
        period=period,
        periods=tuple(sorted({file.period for file in whole}, reverse=True)),
        files=tuple(_published(hub, file) for file in whole),
        table=candidate.table.to_batches(ROWS_AT_A_TIME) if contract.release.searchable else [],
        certificate=certificate,
        released_at=hub.now(),
        coverage_note=coverage_note(contract),
        certificate_url=_address(hub, _certificate_key(contract, period, "html")),
        run_id=run_id,
    )


def write_certificate(
    hub: Hub,
    contract: Contract,
    period: str,
    candidate: Candidate,
    verdict: VerdictRecord,
    decision: DecisionRecord | None,
) -> Certificate:
    """Make the certificate of a release; put it in the open bucket, for people and machines, and in the audit zone."""
    certificate = certify(
        contract,
        hub.territory,
        period,
        candidate_digest=verdict.candidate_digest,
        counts=candidate.counts.to_json(),
        measures=dict(verdict.measures),
        judged_at=verdict.judged_at,
        approved_at=decision.decided_at if decision else None,
        coverage=coverage_note(contract),
        remarks=tuple(verdict.reasons),
        consent_root=verdict.consent_root,
        sections=sections(contract, _details(hub, contract, period, verdict)),
    )
    html, json = certificate.to_html(), certificate.to_json()
    hub.open.put(_certificate_key(contract, period, "html"), html, media_type="text/html; charset=utf-8")
    hub.open.put(_certificate_key(contract, period, "json"), json, media_type="application/json")
    hub.audit.put(
        certificate_key(str(contract.id), period, verdict.candidate_digest), json, media_type="application/json"
    )
    return certificate


def _details(hub: Hub, contract: Contract, period: str, verdict: VerdictRecord) -> dict[str, Any]:
    """What the verdict found of this kind of release, as *assess* left it in the audit zone."""
    kept = json.loads(hub.audit.get(verdict_key(str(contract.id), period, verdict.candidate_digest)))
    found: dict[str, Any] = json.loads(kept["details"])
    return found


def coverage_note(contract: Contract) -> str:
    """What must be said where only consenting subjects are counted."""
    if contract.coverage is None:
        return ""
    return "Ces chiffres ne comptent que les participants qui ont donné leur accord ; ce ne sont pas des totaux."


def _certificate_key(contract: Contract, period: str, kind: str) -> str:
    return open_key(str(contract.id), contract.version.major, period, f"{CERTIFICATE}.{kind}")


def _published(hub: Hub, file: OpenFile) -> PublishedFile:
    url = _address(hub, file.key)
    return PublishedFile(file.format, url, file.size, file.digest, file.rows, file.period, file.latest)


def _address(hub: Hub, key: str) -> str:
    """Where anyone can read an object of the open bucket."""
    return f"{hub.settings.s3.endpoint.rstrip('/')}/{hub.settings.s3.open_bucket}/{key}"


def _descending(period: str) -> tuple[int, ...]:
    return tuple(-ord(letter) for letter in period)
