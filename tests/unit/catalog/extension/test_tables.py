"""What the catalogue accepts of a table: its description, and a stream that ends with its digest."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import pytest
from ckanext.ardoise.tables.description import TableDescription, periods
from ckanext.ardoise.tables.errors import BadTableError
from ckanext.ardoise.tables.stream import CheckedRows, read_description

RESOURCE = "0b2f9d4e-7c1a-4c55-9a55-0123456789ab"
GOOD: dict[str, Any] = {
    "period": "2026-10",
    "version": "ab" * 32,
    "fields": [{"id": "commune", "type": "text"}, {"id": "foyers", "type": "int8", "info": {"unit": "1", "x": "y"}}],
    "full_text": ["commune"],
}


def test_a_description() -> None:
    table = TableDescription.read(RESOURCE, GOOD)
    assert table.table == "_ard_0b2f9d4e7c1a4c559a550123456789ab_2026-10_abababab"
    assert len(table.table) < 64
    assert table.fields[1].info == {"unit": "1"}


@pytest.mark.parametrize(
    "change",
    [
        {"period": "2026"},
        {"period": "2026-10'; DROP TABLE x; --"},
        {"version": "abc"},
        {"fields": []},
        {"fields": [{"id": 'x" int); DROP TABLE y; --', "type": "text"}]},
        {"fields": [{"id": "_id", "type": "int8"}]},
        {"fields": [{"id": "periode_publiee", "type": "text"}]},
        {"fields": [{"id": "a", "type": "text"}, {"id": "a", "type": "text"}]},
        {"fields": [{"id": "a", "type": "text; DROP TABLE y"}]},
        {"fields": "commune"},
        {"full_text": ["foyers"]},
        {"full_text": ["commune", "commune"]},
    ],
)
def test_what_is_no_description(change: dict[str, Any]) -> None:
    with pytest.raises(BadTableError, match=next(iter(change))):
        TableDescription.read(RESOURCE, {**GOOD, **change})


@pytest.mark.parametrize("resource", ["x", "0B2F9D4E-7C1A-4C55-9A55-0123456789AB", f"{RESOURCE}'", None])
def test_a_resource_is_an_identifier(resource: Any) -> None:
    with pytest.raises(BadTableError, match="resource_id"):
        TableDescription.read(resource, GOOD)


@pytest.mark.parametrize("value", ["2026-10", ["2026-10", 3], ["latest"]])
def test_periods_are_a_list_of_periods(value: Any) -> None:
    with pytest.raises(BadTableError):
        periods(value)


def test_days_weeks_and_months_are_periods() -> None:
    assert periods(["2026-10", "2026-W44", "2026-10-31"]) == ("2026-10", "2026-W44", "2026-10-31")


def read_all(checked: CheckedRows) -> bytes:
    return b"".join(iter(lambda: checked.read(1000), b""))


def whole(rows: bytes) -> bytes:
    return rows + hashlib.sha256(rows).hexdigest().encode()


@pytest.mark.parametrize("rows", [b"", b"1,a\n", b"1,abc\n" * 300_000])
def test_rows_come_out_without_their_digest(rows: bytes) -> None:
    checked = CheckedRows(io.BytesIO(whole(rows)))
    assert read_all(checked) == rows
    assert checked.read(1000) == b""


@pytest.mark.parametrize("cut", [1, 3, 64, 65, 70])
def test_a_body_that_was_cut_is_refused(cut: int) -> None:
    checked = CheckedRows(io.BytesIO(whole(b"1,a\n" * 100)[:-cut]))
    with pytest.raises(BadTableError, match="cut short"):
        read_all(checked)


def test_an_altered_body_is_refused() -> None:
    checked = CheckedRows(io.BytesIO(whole(b"1,a\n").replace(b"a\n", b"b\n")))
    with pytest.raises(BadTableError, match="altered"):
        read_all(checked)


@pytest.mark.parametrize("line", [b"", b"{}", b"nonsense\n", b"{" + b" " * (1 << 20) + b"}\n"])
def test_the_first_line_is_json(line: bytes) -> None:
    with pytest.raises(BadTableError, match="description"):
        read_description(io.BytesIO(line))
    assert read_description(io.BytesIO(json.dumps(GOOD).encode() + b"\n")) == GOOD
