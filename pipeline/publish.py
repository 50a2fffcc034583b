"""Last stage: promote a candidate to open, and make or update its page in the catalogue.

It trusts no task state. It asks the journal for the verdict and, where the strategy wants a person, for an approval of
exactly this candidate, under exactly these versions; and it refuses if consent changed meanwhile. Files first, then the
page, then the journal, then what is superseded or past its time goes: whatever it dies in, running it again ends the
same, and until the journal has the release the period stays dirty, so that a catalogue that is away loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.lineage import Stage
from pipeline.anonymize import consent_is_current
from pipeline.candidate import Candidate, read_candidate
from pipeline.errors import ConsentChangedError, NotApprovedError, NotPublishableError
from pipeline.hub import Hub
from pipeline.publication.files import OpenFile, delete_superseded, release_name, write_files
from pipeline.publication.page import dataset_page, write_certificate
from pipeline.publication.withdrawal import finish_withdrawals, retire
from pipeline.stage import StageReport, stage
from policies.contract import Contract
from storage import DatasetRef
from storage.journal_records import DecisionRecord, VerdictRecord


@dataclass(frozen=True, slots=True)
class Release:
    """What is now public."""

    url: str
    rows: int
    files: tuple[OpenFile, ...]
    deliveries: tuple[str, ...] = ()  # that it was made of: what is known of their identifiers is to be forgotten


def publish(hub: Hub, contract: Contract, run_id: str, period: str, ref: DatasetRef) -> Release:
    """Publish a candidate.

    Raises:
        NotPublishableError, NotApprovedError, ConsentChangedError: nothing was published.
    """
    with stage(hub, Stage.PUBLISH, contract, run_id, period, [ref]) as report:
        verdict = _verdict(hub, contract, period, ref)
        decision = _decision(hub, contract, period, ref, verdict)
        finish_withdrawals(hub, contract, run_id)
        candidate = read_candidate(hub.private, ref, evidence=False)
        if not consent_is_current(hub, contract, candidate.manifest):
            raise ConsentChangedError(f"{contract.id} {period}: consent changed since the verdict; release it again")
        release = release_name(contract, candidate.manifest.content)
        newest = _is_newest(hub, contract, period)
        files = write_files(hub.open, contract, period, release, candidate.table, newest=newest)
        certificate = write_certificate(hub, contract, period, candidate, verdict, decision, files)
        page = dataset_page(hub, contract, run_id, period, candidate, certificate, files)
        published = hub.catalogue().publish(page)
        _record(hub, contract, run_id, period, ref, candidate, files, published.url)
        _tidy(hub, contract, run_id, period, report)
        report.add(published=candidate.table.num_rows, files=len(files))
        report.outputs.append(ref)
        return Release(published.url, candidate.table.num_rows, tuple(files), candidate.manifest.deliveries)


def _tidy(hub: Hub, contract: Contract, run_id: str, period: str, report: StageReport) -> None:
    """Once the release is recorded: older ones beyond those that are kept, and periods past their time."""
    standing = hub.journal.standing_releases(str(contract.id))
    current = next(each for each in standing if (each.major, each.period) == (contract.version.major, period))
    superseded = delete_superseded(hub.open, standing, current, hub.territory.strategy.keep_versions)
    if superseded:
        report.add(superseded_files=superseded)
    if retired := retire(hub, contract, run_id):
        report.add(retired_periods=retired)


def _verdict(hub: Hub, contract: Contract, period: str, ref: DatasetRef) -> VerdictRecord:
    verdict = hub.journal.verdict(ref.digest)
    if verdict is None:
        raise NotPublishableError(f"{contract.id} {period}: nobody judged this candidate; run « assess » on it")
    if verdict.verdict == "refused":
        raise NotPublishableError(f"{contract.id} {period}: the verdict is a refusal; its reasons stand in the console")
    versions = (verdict.contract_version, verdict.strategy_version)
    if versions != (contract.digest, hub.territory.strategy.digest):
        raise ConsentChangedError(
            f"{contract.id} {period}: contract or strategy changed since the verdict; release it again"
        )
    return verdict


def _decision(
    hub: Hub, contract: Contract, period: str, ref: DatasetRef, verdict: VerdictRecord
) -> DecisionRecord | None:
    """The approval of exactly this candidate, where one is needed."""
    if verdict.verdict != "needs_approval" and not contract.approval:
        return None
    decision = hub.journal.decision(ref.digest)
    if decision is None or not decision.approved:
        raise NotApprovedError(f"{contract.id} {period}: no approval of this candidate was recorded; it stays private")
    if (decision.contract_version, decision.strategy_version) != (contract.digest, hub.territory.strategy.digest):
        raise NotApprovedError(f"{contract.id} {period}: the approval was given under other versions; ask for it again")
    return decision


def _is_newest(hub: Hub, contract: Contract, period: str) -> bool:
    released = hub.journal.releases(str(contract.id), contract.version.major)
    return all(release.period <= period for release in released)


def _record(
    hub: Hub,
    contract: Contract,
    run_id: str,
    period: str,
    ref: DatasetRef,
    candidate: Candidate,
    files: list[OpenFile],
    url: str,
) -> None:
    """Write down the release, and that the period is clean as far as this candidate goes."""
    dataset, major = str(contract.id), contract.version.major
    hub.journal.record_release(
        dataset,
        major,
        period,
        ref.digest,
        candidate.manifest.content,
        candidate.table.num_rows,
        url,
        run_id,
        [file.to_json() for file in files],
        hub.now(),
    )
    hub.journal.mark_released(dataset, major, period, candidate.trusted_content)
