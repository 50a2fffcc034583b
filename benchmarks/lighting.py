"""``python -m benchmarks.lighting``: a day of street lighting from landing to trusted, against Arrow reading its JSON.

45 000 lights, a reading every ten minutes: 6.5 million rows in some hundreds of bodies, as gateways post them (TALQ log
reports). Starts PostgreSQL, the object store and custody in a temporary folder; the bodies are sealed into landing
first, which is not measured. Then *deidentify* takes them in, in a process of its own, by so many visits a day
(`--visits`, several may be given): it opens, decodes, checks, merges and stores, once a visit. Arrow reads the same
bodies with `pyarrow.json`, one report a line since it knows no arrays of documents, and keeps nothing.

Prints rows a second, processor and clock time with their ratios, and the peak memory of each process above its start.
What custody and the object store spend is in the clock and not in the processor time.

Measured for one visit on two cores that a dozen other programs shared: 57 s of processor, 5.7 times Arrow's 10.1, in
1.4 GiB. It was 100 s, 10.5 times, while each of the 552 bodies had its lamps searched for personal data again. Of what
is left nearly half is decoding, by samples: msgspec to Python's objects to columns.
"""

from __future__ import annotations

import argparse
import io
import logging
import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.json as pajson

from pipeline.deidentify import deidentify
from pipeline.hub import Hub
from pipeline.wiring import open_hub
from settings import Settings
from sources import PayloadPart
from stack.context import build_context
from stack.embedded import Stack
from stack.operators import lighting
from storage import DatasetRef, read_manifest, read_pointer, write_delivery

DATASET = "street-lighting"
START = datetime(2026, 10, 5, 22, tzinfo=UTC)  # midnight in Angers
NOW = datetime(2026, 10, 7, 8, tzinfo=UTC)
PERIOD = "2026-10-06"
HOURS = 24


@dataclass(frozen=True, slots=True)
class Spent:
    """What a piece of work took, in a process of its own."""

    rows: int
    processor: float  # seconds
    clock: float
    memory: float  # MiB above the start


def main() -> None:
    """Make the day, read it with Arrow, take it in; print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lights", type=int, default=lighting.LAMPS)
    parser.add_argument("--visits", type=int, nargs="+", default=[1, 24], choices=[1, 2, 4, 6, 12, 24])
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ardoise-lighting-"))
    try:
        bodies = _make_bodies(folder / "bodies", asked.lights)
        size = sum(path.stat().st_size for hour in bodies for path in hour)
        print(f"{asked.lights} street lights, {sum(map(len, bodies))} bodies, {size / 1e6:,.0f} MB of JSON")
        bare = _alone(_read_with_arrow, bodies)
        _print("pyarrow.json", bare, bare)
        for visits in asked.visits:
            _print(
                f"{visits} visit{'s' if visits > 1 else ''}", _taken_in(folder / f"home-{visits}", bodies, visits), bare
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_bodies(folder: Path, lights: int) -> list[list[Path]]:
    """What is posted each hour."""
    folder.mkdir()
    lamps = lighting.make_lamps(lights, seed=1)
    hours = []
    for hour in range(HOURS):
        paths = []
        for number, body in enumerate(lighting.reports(lamps, START + timedelta(hours=hour), seed=1)):
            path = folder / f"{hour:02d}-{number:03d}.json"
            path.write_bytes(body)
            paths.append(path)
        hours.append(paths)
    return hours


def _taken_in(home: Path, bodies: list[list[Path]], visits: int) -> Spent:
    """Land the day on a hub of its own, take it in by so many visits, and check that all of it is there."""
    context = build_context(home, preferred_ports=False)
    stack = Stack(context, only=("postgres", "objects", "custody", "hub"))
    try:
        stack.up(die_with_parent=True)
        hub = replace(open_hub(context.settings, "ingest"), clock=lambda: NOW)
        step = HOURS // visits
        landed = [
            [ref for hour in bodies[first : first + step] for path in hour for ref in _land(hub, path)]
            for first in range(0, HOURS, step)
        ]
        spent = _alone(_take_in, context.settings, landed)
        found = read_pointer(open_hub(context.settings, "anonymize").private, DATASET, 1, PERIOD)
        if found is None:
            raise SystemExit("no day was made")
        kept = sum(
            part.rows or 0 for part in read_manifest(open_hub(context.settings, "anonymize").private, found[0]).parts
        )
        if kept != spent.rows:
            raise SystemExit(f"{kept} rows in trusted, {spent.rows} expected")
        return spent
    finally:
        stack.forget()


def _land(hub: Hub, path: Path) -> Iterator[dict[str, Any]]:
    """Seal a body as the inbox does."""
    with path.open("rb") as stream:
        landed = write_delivery(
            hub.private,
            hub.landing_custody(),
            [PayloadPart("log-reports", stream)],
            dataset=DATASET,
            version=str(hub.contract(DATASET).version),
            source="benchmark",
            fetched_at=NOW,
        )
    hub.journal.record_delivery(landed.delivery, DATASET, "benchmark", landed.ref, NOW)
    yield landed.ref.to_json()


def _take_in(settings: Settings, visits: list[list[dict[str, Any]]]) -> int:
    hub = replace(open_hub(settings, "deidentify"), clock=lambda: NOW)
    stored = 0
    for number, refs in enumerate(visits):
        deliveries = [DatasetRef.from_json(ref) for ref in refs]
        stored += deidentify(hub, hub.contract(DATASET), f"benchmark-{number}", deliveries).counts["stored"]
    return stored


def _read_with_arrow(hours: list[list[Path]]) -> int:
    rows = 0
    for path in (path for hour in hours for path in hour):
        content = path.read_bytes()[1:-1].replace(b']},{"address":', b']}\n{"address":')
        table = pajson.read_json(io.BytesIO(content), read_options=pajson.ReadOptions(block_size=len(content) + 1))
        rows += sum(len(chunk.flatten()) for chunk in table["entries"].chunks)
    return rows


def _alone(work: Callable[..., int], *arguments: Any) -> Spent:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (work, *arguments))


def _measured(work: Callable[..., int], *arguments: Any) -> Spent:
    logging.disable(logging.WARNING)  # no console listens to the events of lineage
    start = _peak()
    processor, clock = time.process_time(), time.perf_counter()
    rows = work(*arguments)
    return Spent(rows, time.process_time() - processor, time.perf_counter() - clock, (_peak() - start) / 1024)


def _peak() -> int:
    """Peak memory of this program (KiB); `ru_maxrss` would also tell of the one that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1])


def _print(name: str, spent: Spent, bare: Spent) -> None:
    print(f"  {name:<13}{spent.rows:>10,} rows, {spent.rows / spent.clock / 1e3:,.0f} thousand a second")
    for what, ours, theirs in (
        ("processor", spent.processor, bare.processor),
        ("clock", spent.clock, bare.clock),
    ):
        print(f"    {what:<11}{ours:8.1f} s, {ours / theirs:.2f} times Arrow's")
    print(f"    memory     {spent.memory:8.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
