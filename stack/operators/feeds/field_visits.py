"""Visits of last month, as typed by the agents: a file in the drop folder."""

from __future__ import annotations

from functools import partial

from stack.operators import visits
from stack.operators.answers import last_month
from stack.operators.world import World

LEAST = 200  # visits: enough for some communes to pass the floor


def files(world: World) -> None:
    """Drop last month's visits."""
    start, end = last_month(world.now().date())
    count = world.size.scaled(visits.MONTHLY, LEAST)
    make = partial(visits.visits, start, end, count, world.seed, defects=world.defects, canaries=world.canaries)
    world.drop_file(f"field-visits/visites_{start:%Y-%m}.csv", make)
