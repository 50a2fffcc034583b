"""A small world for the console: the shipped territory, a journal and lineage events in memory, a clock that is set."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from openlineage.client.event_v2 import RunState
from pydantic import SecretStr

from catalog.lineage import EventBuilder, Stage, StageRun
from catalog.lineage.events import to_json
from console.accounts import Accounts, Person, Role
from console.contexts import Links, Reader
from console.events import receive
from console.proofreading import Proofreading
from console.services import Services
from console.sessions import Sessions
from console.theme import Theme
from policies import Contract, Territory, load_territory
from policies.access import AccessPolicies, load_access
from settings.model import SHIPPED_TERRITORY, S3Settings
from storage import Journal, LineageEvents, MemoryObjectStore, memory_engine

NOW = datetime(2026, 11, 4, 10, 0, tzinfo=UTC)
PASSWORD = "correct horse"
TOKEN = "lineage-token"
BUILDER = EventBuilder("angers", S3Settings())


@cache
def territory() -> Territory:
    """Three of the shipped datasets: an open one, one that waits for a person, one under consent."""
    whole = load_territory(SHIPPED_TERRITORY)
    shown = ("parking", "citizen-reports", "water-meters")
    return replace(whole, contracts={name: one for name, one in whole.contracts.items() if name in shown})


@cache
def access() -> AccessPolicies:
    return load_access(SHIPPED_TERRITORY)


def contract(dataset: str) -> Contract:
    return next(one for name, one in territory().contracts.items() if str(name) == dataset)


@cache
def accounts() -> Accounts:
    return Accounts(
        {
            Person("dpo", Role.DPO): SecretStr(PASSWORD),
            Person("steward", Role.STEWARD): SecretStr(PASSWORD + " 2"),
        }
    )


def event(stage: Stage, dataset: str, state: RunState = RunState.COMPLETE, **fields: Any) -> bytes:
    run = StageRun(stage, contract(dataset), fields.pop("run_id", "run"), **fields)
    return to_json(BUILDER.build(state, run, NOW + timedelta(seconds=list(Stage).index(stage))))


def lineage_of(*datasets: str) -> LineageEvents:
    events = LineageEvents(memory_engine())
    for dataset in datasets:
        for stage in (Stage.INGEST, Stage.DEIDENTIFY, Stage.ANONYMIZE, Stage.PUBLISH):
            events.record(receive(event(stage, dataset)), NOW)
    return events


def stage(
    journal: Journal,
    dataset: str,
    run_id: str,
    name: str,
    when: datetime,
    period: str | None = None,
    seconds: float = 2.4,
    error: str | None = None,
    **counts: int,
) -> None:
    journal.start_stage(run_id, dataset, period, name, when)
    status = "failed" if error else "succeeded"
    journal.finish_stage(run_id, dataset, period, name, counts, seconds, status, error)


def verdict(journal: Journal, dataset: str, period: str, run_id: str, kind: str, when: datetime, digest: str) -> None:
    reasons = ["Le contrat demande l'accord d'une personne."] if kind == "needs_approval" else []
    measures = {"k": 11, "prosecutor_risk": 0.0909, "smallest_cell": None}
    journal.record_verdict(
        digest * 64, dataset, period, run_id, kind, reasons, measures, "1.0.0", "1", None, when + timedelta(seconds=10)
    )


def decide(journal: Journal, digest: str, approved: bool) -> None:
    journal.record_decision(digest * 64, "1.0.0", "1", approved, "steward", "operator", "", NOW)


def release(journal: Journal, dataset: str, period: str, run_id: str, rows: int, when: datetime) -> None:
    address = f"http://127.0.0.1:5000/dataset/{dataset}"
    journal.record_release(dataset, 1, period, "d" * 64, "e" * 64, rows, address, run_id, [], when)


MORNING = NOW - timedelta(hours=2)
RELEASED_RUN = "manual__release-1"
WAITING_RUN = "asset_triggered__2026-11-04T08:00:00.012150+00:00_EINrgRRx"
FAILED_RUN = "scheduled__2026-11-04T09:55:00+00:00"


def journal() -> Journal:
    """Parking is published and its last collection failed; the reports wait for a person; water has not begun."""
    found = Journal(memory_engine())
    second = timedelta(seconds=1)
    counts = {
        "rows_in": 5184,
        "rejected": 12,
        "rejected_nullValues": 4,
        "rejected_tooLate": 8,
        "duplicates": 40,
        "found_NOM": 3,
        "found_TELEPHONE": 9,
        "stored": 5132,
    }
    stage(found, "parking", "collect-parking", "ingest", MORNING - 60 * second, deliveries=1, bytes=1_280_000)
    stage(found, "parking", "collect-parking", "deidentify", MORNING - 50 * second, seconds=14.8, **counts)
    day = "2026-11-03"
    stage(found, "parking", RELEASED_RUN, "anonymize", MORNING, day, published_rows=5132)
    stage(found, "parking", RELEASED_RUN, "assess", MORNING + 7 * second, day)
    stage(found, "parking", RELEASED_RUN, "publish", MORNING + 11 * second, day, published=5132)
    verdict(found, "parking", day, RELEASED_RUN, "publishable", MORNING, "a")
    release(found, "parking", day, RELEASED_RUN, 5132, MORNING + 20 * second)
    stage(found, "parking", FAILED_RUN, "ingest", NOW - 300 * second, seconds=30.2, error="outage")
    stage(found, "citizen-reports", "collect-reports", "ingest", MORNING - 40 * second, deliveries=1)
    counts = {"rows_in": 2000, "rejected": 3, "stored": 1997}
    stage(found, "citizen-reports", "collect-reports", "deidentify", MORNING - 30 * second, **counts)
    stage(found, "citizen-reports", WAITING_RUN, "anonymize", MORNING, "2026-10", suppressed_rows=31)
    stage(found, "citizen-reports", WAITING_RUN, "assess", MORNING + 4 * second, "2026-10", published_rows=812)
    verdict(found, "citizen-reports", "2026-10", WAITING_RUN, "needs_approval", MORNING, "c")
    return found


@cache
def shared_journal() -> Journal:
    """The same for all who only read it."""
    return journal()


@cache
def shared_lineage() -> LineageEvents:
    """Of every dataset, for all who do not count events."""
    return lineage_of("parking", "citizen-reports", "water-meters")


@dataclass
class Clock:
    now: datetime = NOW
    seconds: float = 1000.0

    def wall(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.seconds


def services(clock: Clock | None = None, **replaced: Any) -> Services:
    clock = clock or Clock()
    lineage = replaced.pop("lineage", None) or shared_lineage()
    reader = Reader(
        replaced.pop("territory", None) or territory(),
        replaced.pop("journal", None) or shared_journal(),
        lineage,
        Links("http://127.0.0.1:8080"),
    )
    values: dict[str, Any] = {
        "accounts": accounts(),
        "sessions": Sessions(SecretStr("s" * 40)),
        "reader": reader,
        "lineage": lineage,
        "proofreading": Proofreading(MemoryObjectStore(), access()),
        "lineage_token": SecretStr(TOKEN),
        "theme": Theme("Angers Loire Métropole"),
        "version": "0.1.0",
        "database_ready": lambda: True,
        "wall": clock.wall,
        "monotonic": clock.monotonic,
    }
    return Services(**(values | replaced))


def as_document(raw: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(raw)
    return found
