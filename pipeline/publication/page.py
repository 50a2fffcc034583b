"""The catalogue page of a release, from contract, verdict, decision and files."""

from __future__ import annotations

from catalog.certificate import Certificate, floors, treated_columns
from catalog.page import DatasetPage, PublishedFile
from pipeline.candidate import Candidate
from pipeline.hub import Hub
from pipeline.publication.files import OpenFile
from policies.contract import Contract
from storage.journal_records import DecisionRecord, VerdictRecord

ROWS_AT_A_TIME = 16_384


def dataset_page(
    hub: Hub,
    contract: Contract,
    period: str,
    candidate: Candidate,
    verdict: VerdictRecord,
    decision: DecisionRecord | None,
    files: list[OpenFile],
) -> DatasetPage:
    """Return the dataset's page as it must be once this period is out."""
    earlier = [
        OpenFile(**file)
        for release in hub.journal.releases(str(contract.id), contract.version.major)
        if release.period != period
        for file in release.files
        if not (file["latest"] and any(new.latest for new in files))
    ]
    whole = sorted([*files, *earlier], key=lambda file: (not file.latest, _descending(file.period), file.format))
    periods = sorted({file.period for file in whole}, reverse=True)
    return DatasetPage(
        contract=contract,
        territory=hub.territory,
        period=period,
        periods=tuple(periods),
        files=tuple(_published(hub, file) for file in whole),
        table=candidate.table.to_batches(ROWS_AT_A_TIME) if contract.release.searchable else [],
        certificate=certificate(hub, contract, period, candidate, verdict, decision),
        released_at=hub.now(),
        coverage_note=coverage_note(contract),
    )


def certificate(
    hub: Hub,
    contract: Contract,
    period: str,
    candidate: Candidate,
    verdict: VerdictRecord,
    decision: DecisionRecord | None,
) -> Certificate:
    """Return the certificate of a release."""
    organization = hub.territory.organizations.get(contract.feed.operator, {})
    return Certificate(
        dataset=str(contract.id),
        title=contract.title,
        period=period,
        contract_version=str(contract.version),
        contract_digest=contract.digest,
        strategy_version=hub.territory.strategy.version,
        candidate_digest=verdict.candidate_digest,
        operator=organization.get("title", contract.feed.operator),
        legal_basis=contract.legal_basis.text,
        treatment_ref=contract.treatment_ref,
        protection_unit=contract.protection_unit.kind if contract.protection_unit else None,
        floors=floors(contract),
        treated=treated_columns(contract),
        counts=candidate.counts.to_json(),
        measures=dict(verdict.measures),
        approved_by=decision.decided_by if decision else None,
        approved_at=decision.decided_at if decision else None,
        judged_at=verdict.judged_at,
        coverage=coverage_note(contract),
    )


def coverage_note(contract: Contract) -> str:
    """What must be said where only consenting subjects are counted."""
    if contract.coverage is None:
        return ""
    return "Ces chiffres ne comptent que les participants qui ont donné leur accord ; ce ne sont pas des totaux."


def _published(hub: Hub, file: OpenFile) -> PublishedFile:
    s3 = hub.settings.s3
    url = f"{s3.endpoint.rstrip('/')}/{s3.open_bucket}/{file.key}"
    return PublishedFile(file.format, url, file.size, file.digest, file.rows, file.period, file.latest)


def _descending(period: str) -> tuple[int, ...]:
    return tuple(-ord(letter) for letter in period)
