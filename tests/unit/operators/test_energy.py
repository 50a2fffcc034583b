"""Electricity and gas of households: real formats, hours of Paris, consent, defects."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from sources import decoder
from stack.operators import electricity, gas
from stack.operators.canaries import make_canaries
from stack.operators.defects import NO_DEFECTS
from stack.operators.feeds import household_electricity, household_gas
from stack.operators.server import build_app
from stack.operators.world import Size, World
from tests.unit.sources.support import TERRITORY, contract, decode

OCTOBER = (date(2026, 10, 1), date(2026, 11, 1))


def world(tmp_path: Path) -> World:
    return World(1, Size(10, 300, 0.001), tmp_path, TERRITORY.folder, lambda: datetime(2026, 11, 22, 11, tzinfo=UTC))


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 10, 25), 25), (date(2026, 3, 29), 23), (date(2026, 10, 26), 24)]
)
def test_a_day_has_the_hours_it_has_in_paris(day: date, hours: int) -> None:
    found = electricity.hours_between(day, date.fromordinal(day.toordinal() + 1))
    assert len(found) == hours
    assert Counter(hour.hour for hour in found)[2] == hours - 23


def test_a_curve_is_of_texts_and_the_same_again() -> None:
    first, again = (list(electricity.load_curves(*OCTOBER, 5, 1)) for _ in range(2))
    assert first == again
    reading = first[0]["meter_reading"]
    assert len(reading["interval_reading"]) == 31 * 24 + 1
    assert all(isinstance(one["value"], str) for one in reading["interval_reading"])
    assert first != list(electricity.load_curves(*OCTOBER, 5, 2))


def test_what_enedis_writes_is_what_the_contract_reads() -> None:
    made = contract("household-electricity")
    data = electricity.write_curves(electricity.load_curves(*OCTOBER, 3, 1))
    table, rejects, _ = decode(decoder(made, TERRITORY), "household-electricity", data)
    assert (table.num_rows, rejects) == (3 * 745, [])
    assert len(set(table["debut"].to_pylist())) == 745


def test_what_grdf_writes_is_what_the_contract_reads() -> None:
    made = contract("household-gas")
    refused = NO_DEFECTS.changed({"missing": 0.3})
    data = gas.write_gas(gas.gas_days(*OCTOBER, 20, 1, defects=refused))
    table, rejects, _ = decode(decoder(made, TERRITORY), "household-gas", data)
    assert {reject["code"] for reject in rejects} == {"operatorAnswer"}
    assert table.num_rows == 31 * (20 - len(rejects))
    assert 0 < len(rejects) < 20


def test_canaries_take_the_last_places_and_consent() -> None:
    canaries = make_canaries(4, 9)
    prms, pces = electricity.signed(20, 1, canaries).to_pylist(), gas.signed(20, 1, canaries).to_pylist()
    assert set(canaries.prms) <= set(prms)
    assert set(canaries.pces) <= set(pces)
    assert len(prms) < 20
    text = electricity.write_curves(electricity.load_curves(*OCTOBER, 20, 1, canaries=canaries)).decode()
    assert all(value in text for value in (*canaries.prms, *canaries.addresses))
    assert len(electricity.make_points(2, 1, canaries)) == 2  # more canaries than places


def test_services_answer_with_last_month_once(tmp_path: Path) -> None:
    with TestClient(build_app(world(tmp_path))) as client:
        first = client.get("/adict/donnees_consos_informatives")
        again = client.get("/adict/donnees_consos_informatives", headers={"if-none-match": first.headers["etag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
        assert json.loads(first.text.splitlines()[0])["pce"]["id_pce"].startswith("98")
        curves = client.get("/enedis/metering_data/consumption_load_curve")
        assert curves.headers["etag"] != first.headers["etag"]
        assert curves.text.startswith('[{"meter_reading"')
    assert len(household_gas.consenting(Size(scale=0.001), 1, None)) > 100
    assert len(household_electricity.consenting(Size(scale=0.001), 1, None)) > 100
