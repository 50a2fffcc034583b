from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from policies.contract import Column
from sources import PayloadError, decoder
from tests.unit.sources.support import TERRITORY, codes, made, parts, read

TRAFFIC = made(
    "ngsi_ld",
    Column("id", "id", "string", primary_key=True),
    Column("voie", "laneId", "integer"),
    Column("debit", "intensity", "number"),
    Column("vitesse", "averageVehicleSpeed", "number", unit="km/h"),
    Column("capteur", "refDevice", "string"),
    Column("longitude", "location.longitude", "number"),
    Column("latitude", "location.latitude", "number"),
    Column("debut", "dateObservedFrom", "timestamp"),
    entityType="TrafficFlowObserved",
)
NORMALIZED: dict[str, Any] = {
    "id": "urn:ngsi-ld:TrafficFlowObserved:49007-1",
    "type": "TrafficFlowObserved",
    "laneId": {"type": "Property", "value": 1},
    "intensity": {"type": "Property", "value": 197, "observedAt": "2026-10-05T08:05:00Z"},
    "averageVehicleSpeed": {"type": "Property", "value": 52.6, "unitCode": "KMH"},
    "refDevice": {"type": "Relationship", "object": "urn:ngsi-ld:Device:7"},
    "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [-0.55, 47.47]}},
    "dateObservedFrom": {"type": "Property", "value": {"@type": "DateTime", "@value": "2026-10-05T08:00:00Z"}},
    "@context": "https://example.invalid/context.jsonld",
}
KEY_VALUES: dict[str, Any] = {
    "id": "urn:ngsi-ld:TrafficFlowObserved:49007-1",
    "type": "TrafficFlowObserved",
    "laneId": 1,
    "intensity": 197,
    "averageVehicleSpeed": 52.6,
    "refDevice": "urn:ngsi-ld:Device:7",
    "location": {"type": "Point", "coordinates": [-0.55, 47.47]},
    "dateObservedFrom": "2026-10-05T08:00:00Z",
}
ROW = {
    "id": "urn:ngsi-ld:TrafficFlowObserved:49007-1",
    "voie": 1,
    "debit": 197.0,
    "vitesse": 52.6,
    "capteur": "urn:ngsi-ld:Device:7",
    "longitude": -0.55,
    "latitude": 47.47,
    "debut": datetime(2026, 10, 5, 8, tzinfo=UTC),
}


@pytest.mark.parametrize(
    "document",
    [
        NORMALIZED,
        [NORMALIZED],
        KEY_VALUES,
        [KEY_VALUES],
        {"id": "urn:ngsi-ld:Notification:1", "type": "Notification", "data": [NORMALIZED]},
    ],
)
def test_every_form_gives_the_same_row(document: Any) -> None:
    table, rejects, _ = read(TRAFFIC, json.dumps(document))
    assert (table.to_pylist(), rejects) == ([ROW], [])


def test_forms_may_be_mixed_in_a_batch_and_other_types_are_passed_over() -> None:
    other = {"id": "urn:ngsi-ld:ParkingSpot:1", "type": "ParkingSpot"}
    several = KEY_VALUES | {"type": ["Observation", "TrafficFlowObserved"]}
    table, rejects, positions = read(TRAFFIC, json.dumps([NORMALIZED, other, KEY_VALUES, several]))
    assert table.to_pylist() == [ROW] * 3
    assert (rejects, positions) == ([], [0, 2, 3])


def test_a_unit_is_converted_and_an_unknown_one_rejected() -> None:
    def speed(value: Any, unit: Any) -> dict[str, Any]:
        return NORMALIZED | {"averageVehicleSpeed": {"type": "Property", "value": value, "unitCode": unit}}

    batch = [speed(10, "MTS"), speed(10, "CEL"), speed("?", "MTS"), speed(10, None), speed(10, "XYZ")]
    table, rejects, _ = read(TRAFFIC, json.dumps(batch))
    assert table["vitesse"].to_pylist() == pytest.approx([36.0, 10.0])
    assert codes(rejects) == [
        (1, "badUnit", "averageVehicleSpeed"),
        (2, "badNumber", "averageVehicleSpeed"),
        (4, "badUnit", "averageVehicleSpeed"),
    ]


