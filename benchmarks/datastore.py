"""What loading a table into CKAN's DataStore costs, as ratios to bare COPY and to CKAN's own full-text trigger.

Run: `python -m benchmarks.datastore [--rows 5000000] [--searched 1000000]`. Starts PostgreSQL, the cache and CKAN in a
temporary folder, on 127.0.0.1.

1. A contract that names no searchable column: publishing (encoding Arrow, HTTP, COPY, key, statistics, metadata, swap)
   beside `COPY … FROM STDIN` of the same rows, already in CSV, into a table without key or index. At most 3.
2. A contract that names two: publishing beside a COPY of the same rows into the table that `datastore_create` makes,
   whose trigger fills `_full_text`; once with the index it makes, once with that index made after the rows, as loaders
   do. At least 3 times faster; `q` must find what it should.

Memory is the growth of the peak resident size while the rows of 1 go by: of that of CKAN's processes that grew most,
and of this one.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import polars as pl
import psycopg
import pyarrow as pa

from catalog import DatasetPage
from catalog.dictionary import fields
from catalog.publisher import CkanCatalogue
from policies import Contract, ReleasedColumn, ReleaseRule
from stack.context import build_context
from stack.embedded import Stack
from stack.service import StackContext
from stack.services.postgres import hub_cluster
from tests.catalog_pages import page, territory, water

BATCH = 65_536
SEARCHED = ("commune", "code_commune")
PERIOD = "2026-10"


KINDS = {
    "mois": "string",
    "code_commune": "string",
    "commune": "string",
    "foyers_participants": "integer",
    "consommation_totale_l": "number",
    "consommation_moyenne_l": "number",
}


def contract_of(name: str, full_text: tuple[str, ...] = ()) -> Contract:
    """A contract that publishes :data:`KINDS` as they are."""
    columns = tuple(ReleasedColumn(column, (), kind) for column, kind in KINDS.items())  # type: ignore[arg-type]
    return replace(water(name), release=ReleaseRule("as_is", columns, full_text=full_text))


@dataclass(frozen=True, slots=True)
class Rows:
    """The same rows each time they are asked for, made as they go by."""

    count: int

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        communes = territory().communes
        names = pa.array([each.name for each in communes])
        codes = pa.array([each.insee for each in communes])
        for start in range(0, self.count, BATCH):
            size = min(BATCH, self.count - start)
            rng = np.random.default_rng(start)
            which = pa.array(rng.integers(0, len(communes), size))
            yield pa.record_batch(
                {
                    "mois": pa.array([PERIOD] * size),
                    "code_commune": codes.take(which),
                    "commune": names.take(which),
                    "foyers_participants": pa.array(rng.integers(10, 5_000, size)),
                    "consommation_totale_l": pa.array(np.round(rng.uniform(1e3, 1e7, size))),
                    "consommation_moyenne_l": pa.array(np.round(rng.uniform(50, 500, size), 1)),
                }
            )


def main() -> None:
    """Measure, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--searched", type=int, default=1_000_000, help="rows of the table with full text")
    arguments = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="ardoise-bench-"))
    context = build_context(home, preferred_ports=False)
    stack = Stack(context, only=("postgres", "valkey", "ckan"))
    try:
        stack.up(die_with_parent=True)
        bench = Bench(context)
        bench.publish(contract_of("eau-essai"), Rows(1_000))  # the first request makes CKAN import half of itself
        bench.without_full_text(arguments.rows)
        bench.with_full_text(arguments.searched)
    finally:
        stack.down()
        shutil.rmtree(home, ignore_errors=True)


