from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from policies.contract import Column
from sources import PayloadError, SchemaDriftError
from tests.unit.sources.support import codes, made, read

COLUMNS = (
    Column("passerelle", "address", "string"),
    Column("point", "cmsRefId", "string", primary_key=True),
    Column("mesure", "data.attributeName", "string"),
    Column("valeur", "data.attributeValue", "number", unit="W"),
    Column("horodatage", "data.timestamp", "timestamp", required=True),
)
READINGS = made("talq", *COLUMNS, logType="AttributeLogData")


def reading(point: str = "L-1", value: Any = 41.5, **other: Any) -> dict[str, Any]:
    data = {
        "type": "AttributeLogData", "srcAddress": f"{point}:LampMonitor:1", "timestamp": "2026-10-05T10:10:00.000Z",
        "attributeName": "activePower", "attributeValue": value,
    }  # fmt: skip
    return {"cmsRefId": point, "data": data | other}


def event(point: str = "L-1") -> dict[str, Any]:
    data = {
        "type": "EventLogData",
        "eventType": "lampFailure",
        "startEndFlag": True,
        "timestamp": "2026-10-05T10:12:00Z",
    }
    return {"cmsRefId": point, "data": data}


def report(*entries: Any, address: str = "passerelle-7") -> str:
    return json.dumps({"address": address, "entries": entries})


def test_readings_of_a_report() -> None:
    table, rejects, positions = read(
        READINGS, report(reading(), reading("L-2", 40)), report(reading("L-3"), address="B")
    )
    assert table.to_pylist()[0] == {
        "passerelle": "passerelle-7",
        "point": "L-1",
        "mesure": "activePower",
        "valeur": 41.5,
        "horodatage": datetime(2026, 10, 5, 10, 10, tzinfo=UTC),
    }
    assert table["valeur"].to_pylist() == [41.5, 40.0, 41.5]
    assert table["passerelle"].to_pylist() == ["passerelle-7", "passerelle-7", "B"]
    assert (rejects, positions) == ([], [0, 1, 2])


def test_events_are_passed_over_and_keep_their_positions() -> None:
    table, rejects, positions = read(READINGS, report(event(), reading(), event(), reading("L-2")))
    assert table["point"].to_pylist() == ["L-1", "L-2"]
    assert (rejects, positions) == ([], [1, 3])


def test_a_contract_of_events() -> None:
    events = made(
        "talq",
        Column("point", "cmsRefId", "string"),
        Column("panne", "data.eventType", "string"),
        Column("debut", "data.startEndFlag", "boolean"),
        Column("horodatage", "data.timestamp", "timestamp"),
        logType="EventLogData",
    )
    table, _, _ = read(events, report(reading(), event()))
    assert table.select(["point", "panne", "debut"]).to_pylist() == [
        {"point": "L-1", "panne": "lampFailure", "debut": True}
    ]


def test_some_attributes_alone() -> None:
    power = made("talq", *COLUMNS, attributes=["activePower"])
    table, rejects, positions = read(power, report(reading(attributeName="supplyVoltage"), reading(), event()))
    assert (table.num_rows, rejects, positions) == (1, [], [1])


def test_values_of_several_kinds_stand_side_by_side() -> None:
    values = [1, 2.5, "3", None, "", "x", True, {"a": 1}, 10**400]
    table, rejects, positions = read(READINGS, report(*(reading(value=value) for value in values)))
    assert table["valeur"].to_pylist() == [1.0, 2.5, 3.0, None, None]
    assert positions == [0, 1, 2, 3, 4]
    assert codes(rejects) == [(row, "badNumber", "data.attributeValue") for row in (5, 6, 7, 8)]
    assert json.loads(str(rejects[0]["record"]))["data"]["attributeValue"] == "x"


def test_an_entry_of_another_shape_spoils_itself_alone() -> None:
    broken = {"cmsRefId": "L-9", "data": "nothing"}
    table, rejects, positions = read(READINGS, report(reading(), broken, 7, reading("L-2")))
    assert table["point"].to_pylist() == ["L-1", "L-2"]
    assert codes(rejects) == [(1, "badShape", None), (2, "notObject", None)]
    assert [row["record"] for row in rejects] == [json.dumps(broken), "7"]
    assert positions == [0, 3]


def test_an_entry_without_data_has_no_values() -> None:
    table, rejects, _ = read(made("talq", *COLUMNS), report({"cmsRefId": "L-1", "data": None}, {"cmsRefId": "L-2"}))
    assert table["point"].to_pylist() == ["L-1", "L-2"]
    assert table["horodatage"].to_pylist() == [None, None]
    assert rejects == []


@pytest.mark.parametrize(
    ("payload", "place"),
    [
        (report(reading())[:-9], ""),
        (report(reading()).replace('"data":', '"data"'), ", byte "),
        ("", ""),
        ("\ufeff[1, 2", ""),
    ],
)
def test_a_report_that_is_not_json_is_refused_with_operator_object_and_position(payload: str, place: str) -> None:
    with pytest.raises(PayloadError, match=rf"^stationnement-angers, parking, part-0{place}") as caught:
        read(READINGS, payload)
    assert "L-1" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("payload", ['{"entries": {}}', "7", '{"address": "x"}', '[{"entries": 1}]'])
def test_a_document_that_is_no_report_is_refused(payload: str) -> None:
    with pytest.raises(PayloadError, match="this is not a TALQ log report"):
        read(READINGS, payload)


def test_attributes_that_nobody_knows_are_drift() -> None:
    entries = [reading() for _ in range(10)]
    for entry in entries:
        entry["data"]["time"] = entry["data"].pop("timestamp")
    with pytest.raises(SchemaDriftError, match=r"data\.timestamp"):
        read(READINGS, report(*entries))