def test_keys_of_structured_values_and_of_the_normalised_form() -> None:
    power = made(
        "ngsi_ld",
        Column("phase_1", "activePower.L1", "number", unit="kW"),
        Column("releve", "activePower.observedAt", "timestamp"),
        Column("unite", "activePower.unitCode", "string"),
        Column("fiabilite", "activePower.reliability", "number"),
        Column("compteur", "id", "string"),
    )
    normalized = {
        "type": "Property", "value": {"L1": 1200, "L2": 900}, "unitCode": "WTT", "observedAt": "2026-10-05T08:00:00Z",
        "reliability": {"type": "Property", "value": 0.9},
    }  # fmt: skip
    entities = [
        {"id": "urn:1", "type": "ACMeasurement", "activePower": normalized},
        {"id": "urn:2", "type": "ACMeasurement", "activePower": {"L1": 3.5}},
        {"id": "urn:3", "type": "ACMeasurement", "activePower": 7},
        {"id": "urn:4", "type": "ACMeasurement"},
    ]
    table, rejects, _ = read(power, json.dumps(entities))
    assert table["phase_1"].to_pylist() == [1.2, 3.5, None, None]
    assert table["unite"].to_pylist() == ["WTT", None, None, None]
    assert table["fiabilite"].to_pylist() == [0.9, None, None, None]
    assert table["releve"].to_pylist()[0] == datetime(2026, 10, 5, 8, tzinfo=UTC)
    assert rejects == []


def test_of_several_instances_the_default_is_read() -> None:
    one = {"type": "Property", "value": 1, "datasetId": "urn:a"}
    batch = [KEY_VALUES | {"intensity": [one, {"type": "Property", "value": 5}]}, KEY_VALUES | {"intensity": [one]}]
    table, rejects, _ = read(TRAFFIC, json.dumps(batch))
    assert table["debit"].to_pylist() == [5.0]
    assert codes(rejects) == [(1, "severalInstances", "intensity")]


def test_what_is_no_entity_is_rejected() -> None:
    table, rejects, _ = read(TRAFFIC, json.dumps([{"type": "TrafficFlowObserved"}, {"id": "x"}, 3, KEY_VALUES]))
    assert codes(rejects) == [(0, "notEntity", None), (1, "notEntity", None), (2, "notObject", None)]
    assert table.num_rows == 1


def test_a_position_that_is_none_is_null_or_bad() -> None:
    def at(*coordinates: Any) -> dict[str, Any]:
        return KEY_VALUES | {"location": {"type": "Point", "coordinates": [*coordinates]}}

    table, rejects, _ = read(TRAFFIC, json.dumps([at(), at("x", 1), KEY_VALUES | {"location": "Angers"}]))
    assert table["longitude"].to_pylist() == [None, None]
    assert codes(rejects) == [(1, "badNumber", "location.longitude")]


def test_a_broken_entity_is_refused_at_its_own_byte() -> None:
    with pytest.raises(PayloadError, match=r"^stationnement-angers, parking, part-0, byte 1[12]: "):
        read(TRAFFIC, '{"id": "urn')
    with pytest.raises(PayloadError, match="byte 7"):
        read(TRAFFIC, '{"id": urn}')


def test_messages_are_read_a_line_each_and_one_that_is_broken_spoils_itself_alone() -> None:
    good = '{"id": "urn:a", "type": "T"}'
    lines = [good, "[" + good.replace("urn:a", "urn:b") + "]", '{"id": "urn', good.replace("urn:a", "urn:c")]
    contract = made("ngsi_ld", Column("cle", "id", "string", primary_key=True))
    for chosen, names in ((lines, ["urn:a", "urn:b", "urn:c"]), ([lines[0], *lines[2:]], ["urn:a", "urn:c"])):
        batches = list(decoder(contract, TERRITORY).decode(parts("\n".join(chosen), names=("messages.ndjson",))))
        assert [name for one in batches for name in one.batch["cle"].to_pylist()] == names
        assert [row["code"] for one in batches for row in one.rejects.to_pylist()] == ["badJson"]
