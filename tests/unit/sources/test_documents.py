"""JSON and JSON lines, small, and too large to be held at once."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from policies.contract import Column
from sources import PayloadError, PayloadPart
from sources.decoders import documents as large
from sources.decoders.documents import documents
from sources.decoders.lines import BLOCK_BYTES
from tests.unit.sources.support import codes, made, read

COLUMNS = (
    Column("cle", "id", "string", primary_key=True),
    Column("lieu", "site.commune", "string"),
    Column("mesure", "value", "number"),
    Column("date", "at", "date"),
)
FILES = made("json", *COLUMNS)
BEHIND = made("json", *COLUMNS, records="data.items")
LINES = made("ndjson", *COLUMNS)


def record(key: str = "a", **other: Any) -> dict[str, Any]:
    return {"id": key, "site": {"commune": "49007", "secret": "x"}, "value": 1.5, "at": "2026-10-05"} | other


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "WHOLE_BYTES", 2048)
    monkeypatch.setattr(large, "_BLOCK_BYTES", 512)


def test_an_array_and_one_record_alone() -> None:
    for text in (json.dumps([record()]), "\ufeff " + json.dumps(record(), indent=2)):
        table, rejects, _ = read(FILES, text)
        assert (table["cle"].to_pylist(), table["lieu"].to_pylist(), rejects) == (["a"], ["49007"], [])


def test_records_behind_keys() -> None:
    table, _, _ = read(BEHIND, json.dumps({"meta": {"items": [1]}, "data": {"total": 1, "items": [record()]}}))
    assert table.num_rows == 1
    with pytest.raises(PayloadError, match="not an array of records"):
        read(BEHIND, json.dumps([record()] * 2 + [{"data": 1}]))


def test_an_unknown_field_is_never_read_whatever_it_holds() -> None:
    table, rejects, _ = read(FILES, json.dumps([record(titulaire="Jeanne Martin", other=[{"deep": [1e5]}])]))
    assert table.column_names == [column.name for column in FILES.columns]
    assert rejects == []


def test_a_path_inside_another_is_taken_out_of_it() -> None:
    both = made("json", Column("a", "site", "string"), Column("b", "site.commune", "string"))
    table, _, _ = read(both, json.dumps([record(), record(site=5)]))
    assert table["a"].to_pylist() == ['{"commune": "49007", "secret": "x"}', "5"]
    assert table["b"].to_pylist() == ["49007", None]


def test_lone_surrogates_and_bytes_that_are_no_text() -> None:
    table, rejects, _ = read(FILES, json.dumps([record("\ud800"), record("b")]))
    assert table["cle"].to_pylist() == ["\ufffd", "b"]
    assert rejects == []
    bad = json.dumps([record("#"), record("b")]).encode().replace(b'"#"', b'"\xff"')
    table, rejects, _ = read(FILES, bad)
    assert table["cle"].to_pylist() == ["b"]
    assert codes(rejects) == [(0, "badEncoding", None)]


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 200_000, "[NaN]", "[1e]", '["\x01"]', "[1 2]", "nul"])
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(PayloadError, match=r"^stationnement-angers, parking, part-0.*(not JSON|nested too deeply)"):
        read(FILES, text)


def test_a_record_of_a_large_array_that_is_not_json_refuses_the_payload_at_its_byte(small_limits: None) -> None:
    text = "[" + ", ".join(json.dumps(record(f"k{n}")) for n in range(100)) + "]"
    broken = text.replace('"k70"', '"k70')
    with pytest.raises(PayloadError) as caught:
        read(FILES, broken)
    place = int(str(caught.value).split("byte ")[1].split(":")[0])
    assert place <= broken.index('"k70') < place + 2560


@pytest.mark.parametrize("records", ["", "data.items"])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_large_document_gives_the_same_as_a_small_one(
    records: str, indent: int | None, small_limits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = {"site": {"commune": 'a"]}, [{\\', "other": [{"x": [[]]}, "]"]}}
    rows = [record(f"k{n}", **(strange if n % 3 else {})) for n in range(200)]
    document: Any = {"first": {"items": ["["]}, "data": {"n": [1], "items": rows, "more": 1}} if records else rows
    text = json.dumps(document, indent=indent)
    contract = made("json", *COLUMNS, records=records) if records else FILES
    cut = list(documents(PayloadPart("x", io.BytesIO(text.encode())), contract, [("data", "items") if records else ()]))
    assert len(cut) > 10
    assert max(len(piece.content) for piece in cut) < 4096
    found = read(contract, text)
    monkeypatch.undo()
    whole = read(contract, text)
    assert found[0].equals(whole[0])
    assert found[1:] == whole[1:]
    assert found[0].num_rows == 200


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("[" + json.dumps(record("x" * 9000)) + "]", "a record is larger"),
        ("[" + "[1]," * 2000, "does not end"),
        ("[" + "[1]," * 2000 + "[1]] x", "not JSON"),
        ('{"other": "' + "x" * 9000 + '"}', "without an array of records"),
        ("[" + "[1]," * 2000 + "[1]]" + " " * 2_000_000, "follow the array"),
    ],
)
def test_large_documents_that_are_refused(text: str, match: str, small_limits: None) -> None:
    with pytest.raises(PayloadError, match=match):
        list(documents(PayloadPart("x", io.BytesIO(text.encode())), FILES, [()]))


def test_what_rows_need_must_stand_before_a_large_array(small_limits: None) -> None:
    contract = made("talq", Column("passerelle", "address", "string"), Column("point", "cmsRefId", "string"))
    entries = [{"cmsRefId": str(n)} for n in range(300)]
    table, _, _ = read(contract, json.dumps({"address": "p", "entries": entries, "later": 1}))
    assert table["passerelle"].to_pylist() == ["p"] * 300
    with pytest.raises(PayloadError, match="« address » stands behind"):
        read(contract, json.dumps({"entries": entries, "address": "p"}))


def test_lines_good_and_bad() -> None:
    good = json.dumps(record())
    table, rejects, positions = read(LINES, f"\ufeff{good}\n\n{good} {good}\r\n7\n{{\n{good}", good)
    assert table.num_rows == 3
    assert codes(rejects) == [(1, "badJson", None), (2, "notObject", None), (3, "badJson", None)]
    assert [row["record"] for row in rejects] == [f"{good} {good}", "7", "{"]
    assert positions == [0, 4, 5]


def test_bad_values_of_lines_keep_their_line() -> None:
    lines = [json.dumps(record()), "", json.dumps(record(value="x")), json.dumps(record(at="2026-02-30"))]
    table, rejects, _ = read(LINES, "\n".join(lines))
    assert codes(rejects) == [(1, "badNumber", "value"), (2, "badDate", "at")]
    assert [row["record"] for row in rejects] == lines[2:]
    assert table.num_rows == 1


def test_a_line_without_end_is_refused() -> None:
    with pytest.raises(PayloadError, match="a line is longer"):
        read(LINES, b"[" * (3 * BLOCK_BYTES))
