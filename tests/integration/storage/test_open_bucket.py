"""The open bucket as browsers and data tools meet it: ranges, entity tags, other origins; nothing but reading."""

from __future__ import annotations

import io

import httpx
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.publication.files import OpenFile, write_files
from storage import S3ObjectStore
from tests.catalog_pages import ROWS, table, water
from tests.stack_fixtures import ObjectStoreServer

ORIGIN = {"Origin": "https://reuser.example"}


@pytest.fixture(scope="module")
def base(object_store: ObjectStoreServer) -> str:
    return f"{object_store.s3.endpoint}/{object_store.s3.open_bucket}"


@pytest.fixture(scope="module")
def files(object_store: ObjectStoreServer) -> dict[str, OpenFile]:
    """The « latest » files of a release, by format."""
    store = S3ObjectStore(object_store.s3, object_store.s3.open_bucket, object_store.credential("publish"))
    rows = pa.Table.from_batches(table(water(), ROWS))
    written = write_files(store, water(), "2026-10", "ab" * 8, rows, newest=True)
    return {each.format: each for each in written if each.latest}


def test_a_browser_of_another_site_asks_first_and_may(base: str, files: dict[str, OpenFile]) -> None:
    asked = {**ORIGIN, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "range"}
    answer = httpx.options(f"{base}/{files['parquet'].key}", headers=asked)
    assert answer.status_code in (200, 204)
    assert answer.headers["access-control-allow-origin"] in ("*", ORIGIN["Origin"])
    assert "GET" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"].lower() in ("*", "range")


def test_a_part_of_a_file_is_answered_with_what_scripts_may_read(base: str, files: dict[str, OpenFile]) -> None:
    address, size = f"{base}/{files['parquet'].key}", files["parquet"].size
    answer = httpx.get(address, headers={**ORIGIN, "Range": "bytes=-8"})
    assert answer.status_code == 206
    assert answer.content[-4:] == b"PAR1"
    assert answer.headers["content-range"] == f"bytes {size - 8}-{size - 1}/{size}"
    assert answer.headers["access-control-allow-origin"] in ("*", ORIGIN["Origin"])
    exposed = {name.strip().lower() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert {"etag", "content-range", "content-length"} <= exposed
    assert httpx.get(address, headers={"Range": f"bytes={size + 10}-"}).status_code == 416


def test_what_did_not_change_is_not_sent_again(base: str, files: dict[str, OpenFile]) -> None:
    address = f"{base}/{files['csv'].key}"
    first = httpx.get(address)
    assert first.headers["content-type"].startswith("text/csv")
    assert httpx.get(address, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert httpx.head(address).headers["etag"] == first.headers["etag"]
    assert int(httpx.head(address).headers["content-length"]) == len(first.content) == files["csv"].size


def test_data_tools_read_it_where_it_is(base: str, files: dict[str, OpenFile]) -> None:
    communes = [row["commune"] for row in ROWS]
    lazily = pl.scan_parquet(f"{base}/{files['parquet'].key}").select("commune").collect()  # by ranges
    assert lazily["commune"].to_list() == communes
    assert pl.read_csv(f"{base}/{files['csv'].key}")["commune"].to_list() == communes
    whole = pq.read_table(io.BytesIO(httpx.get(f"{base}/{files['parquet'].key}").content))
    assert whole["commune"].to_pylist() == communes
    assert (whole.schema.metadata or {})[b"title"].decode() == water().title


def test_anybody_reads_and_does_nothing_else(base: str, files: dict[str, OpenFile]) -> None:
    address = f"{base}/{files['csv'].key}"
    assert httpx.put(address, content=b"x").status_code == 403
    assert httpx.delete(address).status_code == 403
    assert httpx.get(f"{base}?list-type=2").status_code == 403
    assert httpx.get(f"{base}/nowhere.csv").status_code == 404
    assert httpx.get(address).status_code == 200


def test_what_the_publisher_takes_back_is_gone_for_everybody(object_store: ObjectStoreServer, base: str) -> None:
    """With the credential of the publish step, which lists and deletes there."""
    store = S3ObjectStore(object_store.s3, object_store.s3.open_bucket, object_store.credential("publish"))
    rows = pa.Table.from_batches(table(water("eau-retiree"), ROWS))
    files = write_files(store, water("eau-retiree"), "2026-10", "cd" * 8, rows, newest=False)
    assert all(httpx.get(f"{base}/{file.key}").status_code == 200 for file in files)
    for found in list(store.list("eau-retiree/")):
        store.delete(found.key)
    assert {httpx.get(f"{base}/{file.key}").status_code for file in files} == {404}
