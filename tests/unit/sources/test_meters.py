"""Energy companies' own formats."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from policies.contract import Column
from sources import PayloadError
from tests.unit.sources.support import codes, made, read

PARIS = ZoneInfo("Europe/Paris")
PRM = "22516914714270"
COLUMNS = (
    Column("prm", "usage_point_id", "string", primary_key=True),
    Column("qualite", "quality", "string"),
    Column("energie", "interval_reading.value", "number", unit="kW.h"),
    Column("date", "interval_reading.date", "timestamp", primary_key=True),
)
CURVE = made("enedis", *COLUMNS)


def meter(*readings: tuple[str, str], unit: str | None = "Wh", prm: str = PRM) -> dict[str, Any]:
    return {
        "meter_reading": {
            "usage_point_id": prm,
            "start": "2026-10-25",
            "end": "2026-10-26",
            "quality": "BRUT",
            "reading_type": {"measurement_kind": "energy", "aggregate": "sum"} | ({"unit": unit} if unit else {}),
            "interval_reading": [
                {"value": value, "date": at, "interval_length": "PT30M", "measure_type": "B"} for at, value in readings
            ],
        }
    }


def a_day(day: datetime) -> list[str]:
    """The clock times of a territory's day, every half-hour, as Enedis writes them."""
    start = day.replace(tzinfo=PARIS).astimezone(UTC)
    end = (day + timedelta(days=1)).replace(tzinfo=PARIS).astimezone(UTC)
    steps = int((end - start) / timedelta(minutes=30))
    return [(start + timedelta(minutes=30) * n).astimezone(PARIS).strftime("%Y-%m-%d %H:%M:%S") for n in range(steps)]


def test_texts_become_numbers_in_the_unit_of_the_contract() -> None:
    table, rejects, positions = read(CURVE, json.dumps(meter(("2026-10-05 03:00:00", "540"))))
    assert table.to_pylist() == [
        {"prm": PRM, "qualite": "BRUT", "energie": 0.54, "date": datetime(2026, 10, 5, 1, tzinfo=UTC)}
    ]
    assert (rejects, positions) == ([], [0])


@pytest.mark.parametrize(
    ("day", "hours"), [(datetime(2026, 10, 25), 25), (datetime(2026, 3, 29), 23), (datetime(2026, 10, 5), 24)]
)
def test_days_of_23_24_and_25_hours(day: datetime, hours: int) -> None:
    times = a_day(day)
    assert len(times) == 2 * hours
    other = meter(*((at, "1") for at in times), prm="22516914714271")
    table, rejects, _ = read(CURVE, json.dumps([meter(*((at, "1") for at in times)), other]))
    found = table["date"].to_pylist()
    start = day.replace(tzinfo=PARIS).astimezone(UTC)
    assert found == [start + timedelta(minutes=30) * n for n in range(2 * hours)] * 2
    assert rejects == []


def test_a_third_time_in_the_hour_that_comes_twice_is_rejected() -> None:
    times = ["2026-10-25 02:00:00"] * 3
    table, rejects, _ = read(CURVE, json.dumps(meter(*((at, "1") for at in times))))
    assert table["date"].to_pylist() == [datetime(2026, 10, 25, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)]
    assert codes(rejects) == [(2, "badTimestamp", "interval_reading.date")]


def test_the_hour_that_comes_twice_is_told_by_order_across_batches_and_parts() -> None:
    texts = [json.dumps(meter(("2026-10-25 02:30:00", str(n)))) for n in range(2)]
    table, _, _ = read(CURVE, *texts)
    assert table["date"].to_pylist()[1] - table["date"].to_pylist()[0] == timedelta(hours=1)


@pytest.mark.parametrize(("policy", "rows"), [("first", 2), ("refuse", 0)])
def test_other_policies_for_that_hour(policy: str, rows: int) -> None:
    times = ["2026-10-25 02:00:00"] * 2
    table, rejects, _ = read(
        made("enedis", *COLUMNS, repeatedHour=policy), json.dumps(meter(*((at, "1") for at in times)))
    )
    assert table["date"].to_pylist() == [datetime(2026, 10, 25, 0, tzinfo=UTC)] * rows
    assert len(rejects) == 2 - rows


def test_a_curve_of_power_where_energy_is_wanted_is_rejected() -> None:
    documents = [meter(("2026-10-05 03:00:00", "540"), unit="W"), meter(("2026-10-05 03:00:00", "2"), unit=None)]
    table, rejects, _ = read(CURVE, json.dumps(documents))
    assert codes(rejects) == [(0, "badUnit", "interval_reading.value")]
    assert table["energie"].to_pylist() == [2.0]  # silent about its unit: the contract's is meant


def test_the_contract_may_know_the_unit_better() -> None:
    sure = made("enedis", *COLUMNS, units={"interval_reading.value": "kWh"})
    table, _, _ = read(sure, json.dumps(meter(("2026-10-05 03:00:00", "2"), unit="W")))
    assert table["energie"].to_pylist() == [2.0]


def test_a_reading_that_can_not_be_read() -> None:
    table, rejects, _ = read(
        CURVE, json.dumps(meter(("2026-10-05 03:00:00", "n/c"), ("2026-03-29 02:30:00", "1"), ("2026-10-05", "1")))
    )
    assert codes(rejects) == [
        (0, "badNumber", "interval_reading.value"),
        (1, "badTimestamp", "interval_reading.date"),
        (2, "badTimestamp", "interval_reading.date"),
    ]
    assert PRM not in str(rejects[0]["record"])  # the raw reading, not what stands around it
    assert table.num_rows == 0


@pytest.mark.parametrize("payload", ['{"error": "ADAM-ERR0123"}', "[]x", '{"meter_reading": {"usage_point_id": "1"}}'])
def test_an_answer_that_is_no_reading_is_refused(payload: str) -> None:
    with pytest.raises(PayloadError, match=r"^stationnement-angers, parking, part-0"):
        read(CURVE, payload)


GAS = made(
    "grdf",
    Column("pce", "pce.id_pce", "string", primary_key=True),
    Column("energie", "consommation.energie", "number", unit="MW.h"),
    Column("jour", "consommation.journee_gaziere", "date"),
    Column("debut", "consommation.date_debut_consommation", "timestamp"),
)


def gas(pce: str = "GI123456", energy: Any = 57, **other: Any) -> dict[str, Any]:
    used = {
        "date_debut_consommation": "2026-10-05T06:00:00+02:00", "date_fin_consommation": "2026-10-06T06:00:00+02:00",
        "journee_gaziere": "2026-10-05", "energie": energy, "volume_brut": 5.0,
    }  # fmt: skip
    return {"pce": {"id_pce": pce}, "consommation": used, "statut_restitution": None} | other


def test_gas_lines() -> None:
    silent = gas(consommation=None, statut_restitution={"code": "1000008", "message": "Droit d'accès absent"})
    lines = [json.dumps(gas()), "", "{", json.dumps(silent), json.dumps(gas("GI999999", None)), "[1]"]
    table, rejects, positions = read(GAS, "\r\n".join(lines))
    assert table["pce"].to_pylist() == ["GI123456", "GI999999"]
    assert table["energie"].to_pylist() == [0.057, None]
    assert table["debut"].to_pylist()[0] == datetime(2026, 10, 5, 4, tzinfo=UTC)
    assert codes(rejects) == [(1, "badJson", None), (2, "operatorAnswer", None), (4, "notObject", None)]
    assert positions == [0, 3]
    assert json.loads(str(rejects[1]["record"]))["statut_restitution"]["code"] == "1000008"
