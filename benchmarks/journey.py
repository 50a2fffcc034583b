"""What the journey costs: water readings from delivery to publishable candidate, as a ratio to the bare work under it.

Run: `python -m benchmarks.journey [--rows 2000000]`, and `--airflow .ardoise` beside a running demonstration for
Airflow's share of a real run. Starts PostgreSQL, the object store and custody in a temporary
folder, drops one file of readings, and calls the stages in this process: ingest, deidentify, anonymize, assess.

The bare work is what no way of doing it avoids: parsing the CSV into typed columns, sealing and opening its bytes once
(AES-256-GCM), and three writes of the resulting Parquet to the object store. Both are timed in the same run, on the
same data, and on a store that has been written to: the first write to a bucket makes its volumes, for a quarter of a
second. Peak memory is this process's own.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.csv as pacsv
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from anonymization.pseudonyms import CONSENT_DOMAIN, CustodyClient, canonicalize
from consent import ConsentStore, given_events
from pipeline.anonymize import anonymize
from pipeline.assess import Verdict, assess
from pipeline.deidentify import deidentify
from pipeline.hub import Hub, Role
from pipeline.ingest import ingest
from pipeline.wiring import open_hub
from policies.contract import CanonicalForm
from settings import load_settings
from stack.airflow_client import AirflowClient
from stack.context import build_context
from stack.embedded import Stack
from stack.operators import water
from stack.service import StackContext
from storage import Journal, S3ObjectStore, database_engine, read_manifest, read_pointer
from tests.consent_terms import TERMS

Result = TypeVar("Result")
DATASET = "water-meters"
PERIOD, START, DAYS = "2026-10", date(2026, 10, 1), 31
NOW = datetime(2026, 11, 5, 8, tzinfo=UTC)
SEGMENT = 1 << 20
TYPES = {
    "CONTRAT": pa.string(),
    "COMPTEUR": pa.string(),
    "ADRESSE": pa.string(),
    "CODE_INSEE": pa.string(),
    "DATE": pa.string(),
    "INDEX_M3": pa.float64(),
    "CONSO_L": pa.float64(),
    "VERSION": pa.int64(),
}


class Spent(NamedTuple):
    """Seconds of the clock, and of the processors in this process alone: the services' are not in it."""

    clock: float
    processor: float


