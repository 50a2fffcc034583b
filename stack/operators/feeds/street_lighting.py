"""Street lighting: gateways post TALQ log reports to the inbox, an hour at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from stack.operators import lighting
from stack.operators.world import World

STEP = timedelta(hours=1)
PATH = "log-reports"


def posts(world: World, start: datetime) -> Iterator[bytes]:
    """What the gateways say about the hour from `start`."""
    lamps = lighting.make_lamps(world.size.scaled(lighting.LAMPS, 300), world.seed)
    yield from lighting.reports(lamps, start, world.seed, world.defects)
