"""The sewer network: a file a day in the drop folder, for the three days before this one."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from stack.operators import sanitation
from stack.operators.world import World

FOLDER = "sanitation"
DAYS = 3


def files(world: World) -> None:
    """Drop the files of the last whole days."""
    measured = sanitation.points(world.size.scaled(sanitation.POINTS, 8), world.seed)
    today = world.now().date()
    for day in (today - timedelta(days=number) for number in range(DAYS, 0, -1)):
        make = partial(sanitation.csv_file, measured, day, world.seed, world.defects)
        world.drop_file(f"{FOLDER}/assainissement_{day:%Y-%m-%d}.csv", make)