class Bench:
    """A running CKAN and its DataStore's database."""

    def __init__(self, context: StackContext) -> None:
        self._context = context
        self._token = context.settings.secret("ckan-editor")
        self._catalogue = CkanCatalogue(context.settings.ckan_url, self._token)
        self._dsn = hub_cluster(context).admin_dsn("datastore")

    def publish(self, contract: Contract, rows: Rows) -> float:
        """Publish, and return the seconds it took."""
        candidate = replace(
            page(contract).certificate, candidate_digest=hashlib.sha256(repr(rows).encode()).hexdigest()
        )
        shown: DatasetPage = replace(page(contract, PERIOD), table=rows, certificate=candidate)
        return _timed(lambda: self._catalogue.publish(shown))

    def without_full_text(self, count: int) -> None:
        """Part 1."""
        rows, contract = Rows(count), contract_of("eau-lignes")
        bare = self._bare(contract, rows)
        before = self._peaks()
        seconds = self.publish(contract, rows)
        after = self._peaks()
        grown = [
            max(peaks[each] - earlier.get(each, 0) for each in peaks)
            for earlier, peaks in zip(before, after, strict=True)
        ]
        ratio = f"bare COPY {bare:.1f} s, published {seconds:.1f} s, ratio {seconds / bare:.2f}"
        print(f"{count} rows without full text: {ratio}")
        print(f"peak memory grew by {grown[0] / 1e6:.0f} MB in CKAN, {grown[1] / 1e6:.0f} MB in the publisher")
        self._check_total(contract, count)

    def with_full_text(self, count: int) -> None:
        """Part 2."""
        rows, contract = Rows(count), contract_of("eau-textes", SEARCHED)
        seconds = self.publish(contract, rows)
        asis, after = (
            self._trigger(contract, rows, "eau-declencheur", False),
            self._trigger(contract, rows, "eau-apres", True),
        )
        print(
            f"{count} rows with full text: published {seconds:.1f} s; CKAN's trigger and index {asis:.1f} s, ", end=""
        )
        print(f"ratio {asis / seconds:.1f}; trigger, index made after {after:.1f} s, ratio {after / seconds:.1f}")
        found = self._search(contract, q="Avrillé", limit=1)
        expected = sum(batch.column("commune").to_pylist().count("Avrillé") for batch in rows)
        if found["total"] != expected:
            raise SystemExit(f"q found {found['total']} rows, not {expected}")
        print(f"q found the {expected} rows it should")

    def _bare(self, contract: Contract, rows: Rows) -> float:
        """Seconds of a COPY of rows already in CSV; a first, smaller one warms the server."""
        file = self._context.paths.scratch / "rows.csv"
        _write(file, contract, rows)
        columns = ", ".join(f'"{field["id"]}" {field["type"]}' for field in fields(contract))
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute(f"CREATE TABLE _bare ({columns})".encode())
            seconds = _timed(lambda: _copy(connection, "_bare", None, file))
            connection.execute("DROP TABLE _bare")
        file.unlink()
        return seconds

    def _trigger(self, contract: Contract, rows: Rows, name: str, index_after: bool) -> float:
        """Seconds of the same COPY into a table that CKAN has made."""
        described = {"package_id": self._owner(name), "name": name}
        made = self._action("datastore_create", {"resource": described, "fields": fields(contract)})
        table = made["resource_id"]
        file = self._context.paths.scratch / "rows.csv"
        _write(file, contract, rows)
        names = [field["id"] for field in fields(contract)]
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            found = connection.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexdef LIKE '%%_full_text%%'",
                (table,),
            ).fetchall()
            if index_after:
                for index, _ in found:
                    connection.execute(f'DROP INDEX "{index}"'.encode())

            def load() -> None:
                _copy(connection, table, names, file)
                if index_after:
                    for _, statement in found:
                        connection.execute(statement.encode())

            seconds = _timed(load)
        file.unlink()
        return seconds

    def _owner(self, name: str) -> str:
        described = {"name": name, "title": name, "notes": name, "owner_org": "relation-usagers"}
        return str(self._action("package_create", described)["id"])

    def _action(self, name: str, data: dict[str, Any]) -> Any:
        headers = {"Authorization": self._token.get_secret_value()}
        answer = httpx.post(
            f"{self._context.settings.ckan_url}/api/3/action/{name}", json=data, headers=headers, timeout=300
        )
        if answer.is_error:
            raise SystemExit(f"{name}: {answer.text}")
        return answer.json()["result"]

    def _search(self, contract: Contract, **query: Any) -> Any:
        shown = self._action("package_show", {"id": str(contract.id)})["resources"]
        table = next(each["id"] for each in shown if each["role"] == "table")
        return self._action("datastore_search", {"resource_id": table, **query})

    def _check_total(self, contract: Contract, count: int) -> None:
        total = self._search(contract, limit=1)["total"]
        if total != count:
            raise SystemExit(f"the table shows {total} rows, not {count}")

    def _peaks(self) -> tuple[dict[str, int], dict[str, int]]:
        """Peak resident bytes of each of CKAN's processes, and of this one."""
        port = f"--bind=127.0.0.1:{self._context.ports['ckan']}"
        peaks = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if port.encode() in (folder / "cmdline").read_bytes().split(b"\0"):
                    said = (folder / "status").read_text()
                    peaks[folder.name] = int(said.partition("VmHWM:")[2].split()[0]) * 1024
            except (OSError, IndexError):
                continue  # it ended meanwhile
        return peaks, {"": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def _write(file: Path, contract: Contract, rows: Rows) -> None:
    names = [field["id"] for field in fields(contract)]
    with file.open("wb") as out:
        for batch in rows:
            pl.DataFrame(pl.from_arrow(batch.select(names))).write_csv(out, include_header=False)


def _copy(connection: psycopg.Connection, table: str, columns: list[str] | None, file: Path) -> None:
    names = "" if columns is None else "(" + ", ".join(f'"{name}"' for name in columns) + ")"
    statement = f'COPY "{table}" {names} FROM STDIN WITH (FORMAT csv)'.encode()
    with file.open("rb") as rows, connection.cursor() as cursor, cursor.copy(statement) as copy:
        while piece := rows.read(1 << 20):
            copy.write(piece)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
