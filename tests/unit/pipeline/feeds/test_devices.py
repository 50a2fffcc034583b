"""What gateways, sensors and car parks deliver, from landing to what is open."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pyarrow.compute as pc

from stack.operators import lighting, sensors, sessions
from stack.operators.defects import Defects
from tests.journey_world import World

MIDNIGHT = datetime(2026, 11, 3, 23, tzinfo=UTC)  # in Paris
DAY = "2026-11-04"
HOURS = [MIDNIGHT + timedelta(hours=number) for number in range(24)]


def lines(hours: Iterable[Iterable[sensors.Entity]]) -> bytes:
    """As the connector gathers messages."""
    return b"".join(text + b"\n" for entities in hours for _, text in sensors.gathered(entities))


def test_street_lights_are_open_by_commune_and_hour_only(world: World) -> None:
    lamps = lighting.make_lamps(300, 7)
    taken = world.take_in("street-lighting", *(body for hour in HOURS for body in lighting.reports(lamps, hour, 7)))
    assert taken.counts["stored"] == 300 * 144
    verdict, table = world.publish_approved("street-lighting", DAY)
    assert verdict.word == "publishable"
    assert "point" not in table.column_names
    assert pc.sum(table["releves"]).as_py() == 300 * 144
    assert table.num_rows == 24 * len(lamps)
    noon = table.filter(pc.equal(table["heure"], HOURS[12]))
    assert pc.max(noon["puissance_moyenne_w"]).as_py() == 0
    assert pc.min(table.filter(pc.equal(table["heure"], HOURS[18]))["puissance_moyenne_w"]).as_py() > 5


def test_air_and_soil_are_open_as_they_were_measured(world: World) -> None:
    defects = Defects(truncated=0.01)
    found = sensors.sensors(6, "air", 7)
    batch = lines(sensors.air(found, hour, 7, defects) for hour in HOURS)
    taken = world.take_in("air-quality", batch, batch, part="messages.ndjson")
    assert taken.counts["rejected"] > 0
    _, table = world.publish_approved("air-quality", DAY)
    assert table.num_rows == taken.counts["stored"] / 2 <= 6 * 24
    assert set(table["qualificatif"].to_pylist()) <= set(sensors.LEVELS)

    probes = sensors.sensors(24, "sol", 7)
    batch = lines(sensors.soil(probes, hour, 7) for hour in HOURS)
    world.take_in("irrigation", batch, part="messages.ndjson")
    _, table = world.publish_approved("irrigation", DAY)
    assert table.num_rows == 24 * 24
    assert 0 < pc.min(table["humidite"]).as_py() < pc.max(table["humidite"]).as_py() < 1


def test_car_parks_are_open_by_hour_where_ten_vehicles_came(world: World) -> None:
    text = sessions.day_file(date(2026, 11, 4), 1_500, ["Gare", "Ralliement", "Mail", "Leclerc"], 7)
    taken = world.take_in("parking-sessions", text)
    assert taken.counts["stored"] == 1_500
    verdict, table = world.publish_approved("parking-sessions", DAY)
    assert verdict.word == "publishable"
    assert pc.min(table["vehicules"]).as_py() >= 10
    assert 40 < table.num_rows < 4 * 24
    assert {"plaque", "ticket"}.isdisjoint(table.column_names)
