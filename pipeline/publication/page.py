"""The catalogue page of a release, from contract, verdict, decision and files; and its certificate, put beside them."""

from __future__ import annotations

import json
from typing import Any

from catalog import Certificate, DatasetPage, PublishedFile, certify
from catalog.certificate_sections import sections
from pipeline.candidate import Candidate
from pipeline.hub import Hub
from pipeline.publication.checkable import certified_files, checkable
from pipeline.publication.files import OpenFile, release_name, schema_key
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
    release = release_name(contract, candidate.manifest.content)
    earlier = [
        OpenFile(**file)
        for each in hub.journal.releases(str(contract.id), contract.version.major)
        if each.period != period
        for file in each.files
        if not (file["latest"] and newest)
    ]
    whole = sorted([*files, *earlier], key=lambda file: (not file.latest, _descending(file.period), file.format))
    return DatasetPage(
        contract=contract,
        territory=hub.territory,
        period=period,
        periods=tuple(sorted({file.period for file in whole}, reverse=True)),
        files=tuple(published_file(hub, file) for file in whole),
        table=candidate.table.to_batches(ROWS_AT_A_TIME) if contract.release.searchable else [],
        certificate=certificate,
        released_at=hub.now(),
        coverage_note=coverage_note(contract),
        certificate_url=_address(hub, _certificate_key(contract, period, release, "html")),
        run_id=run_id,
    )


def write_certificate(
    hub: Hub,
    contract: Contract,
    period: str,
    candidate: Candidate,
    verdict: VerdictRecord,
    decision: DecisionRecord | None,
    files: list[OpenFile],
) -> Certificate:
    """Make the certificate of a release; put it in the open bucket, for people and machines, and in the audit zone."""
    details, check = _details(hub, contract, period, verdict), checkable(contract, files)
    if check is not None and check["kind"] == "records" and "records" in details:
        details["records"]["verification"] = check
    counts, measures = _banded(contract, candidate, dict(verdict.measures), hub.territory.strategy.minimum_k)
    certificate = certify(
        contract,
        hub.territory,
        period,
        candidate_digest=verdict.candidate_digest,
        counts=counts,
        measures=measures,
        judged_at=verdict.judged_at,
        approved_at=decision.decided_at if decision else None,
        coverage=coverage_note(contract),
        remarks=tuple(verdict.reasons),
        consent_root=verdict.consent_root,
        sections=sections(contract, details),
        verification=check,
        files=certified_files(files),
    )
    release = release_name(contract, candidate.manifest.content)
    json = certificate.to_json()
    for kind, written, media_type in (
        ("html", certificate.to_html(), "text/html; charset=utf-8"),
        ("pdf", certificate.to_pdf(), "application/pdf"),
        ("json", json, "application/json"),
    ):
        hub.open.put(_certificate_key(contract, period, release, kind), written, media_type=media_type)
    hub.audit.put(
        certificate_key(str(contract.id), period, verdict.candidate_digest), json, media_type="application/json"
    )
    return certificate


def _banded(
    contract: Contract, candidate: Candidate, measures: dict[str, float], floor: int
) -> tuple[dict[str, int], dict[str, float]]:
    """Counts and measures without those that would tell a count above zero and under the floor of records."""
    counts = candidate.counts.to_json()
    if contract.release.kind != "records" or contract.protection_unit is None:
        return counts, measures
    least = max(contract.release.k or 0, floor)
    if 0 < counts["suppressed_rows"] < least:
        for name in ("rows_in", "suppressed_rows"):
            del counts[name]
        measures.pop("suppressed_share", None)
    if 0 < counts["suppressed_cells"] < least or "suppressed_rows" not in counts:
        del counts["suppressed_cells"]
    return counts, measures


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


def _certificate_key(contract: Contract, period: str, release: str, kind: str) -> str:
    return open_key(str(contract.id), contract.version.major, period, f"{CERTIFICATE}.{kind}", release)


def published_file(hub: Hub, file: OpenFile) -> PublishedFile:
    """Return a file of the open bucket as the catalogue shows it."""
    url = _address(hub, file.key)
    schema = _address(hub, schema_key(file.key)) if file.format == "csv" else ""
    return PublishedFile(file.format, url, file.size, file.digest, file.rows, file.period, file.latest, schema)


def _address(hub: Hub, key: str) -> str:
    """Where anyone can read an object of the open bucket."""
    return f"{hub.settings.s3.endpoint.rstrip('/')}/{hub.settings.s3.open_bucket}/{key}"


def _descending(period: str) -> tuple[int, ...]:
    return tuple(-ord(letter) for letter in period)
