"""Fourth stage: measure what was made, against contract and strategy. The verdict is data, and is kept for ever.

Nothing is repaired here. A verdict is `refused` (with reasons a steward can read), `needs_approval` or `publishable`;
it is bound to the digest of the candidate, to the versions it was judged under and to the consent of that moment.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from anonymization.differences import Earlier
from anonymization.measures import Measures, measure_release
from anonymization.text.kinds import IN_WORDS
from anonymization.text.leftovers import leftovers
from catalog.lineage import Stage
from pipeline.anonymize import consent_is_current
from pipeline.candidate import Candidate, read_candidate
from pipeline.hub import Hub
from pipeline.judges import judge
from pipeline.judging import Judgment
from pipeline.judging_known import look_for_known
from pipeline.stage import stage
from policies.contract import Contract
from storage import DatasetRef, canonical_json
from storage.zones import verdict_key

VerdictWord = Literal["publishable", "needs_approval", "refused"]
CONSENT_CHANGED = "Le consentement a changé depuis la préparation de cette publication : relancez la diffusion."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is thought of a candidate."""

    candidate: DatasetRef
    word: VerdictWord
    reasons: tuple[str, ...]  # French, one sentence each
    counts: dict[str, int]
    measures: dict[str, float]
    details: Mapping[str, Any] = field(default_factory=dict)  # JSON, by kind: for the certificate


def assess(hub: Hub, contract: Contract, run_id: str, period: str, ref: DatasetRef) -> Verdict:
    """Judge a candidate and write the verdict to the journal and to the audit zone."""
    with stage(hub, Stage.ASSESS, contract, run_id, period, [ref]) as report:
        candidate = read_candidate(hub.private, ref, evidence=True)
        measures = measure_release(
            candidate.table,
            candidate.evidence,
            contract.release,
            contract.protection_unit,
            hub.territory.strategy,
            candidate.counts,
            _earlier(hub, contract, period),
        )
        verdict = _verdict(hub, contract, ref, candidate, measures, judge(hub, contract, period, candidate))
        report.add(**verdict.counts)
        _keep(hub, contract, run_id, period, candidate, verdict)
        return verdict


def _verdict(
    hub: Hub, contract: Contract, ref: DatasetRef, candidate: Candidate, measures: Measures, judged: Judgment
) -> Verdict:
    refusals = [*(finding.message for finding in measures.violations), *judged.violations]
    if not consent_is_current(hub, contract, candidate.manifest):
        refusals.append(CONSENT_CHANGED)
    refusals += _left_over(hub, contract, candidate)
    met = look_for_known(hub, contract, ref, candidate)
    refusals += met.refusals
    if candidate.table.num_rows == 0 and not judged.violations:
        refusals.append("Aucune ligne ne peut être publiée : toutes sont sous les seuils du contrat.")
    word: VerdictWord = "refused" if refusals else "needs_approval" if contract.approval else "publishable"
    reasons = (*refusals, *(finding.message for finding in measures.remarks), *judged.remarks, *met.remarks)
    numbers = measures.numbers() | dict(judged.numbers)
    return Verdict(ref, word, reasons, candidate.counts.to_json(), numbers, judged.details)


def _left_over(hub: Hub, contract: Contract, candidate: Candidate) -> list[str]:
    """What the detector of personal data sees in the candidate, apart from what its columns may hold."""
    sources = {column.name: frozenset(column.privacy.may_hold) for column in contract.columns}
    may_hold = {
        column.name: frozenset[str]().union(*(sources.get(name, frozenset()) for name in column.sources))
        for column in contract.release.columns
    }
    territory = hub.territory
    known = (*territory.known_people, *(commune.name for commune in territory.communes))
    return [
        f"La colonne « {found.column} » contient {found.texts} texte(s) où se lisent {IN_WORDS[found.kind]} ; "
        "si c'est voulu, son contrat le dit dans « mayHold »."
        for found in leftovers(candidate.table, may_hold, known)
    ]


def _earlier(hub: Hub, contract: Contract, period: str) -> Earlier | None:
    """The last release of the same period, as anyone may have kept it."""
    releases = hub.journal.releases(str(contract.id), contract.version.major)
    last = next((release for release in releases if release.period == period), None)
    if last is None:
        return None
    parquet = next((file for file in last.files if file["format"] == "parquet"), None)
    if parquet is None:
        return None
    table: pa.Table = pq.read_table(io.BytesIO(hub.open.get(str(parquet["key"]), str(parquet["digest"]))))
    return Earlier(table)


def _keep(hub: Hub, contract: Contract, run_id: str, period: str, candidate: Candidate, verdict: Verdict) -> None:
    digest = verdict.candidate.digest
    strategy = hub.territory.strategy
    record = {
        "candidate": verdict.candidate.to_json(),
        "verdict": verdict.word,
        "reasons": list(verdict.reasons),
        "counts": verdict.counts,
        "measures": {name: repr(value) for name, value in verdict.measures.items()},
        "contract": {"id": str(contract.id), "version": str(contract.version), "digest": contract.digest},
        "strategy": {"version": strategy.version, "digest": strategy.digest},
        "consent_root": candidate.manifest.consent_root,
        "details": json.dumps(verdict.details, sort_keys=True),
    }
    hub.audit.put(verdict_key(str(contract.id), period, digest), canonical_json(record), media_type="application/json")
    hub.journal.record_verdict(
        digest,
        str(contract.id),
        period,
        run_id,
        verdict.word,
        list(verdict.reasons),
        verdict.measures,
        contract_version=contract.digest,
        strategy_version=strategy.digest,
        consent_root=candidate.manifest.consent_root,
        judged_at=hub.now(),
    )
