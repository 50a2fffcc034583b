"""What the journal keeps of each delivery that was read: counts by reason and position, never a value."""

from __future__ import annotations

import pytest

from pipeline.errors import BadPayloadError
from tests.journey_world import HEADER, World, days, meters, readings


def test_what_a_delivery_came_to_is_counted_by_reason_without_a_value(world: World) -> None:
    lines = readings(meters(12), days(3))
    lines[4] = lines[4].replace("02/10/2026", "hier").replace("01/10/2026", "hier")
    lines[7] = "ALM-000007;C7;7 rue Dupont"
    world.drop("releves_2026-10.csv", [f"{line};secret" for line in lines], HEADER + ";NOUVELLE")
    world.collect()
    (reading,) = world.hub.journal.readings("water-meters")
    assert {(one.code, one.column, one.rows, one.first) for one in reading.reasons} == {
        ("badDate", "date", 1, 4),
        ("columnCount", None, 1, 7),
    }
    assert (reading.rows, reading.rejected, reading.unknown_columns, reading.unreadable) == (36, 2, 1, False)
    assert set(reading.filled) == {c.name for c in world.water.columns if c.read}
    assert "NOUVELLE" not in repr(reading)


def test_a_delivery_that_can_not_be_read_is_counted_as_such(world: World) -> None:
    world.drop("releves_2026-10.csv", ["Jean Dupont;49007"], "NOM;COMMUNE")
    with pytest.raises(BadPayloadError):
        world.collect()
    (reading,) = world.hub.journal.readings("water-meters")
    assert (reading.unreadable, reading.reasons[0].code) == (True, "unreadablePayload")
