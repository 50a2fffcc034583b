"""Rows written in each format come back as they were; a careful reading gives what the quick one gives."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.payloads import FORMATS, NAMES, SAMPLE, Format, Row, judged, run

# What no format of the lot can carry in a text: control signs (XML, CSV), line ends, blanks at the ends (XML).
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")), min_size=1, max_size=8
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "cle": st.none() | TEXTS,
            "nombre": st.none() | st.floats(allow_nan=False, allow_infinity=False),
            "entier": st.none() | st.integers(-(2**63), 2**63 - 1),
            "vrai": st.none() | st.booleans(),
            "instant": st.none() | st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
        }
    ),
    max_size=5,
)


def rows_of(format: Format, payload: bytes) -> list[Row]:
    batches = run(format, payload)
    assert all(one.rejects.num_rows == 0 for one in batches)
    return [row for one in batches for row in one.batch.to_pylist()]


@pytest.mark.parametrize("name", sorted({*FORMATS} - {"parquet"}))
@settings(max_examples=40, deadline=None)
@given(rows=ROWS)
def test_rows_come_back_as_they_were(name: str, rows: list[Row]) -> None:
    assert rows_of(FORMATS[name], FORMATS[name].write(rows)) == rows


@settings(max_examples=5, deadline=None)
@given(rows=ROWS)
def test_rows_come_back_from_parquet(rows: list[Row]) -> None:
    """Fewer examples: each starts a process."""
    assert rows_of(FORMATS["parquet"], FORMATS["parquet"].write(rows)) == rows


def with_marker(name: str, rows: list[Row], marker: str) -> bytes:
    """The payload with one record more, which can not be read."""
    payload = FORMATS[name].write(rows)
    if name in ("csv", "ndjson", "grdf"):
        return payload + marker.encode() + b"\n"
    document: Any = json.loads(payload)
    inner = document
    while isinstance(inner, dict):
        inner = next(value for key, value in inner.items() if isinstance(value, list) or key == "meter_reading")
    inner.append(json.loads(marker))
    return json.dumps(document).encode()


@pytest.mark.parametrize("name", sorted(name for name in FORMATS if FORMATS[name].marker))
@settings(max_examples=30, deadline=None)
@given(rows=ROWS)
def test_one_by_one_gives_what_one_go_gives(name: str, rows: list[Row]) -> None:
    marker = FORMATS[name].marker
    assert marker is not None
    batches = run(FORMATS[name], with_marker(name, rows, marker))
    assert [row for one in batches for row in one.batch.to_pylist()] == rows
    assert [row["position"] for one in batches for row in one.rejects.to_pylist()] == [len(rows)]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NAMES, "x"]), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", ["json", "ngsi_ld", "talq", "geojson", "enedis", "open311", "opendatasoft"])
@settings(max_examples=40, deadline=None)
@given(values=st.lists(VALUES, max_size=4), place=st.integers(0, 5))
def test_json_of_any_kind_in_place_of_a_record_or_a_value_leaves_the_others(
    name: str, values: list[Any], place: int
) -> None:
    document: Any = json.loads(FORMATS[name].write(SAMPLE))
    inner: Any = document
    while isinstance(inner, dict):
        inner = next(value for key, value in inner.items() if isinstance(value, list) or key == "meter_reading")
    inner[place:place] = values
    batches = judged(FORMATS[name], json.dumps(document).encode())
    assert batches is not None
    table = pa.Table.from_batches([one.batch for one in batches])
    keys = [key for key in table["cle"].to_pylist() if key and key.startswith("clé")]
    assert keys == [row["cle"] for row in SAMPLE]