def main() -> None:
    """Measure, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--airflow", type=Path, metavar="HOME", help="state folder of a running demonstration")
    arguments = parser.parse_args()
    if arguments.airflow:
        _airflow_share(arguments.airflow)
        return
    rows = arguments.rows
    home = Path(tempfile.mkdtemp(prefix="ardoise-bench-"))
    context = build_context(home, preferred_ports=False)
    stack = Stack(context, only=("postgres", "objects", "custody", "hub"))
    try:
        stack.up(die_with_parent=True)
        _measure(context, rows)
    finally:
        stack.forget()
        shutil.rmtree(home, ignore_errors=True)


def _measure(context: StackContext, rows: int) -> None:
    drop = context.settings.drop_folder
    assert drop is not None
    file = drop / "water-meters" / "releves_banc.csv"
    households = -(-rows // DAYS)
    lines = water.write_csv(file, households, START, DAYS, seed=1)
    os.utime(file, times=(NOW.timestamp() - 3600,) * 2)
    _consents(context, households)
    print(f"{lines:,} readings of {households:,} meters, {file.stat().st_size / 1e6:,.0f} MB of CSV")
    for bucket in (context.settings.s3.private_bucket, context.settings.s3.audit_bucket):
        S3ObjectStore(context.settings.s3, bucket, context.settings.credential("admin")).put("candidate/first", b"x")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    stages, verdict, parquet = _journey(context)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    tries = [_timed(lambda: _bare(context, file, parquet))[1] for _ in range(2)]
    bare, total = Spent(*map(min, zip(*tries, strict=True))), Spent(*map(sum, zip(*stages.values(), strict=True)))
    for name, spent in {**stages, "journey": total, "bare work": bare}.items():
        print(f"  {name:<12}{spent.clock:8.2f} s{spent.processor:8.2f} s of processor")
    print(
        f"  verdict {verdict.word}, {verdict.counts['published_rows']} cells; Parquet of {len(parquet) / 1e6:,.1f} MB"
    )
    ratios = Spent(*(ours / theirs for ours, theirs in zip(total, bare, strict=True)))
    print(f"  ratio {ratios.clock:.2f} (wanted: at most 2.5), {ratios.processor:.2f} of processor")
    print(f"  peak memory {peak:,.0f} MB, {before / 1024:,.0f} before")


def _journey(context: StackContext) -> tuple[dict[str, Spent], Verdict, bytes]:
    """The stages, each with its own credentials: what they took, the verdict, and the Parquet made on the way."""
    watch = Stopwatch(context)
    run = "bench"
    refs = watch.time("ingest", lambda hub: ingest(hub, hub.contract(DATASET), run))
    watch.time("deidentify", lambda hub: deidentify(hub, hub.contract(DATASET), run, refs))
    candidate = watch.time("anonymize", lambda hub: anonymize(hub, hub.contract(DATASET), run, PERIOD))
    verdict = watch.time("assess", lambda hub: assess(hub, hub.contract(DATASET), run, PERIOD, candidate))
    store = open_hub(context.settings, "anonymize").private
    found = read_pointer(store, DATASET, 1, PERIOD)
    if found is None:
        raise SystemExit("no period was made: the readings were all rejected")
    return watch.spent, verdict, store.get(read_manifest(store, found[0]).parts[0].key)


@dataclass(slots=True)
class Stopwatch:
    """Times stages, each on a hub of its role."""

    context: StackContext
    spent: dict[str, Spent] = field(default_factory=dict)

    def time(self, role: Role, stage: Callable[[Hub], Result]) -> Result:
        """Run a stage; keep what it took."""
        hub = dataclasses.replace(open_hub(self.context.settings, role), clock=lambda: NOW)
        result, self.spent[role] = _timed(lambda: stage(hub))
        return result


def _timed(work: Callable[[], Result]) -> tuple[Result, Spent]:
    clock, processor = time.perf_counter(), time.process_time()
    result = work()
    return result, Spent(time.perf_counter() - clock, time.process_time() - processor)


def _consents(context: StackContext, households: int) -> None:
    """Two households in three consent, as their signed forms would have said."""
    settings = context.settings
    contract = open_hub(settings, "ingest").contract(DATASET)
    table = water.consents(households, 1)
    given = canonicalize(CanonicalForm.UPPER, table.filter(table["consent"])["contrat"].combine_chunks())
    client = CustodyClient(settings.custody_url, settings.secret("custody-client-consent"))
    token = client.create_run("bench", "consent", domains=[CONSENT_DOMAIN], quota=len(given))
    store = ConsentStore(database_engine(settings.hub_database_url()))
    store.register_terms(TERMS)
    purpose = contract.coverage.purpose if contract.coverage else ""
    for subjects in client.with_token(token).pseudonymize(CONSENT_DOMAIN, [given]):
        store.append_many(
            given_events(
                subjects,
                terms=TERMS,
                purpose=purpose,
                event_time=NOW - timedelta(days=90),
                validity_duration=timedelta(days=3650),
                entity_id="bench",
            )
        )


def _airflow_share(home: Path) -> None:
    """Of the last collection and release that Airflow ran here: how long they took, and how much of it was ours."""
    settings = load_settings(home)
    journal = Journal(database_engine(settings.hub_database_url()))
    runs = [run for run in journal.runs(DATASET, 20) if run.status == "succeeded"]
    with AirflowClient(settings.airflow_url, "steward", settings.secret("login-steward")) as airflow:
        for dag in (DATASET, f"{DATASET}__release"):
            ended = [run for run in airflow.runs(dag) if run.state == "success" and run.seconds]
            if not ended:
                raise SystemExit(f"{dag} has not run here yet: « ardoise demo » first")
            last = ended[-1]
            stages = next((run.seconds for run in runs if last.run_id in run.run_id), 0.0)
            share = 1 - stages / (last.seconds or 1)
            print(
                f"  {dag:<26}{last.seconds:6.1f} s in Airflow, {stages:6.1f} s in its stages: its share is {share:.0%}"
            )


def _bare(context: StackContext, file: Path, parquet: bytes) -> int:
    """Parse, seal and open, and write three times; return the rows parsed."""
    convert = pacsv.ConvertOptions(column_types=TYPES, decimal_point=",")
    with pacsv.open_csv(file, parse_options=pacsv.ParseOptions(delimiter=";"), convert_options=convert) as reader:
        rows = sum(batch.num_rows for batch in reader)
    cipher, nonce = AESGCM(bytes(32)), bytes(12)
    with file.open("rb") as stream:
        while piece := stream.read(SEGMENT):
            cipher.decrypt(nonce, cipher.encrypt(nonce, piece, None), None)
    store = S3ObjectStore(context.settings.s3, context.settings.s3.private_bucket, context.settings.credential("admin"))
    for number in range(3):
        store.put(f"candidate/bare/{number}", parquet)
    return int(rows)


if __name__ == "__main__":
    main()
