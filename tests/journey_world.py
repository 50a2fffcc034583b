"""A small world in which the journey runs in-process: an operator's drop folder, a clock, consent, and a hub.

Behaviour suites (`journey_behaviour.py`, `corrections_behaviour.py`, `known_behaviour.py`) run over two of them:
everything in memory, and the real services.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from catalog import MemoryCatalogue
from pipeline.anonymize import anonymize, current_partition
from pipeline.assess import Verdict, assess
from pipeline.decide import Decision, decide
from pipeline.deidentification.remember import forget
from pipeline.deidentify import Deidentified, deidentify, rebuild
from pipeline.forgetting import forget_refused, is_forgotten
from pipeline.hub import Hub, Role
from pipeline.ingest import ingest
from pipeline.publish import Release, publish
from policies.contract import Contract
from sources import PayloadPart
from storage import DatasetRef, write_delivery

OCTOBER = date(2026, 10, 1)
HEADER = "CONTRAT;COMPTEUR;ADRESSE;CODE_INSEE;DATE;INDEX_M3;CONSO_L;VERSION"


@dataclass(slots=True)
class Clock:
    """The time everybody agrees on."""

    at: datetime = datetime(2026, 11, 5, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=1)  # things happen one after another
        return self.at

    def forward(self, step: timedelta) -> None:
        self.at += step


class Consenting(Protocol):
    """Gives and withdraws consent for meters' contracts."""

    def give(self, contracts: Iterable[str]) -> None: ...

    def withdraw(self, contracts: Iterable[str]) -> None: ...


@dataclass(slots=True)
class World:
    """What a test of the journey holds in its hands."""

    hub: Hub  # sees everything: for looking at what was made
    as_role: Callable[[Role], Hub]  # what each stage is given
    clock: Clock
    drop_folder: Path
    consenting: Consenting
    catalogue: MemoryCatalogue
    start_rotation: Callable[[str], int]  # what two officers do; returns the epoch it leads to
    runs: int = 0
    names: list[str] = field(default_factory=list)

    @property
    def water(self) -> Contract:
        return self.hub.contract("water-meters")

    def drop(self, name: str, lines: Iterable[str], header: str = HEADER) -> Path:
        """An operator drops a file, an hour ago."""
        path = self.drop_folder / "water-meters" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        then = (self.clock.at - timedelta(hours=1)).timestamp() + len(self.names)
        os.utime(path, (then, then))
        self.names.append(name)
        return path

    def run_id(self) -> str:
        self.runs += 1
        return f"test__{self.runs:04d}"

    def collect(self, contract: Contract | None = None) -> Deidentified:
        """One visit to the operator."""
        contract = contract or self.water
        run_id = self.run_id()
        landed = ingest(self.as_role("ingest"), contract, run_id)
        return deidentify(self.as_role("deidentify"), contract, run_id, landed)

    def take_in(self, dataset: str, *payloads: bytes, part: str = "part") -> Deidentified:
        """Deliveries of these bytes land as if a connector had brought them, and are taken in."""
        contract, run_id = self.hub.contract(dataset), self.run_id()
        hub, custody = self.as_role("ingest"), self.as_role("ingest").landing_custody()
        refs = []
        for payload in payloads:
            landed = write_delivery(
                hub.private,
                custody,
                [PayloadPart(part, io.BytesIO(payload))],
                dataset=dataset,
                version=str(contract.version),
                source="test",
                fetched_at=self.clock(),
            )
            hub.journal.record_delivery(landed.delivery, dataset, run_id, landed.ref, self.clock())
            refs.append(landed.ref)
        return deidentify(self.as_role("deidentify"), contract, run_id, refs)

    def publish_approved(self, dataset: str, period: str) -> tuple[Verdict, pa.Table]:
        """A period up to the catalogue, approved by a steward where one is asked for; return what is open."""
        contract = self.hub.contract(dataset)
        verdict = self.judge(period, contract)
        if verdict.word == "needs_approval":
            decide(
                self.as_role("decide"), contract, self.run_id(), period, verdict.candidate, Decision(True, "steward")
            )
        self.publish(period, verdict.candidate, contract)
        (release,) = [one for one in self.hub.journal.releases(dataset) if one.period == period]
        keys = [str(file["key"]) for file in release.files if not file["latest"]]
        (key,) = [key for key in keys if key.endswith(f"{period}.parquet")]
        return verdict, pq.read_table(pa.BufferReader(self.hub.open.get(key)))

    def judge(self, period: str, contract: Contract | None = None) -> Verdict:
        """A period, up to its verdict."""
        contract = contract or self.water
        run_id = self.run_id()
        ours = self.as_role("anonymize")
        trusted = current_partition(ours, contract, period)[1]
        if is_forgotten(ours, lambda: self.as_role("deidentify"), contract, period, trusted):
            rebuild(self.as_role("deidentify"), contract, run_id, period, trusted.deliveries)
        return self.assess(period, anonymize(ours, contract, run_id, period), contract)

    def assess(self, period: str, candidate: DatasetRef, contract: Contract | None = None) -> Verdict:
        """A candidate, judged."""
        contract, ours = contract or self.water, self.as_role("assess")
        verdict = assess(ours, contract, self.run_id(), period, candidate)
        if verdict.word == "refused":
            forget_refused(ours, lambda: self.as_role("deidentify"), contract, period, candidate)
        return verdict

    def release(self, period: str, contract: Contract | None = None) -> Release:
        """A period, published without anybody's approval."""
        contract = contract or self.water
        return self.publish(period, self.judge(period, contract).candidate, contract)

    def publish(self, period: str, candidate: DatasetRef, contract: Contract | None = None) -> Release:
        """A candidate, published if it may be."""
        contract = contract or self.water
        release = publish(self.as_role("publish"), contract, self.run_id(), period, candidate)
        forget(self.as_role("deidentify"), contract, period, release.deliveries)
        return release

    def commune(self, period: str, insee: str = "49007", table: str = "water-meters") -> dict[str, Any]:
        """The published row of a commune."""
        rows = self.catalogue.tables[(table, period)].to_pylist()
        return next(row for row in rows if row["code_commune"] == insee)

    def published(self, period: str) -> pa.Table:
        """What the catalogue's table holds of a period."""
        return self.catalogue.tables[("water-meters", period)]


def meters(count: int, first: int = 0) -> list[str]:
    """Contract numbers."""
    return [f"ALM-{number:06d}" for number in range(first, first + count)]


def readings(
    contracts: Iterable[str], days: Iterable[date], *, insee: str = "49007", litres: int = 100, version: int = 1
) -> list[str]:
    """Daily readings, as the operator writes them."""
    return [
        f"{contract};C{contract[-6:]};{number} rue de la Loire 49000 Angers;{insee};{day:%d/%m/%Y};{12 + number},5;"
        f"{litres + number},0;{version}"
        for day in days
        for number, contract in enumerate(contracts)
    ]


def days(count: int, start: date = OCTOBER) -> list[date]:
    """So many days in a row."""
    return [start + timedelta(days=number) for number in range(count)]
