"""A small world for the console: the shipped territory, a journal and lineage events in memory, a clock that is set."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from openlineage.client.event_v2 import RunState
from pydantic import SecretStr

from catalog.lineage import EventBuilder, Stage, StageRun
from catalog.lineage.events import to_json
from console.accounts import Accounts, Person, Role
from console.contexts import Links, Reader
from console.events import ReceivedEvent
from console.records import ReleaseRecord, RunRecord, StageRecord, VerdictRecord
from console.services import Services
from console.sessions import Sessions
from console.theme import Theme
from policies import Contract, Territory, load_territory
from settings.model import SHIPPED_TERRITORY, S3Settings

NOW = datetime(2026, 11, 4, 10, 0, tzinfo=UTC)
PASSWORD = "correct horse"
TOKEN = "lineage-token"
BUILDER = EventBuilder("angers", S3Settings())


@dataclass
class MemoryJournal:
    all_runs: list[RunRecord] = field(default_factory=list)
    all_releases: dict[str, list[ReleaseRecord]] = field(default_factory=dict)

    def runs(self, dataset: str, limit: int) -> Sequence[RunRecord]:
        return [run for run in self.all_runs if run.dataset == dataset][:limit]

    def run(self, dataset: str, run_id: str) -> RunRecord | None:
        return next((run for run in self.all_runs if (run.dataset, run.run_id) == (dataset, run_id)), None)

    def releases(self, dataset: str) -> Sequence[ReleaseRecord]:
        return self.all_releases.get(dataset, [])


@dataclass
class MemoryLineage:
    events: list[ReceivedEvent] = field(default_factory=list)

    def record(self, event: ReceivedEvent, now: datetime) -> None:
        if event not in self.events:
            self.events.append(event)

    def latest(self, dataset: str) -> Sequence[Mapping[str, Any]]:
        found = [one for one in self.events if one.dataset == dataset and one.event_type == "COMPLETE"]
        latest = {one.stage: one for one in sorted(found, key=lambda one: one.event_time)}
        return [one.body for one in sorted(latest.values(), key=lambda one: one.event_time)]


@cache
def territory() -> Territory:
    return load_territory(SHIPPED_TERRITORY)


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


def lineage_of(*datasets: str) -> MemoryLineage:
    from console.events import receive

    stages = (Stage.INGEST, Stage.DEIDENTIFY, Stage.ANONYMIZE, Stage.PUBLISH)
    return MemoryLineage([receive(event(stage, dataset)) for dataset in datasets for stage in stages])


def collected(dataset: str, run_id: str, when: datetime, **counts: int) -> RunRecord:
    return RunRecord(
        run_id,
        dataset,
        (
            StageRecord("ingest", "done", when, None, 2.4, {"deliveries": 1, "bytes": 1_280_000}),
            StageRecord("deidentify", "done", when + timedelta(seconds=3), None, 14.8, counts),
        ),
    )


def released(
    dataset: str, run_id: str, when: datetime, period: str, verdict: VerdictRecord, **counts: int
) -> RunRecord:
    stages = [
        StageRecord("anonymize", "done", when, period, 6.1, counts),
        StageRecord("assess", "done", when + timedelta(seconds=7), period, 3.3, {"candidate_rows": 812}),
    ]
    if verdict.verdict == "publishable" or verdict.approved:
        stages.append(StageRecord("publish", "done", when + timedelta(seconds=11), period, 8.0, {"published": 812}))
    return RunRecord(run_id, dataset, tuple(stages), (verdict,))


def verdict(kind: str, period: str, **fields: Any) -> VerdictRecord:
    reasons = ("Le contrat demande l'accord d'une personne.",) if kind == "needs_approval" else ()
    return VerdictRecord("c" * 64, period, kind, reasons, {"k": 11.0, "prosecutor_risk": 0.0909}, "1.0.0", **fields)


def journal() -> MemoryJournal:
    morning = NOW - timedelta(hours=2)
    failed = RunRecord(
        "scheduled__2026-11-04T09:55:00+00:00",
        "parking",
        (StageRecord("ingest", "failed", NOW - timedelta(minutes=5), None, 30.2, {}, "SourceUnavailableError"),),
    )
    return MemoryJournal(
        [
            failed,
            released("parking", "release-parking", morning, "2026-11-03", verdict("publishable", "2026-11-03")),
            collected("parking", "collect-parking", morning, rows_in=5184, rejected=12, duplicates=40, stored=5132),
            released(
                "citizen-reports",
                "release-reports",
                morning,
                "2026-10",
                verdict("needs_approval", "2026-10"),
                suppressed_rows=31,
            ),
            collected("citizen-reports", "collect-reports", morning, rows_in=2000, rejected=3, stored=1997),
        ],
        {"parking": [ReleaseRecord(1, "2026-11-03", 5132, "http://ckan/dataset/parking", "release-parking", morning)]},
    )


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
    lineage = replaced.pop("lineage", None) or lineage_of("parking", "citizen-reports")
    reader = Reader(
        territory(),
        replaced.pop("journal", None) or journal(),
        lineage,
        Links("http://127.0.0.1:8080", "http://127.0.0.1:5000"),
    )
    values: dict[str, Any] = {
        "accounts": accounts(),
        "sessions": Sessions(SecretStr("s" * 40)),
        "reader": reader,
        "lineage": lineage,
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
