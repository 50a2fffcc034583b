"""Air quality: an array of NGSI-LD entities an hour, over MQTT."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from stack.operators import sensors
from stack.operators.world import World

STEP = timedelta(hours=1)


def messages(world: World, instant: datetime) -> Iterator[tuple[str, bytes]]:
    """What is published at `instant`."""
    found = sensors.sensors(world.size.scaled(sensors.STATIONS, 6), "air", world.seed)
    yield from sensors.gathered(sensors.air(found, instant, world.seed, world.defects))
