"""The control of the canary test: a value planted in each kind of place of a running stack is found there.

Without it, a scan that finds nothing would prove nothing. Each place gets a value of its own, and a last scan shows
that values which were deleted since are still found where deleting leaves traces (dead rows, the write-ahead log, the
store's volumes).
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stack.embedded import Stack
from stack.operators.canaries import make_canaries
from stack.service import StackContext
from stack.services.postgres import HUB_DATABASES, Cluster, custody_cluster, hub_cluster
from storage import Journal, S3ObjectStore, database_engine
from storage.zones import Zone
from tests.e2e.canaries import Needles
from tests.e2e.places import Place, Report, places_of, scan

SEED = 20_261_104
TABLE = "canary_control"
PRIVATE = (Zone.LANDING, Zone.TRUSTED, Zone.QUARANTINE, Zone.CANDIDATE)
DATABASES = (*HUB_DATABASES, "custody")


class Planter:
    """Plants one value a place, remembers which, and takes all away again."""

    def __init__(self, context: StackContext) -> None:
        canaries = make_canaries(40, SEED)
        self.values = [text for kind in zip(canaries.emails, canaries.addresses, strict=True) for text in kind]
        self.context = context
        self.expected: dict[int, str] = {}  # number of the value -> name of the place
        self._files: list[Path] = []
        self._objects: list[tuple[S3ObjectStore, str]] = []

    def value(self, place: str) -> str:
        """The next value, to be found in `place`."""
        number = len(self.expected)
        self.expected[number] = place
        return self.values[number]

    def plant_object(self, bucket: str, key: str, data: bytes) -> None:
        store = S3ObjectStore(self.context.settings.s3, bucket, self.context.settings.credential("admin"))
        store.put(key, data)
        self._objects.append((store, key))

    def plant_file(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self._files.append(path)

    def plant_row(self, cluster: Cluster, database: str, value: str) -> None:
        with psycopg.connect(cluster.admin_dsn(database), autocommit=True) as connection:
            connection.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} (value text)")
            connection.execute(f"INSERT INTO {TABLE} VALUES (%s)", (value,))

    def keep_log(self, cluster: Cluster, size: str) -> None:
        """Let a checkpoint throw nothing of the write-ahead log away: what was planted a moment ago is looked for."""
        with psycopg.connect(cluster.admin_dsn(), autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET wal_keep_size = '{size}'")
            connection.execute("SELECT pg_reload_conf()")

    def take_away(self) -> None:
        for cluster in (hub_cluster(self.context), custody_cluster(self.context)):
            self.keep_log(cluster, "0")
        for store, key in self._objects:
            store.delete(key)
        for path in self._files:
            path.unlink()
        for cluster, database in clusters(self.context):
            with psycopg.connect(cluster.admin_dsn(database), autocommit=True) as connection:
                connection.execute(f"DROP TABLE IF EXISTS {TABLE}")
        with psycopg.connect(hub_cluster(self.context).admin_dsn("ardoise"), autocommit=True) as connection:
            connection.execute("DELETE FROM stages WHERE run_id = ANY(%s)", (self.values,))


def clusters(context: StackContext) -> Iterator[tuple[Cluster, str]]:
    for name in HUB_DATABASES:
        yield hub_cluster(context), name
    yield custody_cluster(context), "custody"


def parquet(value: str) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"column": ["something else", value]}), sink, compression="snappy")
    return sink.getvalue()


@pytest.fixture(scope="module")
def planter(full_stack: Stack) -> Iterator[Planter]:
    planted = Planter(full_stack.context)
    yield planted
    planted.take_away()


@pytest.fixture(scope="module")
def planted(planter: Planter) -> Planter:
    """One value in each kind of place."""
    context, s3, paths = planter.context, planter.context.settings.s3, planter.context.paths
    private, opened = f"bucket {s3.private_bucket}", f"bucket {s3.open_bucket}"
    for zone in PRIVATE:
        planter.plant_object(s3.private_bucket, f"{zone.value}/control/one", parquet(planter.value(private)))
    planter.plant_object(s3.open_bucket, "control/one.csv.gz", gzip.compress(planter.value(opened).encode()))
    event = json.dumps({"run": planter.value(f"bucket {s3.audit_bucket}")}).encode()
    planter.plant_object(s3.audit_bucket, "lineage/2000/01/01/control.json", event)
    planter.plant_object(s3.private_bucket, "trusted/control/volume", planter.value("object volumes").encode())
    for cluster in (hub_cluster(context), custody_cluster(context)):
        planter.keep_log(cluster, "512MB")
    for cluster, database in clusters(context):
        planter.plant_row(cluster, database, planter.value(f"database {database}"))
    planter.plant_row(hub_cluster(context), "ckan", planter.value("hub cluster files"))
    planter.plant_row(custody_cluster(context), "custody", planter.value("custody cluster files"))
    planter.plant_file(paths.of_service("airflow") / "logs" / "control.log", planter.value("airflow files").encode())
    planter.plant_file(paths.of_service("ckan") / "storage" / "control", planter.value("ckan files").encode())
    planter.plant_file(paths.logs / "control.log", planter.value("server logs").encode("utf-16"))
    planter.plant_file(paths.scratch / "control", gzip.compress(planter.value("temporary files").encode()))
    planter.plant_file(paths.home / "control", planter.value("rest of the state folder").encode().hex().encode())
    if paths.outside != paths.home:
        planter.plant_file(paths.outside / "control", planter.value("rest outside of it").encode())
    engine = database_engine(context.settings.hub_database_url())
    run = planter.value("console pages")
    Journal(engine).start_stage(run, "parking", None, "ingest", datetime.now(UTC))
    engine.dispose()
    return planter


@pytest.fixture(scope="module")
def report(planted: Planter) -> Report:
    found = scan(Needles(planted.values), places_of(planted.context))
    print(f"\n{found.table()}")
    return found


def test_each_kind_of_place_has_a_planted_value(planted: Planter) -> None:
    assert set(planted.expected.values()) == {place.name for place in places_of(planted.context)}


def test_what_is_planted_in_a_place_is_found_there(planted: Planter, report: Report) -> None:
    missed = {place for number, place in planted.expected.items() if place not in report.places_of(number)}
    assert missed == set()


def test_what_was_not_planted_is_not_found(planted: Planter, report: Report) -> None:
    assert {hit.value for hit in report.hits} == set(planted.expected)


def test_rows_reach_the_files_and_the_write_ahead_log(planted: Planter, report: Report) -> None:
    number = next(number for number, place in planted.expected.items() if place == "hub cluster files")
    where = {hit.where for hit in report.hits if hit.value == number and hit.place == "hub cluster files"}
    assert any("/base/" in one for one in where)
    assert any("/pg_wal/" in one for one in where)


def test_what_was_deleted_is_still_found_where_deleting_leaves_traces(planted: Planter, report: Report) -> None:
    context = planted.context
    with psycopg.connect(hub_cluster(context).admin_dsn("ckan"), autocommit=True) as connection:
        connection.execute(f"DELETE FROM {TABLE}")
    again = scan(Needles(planted.values), [_place(context, "hub cluster files"), _place(context, "database ckan")])
    for number, place in planted.expected.items():
        if place == "hub cluster files":
            assert again.places_of(number) == {"hub cluster files"}


def _place(context: StackContext, name: str) -> Place:
    return next(place for place in places_of(context) if place.name == name)
