"""The open formats, read back by others than whoever wrote them."""

from __future__ import annotations

import csv
import io
import json
import struct
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.table_schema import csv_resource
from pipeline.publication.files import schema_key, write_files
from pipeline.publication.formats import csv_chunks, geojson_chunks, geoparquet_table
from policies import DatasetId
from storage import MemoryObjectStore
from tests.catalog_pages import ROWS, territory, water
from tests.catalog_pages import table as batches

NASTY = ["", None, 'dit « "oui" »', "deux\r\nlignes", "a,b", " espace ", "é\u2028"]
PLACES = pa.table(
    {
        "nom": ["Ralliement", "Sans position", "Mail"],
        "longitude": [-0.5518, None, -0.5485],
        "latitude": [47.4712, 47.0, 47.4689],
        "vu": pa.array([datetime(2026, 10, 1, 12, tzinfo=UTC)] * 3, pa.timestamp("us", "UTC")),
    }
)


def test_csv_is_rfc_4180_in_utf_8() -> None:
    text = b"".join(csv_chunks(pa.table({"a": NASTY, "b": range(len(NASTY))}))).decode("utf-8")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert rows[0] == ["a", "b"]
    assert [row[0] for row in rows[1:]] == [value or "" for value in NASTY]
    assert '\r\n"",0\r\n,1\r\n' in text  # an empty text is quoted, what is missing is nothing
    assert text.endswith("\r\n")


def test_a_csv_stands_beside_its_schema_and_dialect() -> None:
    store = MemoryObjectStore()
    table = pa.Table.from_batches(batches(water(), ROWS))
    names = [field["name"] for field in csv_resource(water(), "x.csv")["schema"]["fields"]]
    files = write_files(store, water(), "2026-10", "ab" * 8, table.select(names), newest=True)
    for file in (each for each in files if each.format == "csv"):
        said = json.loads(store.get(schema_key(file.key)))
        assert said["path"] == file.key.rpartition("/")[2]
        text = store.get(file.key).decode(said["encoding"])
        dialect = said["dialect"]
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=dialect["delimiter"], strict=True))
        assert rows[0] == [field["name"] for field in said["schema"]["fields"]]
        kinds = {field["name"]: field["type"] for field in said["schema"]["fields"]}
        assert kinds["foyers_participants"] == "integer"
        assert int(rows[1][rows[0].index("foyers_participants")]) == ROWS[0]["foyers_participants"]


def test_geojson_has_a_feature_a_row() -> None:
    found = json.loads(b"".join(geojson_chunks(PLACES, "longitude", "latitude")))
    assert [each["geometry"] and each["geometry"]["coordinates"] for each in found["features"]] == [
        [-0.5518, 47.4712],
        None,
        [-0.5485, 47.4689],
    ]
    assert found["features"][0]["properties"] == {"nom": "Ralliement", "vu": "2026-10-01T12:00:00Z"}


def test_geoparquet_says_where_its_points_are() -> None:
    sink = io.BytesIO()
    pq.write_table(geoparquet_table(PLACES, "longitude", "latitude"), sink)
    read = pq.read_table(sink)
    geo = json.loads(read.schema.metadata[b"geo"])
    assert (geo["version"], geo["primary_column"]) == ("1.1.0", "geometry")
    assert geo["columns"]["geometry"] == {
        "encoding": "WKB",
        "geometry_types": ["Point"],
        "bbox": [-0.5518, 47.4689, -0.5485, 47.4712],
    }
    first, second, third = read["geometry"].to_pylist()
    assert struct.unpack("<BIdd", first) == (1, 1, -0.5518, 47.4712)
    assert second is None
    assert struct.unpack("<BIdd", third) == (1, 1, -0.5485, 47.4689)


def test_a_geographic_contract_publishes_both() -> None:
    contract = territory().contracts[DatasetId("parking")]
    assert {"geojson", "geoparquet"} <= set(contract.release.formats)
