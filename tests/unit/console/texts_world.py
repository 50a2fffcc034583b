"""A candidate with redacted texts that waits for a decision, as the console's tests and its browser look at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pyarrow as pa

from anonymization.candidate import ReleaseCounts, Released
from console.proofreading import Proofreading
from console.services import Services
from pipeline.candidate import write_candidate
from policies import Contract, Territory
from policies.contract import DatasetId, ReleasedColumn
from storage import DatasetRef, Journal, Manifest, MemoryObjectStore, ObjectStore, Zone
from tests.unit.console.world import MORNING, WAITING_RUN, access, contract, journal, services, territory

PERIOD = "2026-10"
HOSTILE = "<script>alert('x')</script> <b>gras</b> & <NOM> dit \u202egnirts\u202c non"
TEXTS = (
    "Lampadaire éteint devant chez Mme <NOM>, rappeler au <TELEPHONE>.\nMerci !",
    "Dépôt sauvage derrière l'école, signalé trois fois par le boulanger.",
    HOSTILE,
    "Dépôt sauvage derrière l'école, signalé trois fois par le boulanger.",
    "a" * 400,
)


def contract_with_texts() -> Contract:
    """The reports' contract, if it published what people write."""
    reports = contract("citizen-reports")
    text = ReleasedColumn("texte", ("texte",), "string", description="Texte expurgé")
    return replace(reports, release=replace(reports.release, columns=(*reports.release.columns, text)))


def territory_with_texts() -> Territory:
    shipped = territory()
    return replace(shipped, contracts=shipped.contracts | {DatasetId("citizen-reports"): contract_with_texts()})


def candidate_of(store: ObjectStore, texts: Sequence[str | None]) -> DatasetRef:
    """A candidate as *anonymize* writes it: rows, units, and evidence."""
    rows = len(texts)
    table = pa.table({"categorie": pa.array(["Propreté"] * rows), "texte": pa.array(texts, pa.string())})
    evidence = pa.table({"unit": pa.array(range(rows), pa.int64())})
    released = Released(table, ReleaseCounts(rows, 0, 0, rows), pa.array([5] * rows, pa.int64()), evidence)
    trusted = Manifest(Zone.TRUSTED, "citizen-reports", "1.0.0", PERIOD, (), "e" * 64, (), ("d",), None, "code")
    ref = DatasetRef(Zone.TRUSTED, "citizen-reports", "1.0.0", PERIOD, "trusted/x", "f" * 64)
    return write_candidate(store, released, trusted, ref, name="candidate", version="1.0.0", code="code")


def judged(found: Journal, digest: str, contract_version: str | None = None) -> None:
    """A verdict that asks for a person."""
    version, when = contract_version or contract_with_texts().digest, MORNING + timedelta(minutes=1)
    found.record_verdict(
        digest, "citizen-reports", PERIOD, WAITING_RUN, "needs_approval", [], {}, version, "1", None, when
    )


def waiting(texts: Sequence[str | None] = TEXTS) -> tuple[Services, Journal, str, MemoryObjectStore]:
    """Services, journal, the candidate's digest, and where it lies."""
    store, found = MemoryObjectStore(), journal()
    ref = candidate_of(store, texts)
    judged(found, ref.digest)
    proofreading = Proofreading(store, access())
    return (
        services(journal=found, territory=territory_with_texts(), proofreading=proofreading),
        found,
        ref.digest,
        store,
    )
