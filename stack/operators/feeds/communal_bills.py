"""Bills of the communes that send some: a file each in the drop folder, for last month."""

from __future__ import annotations

from functools import partial

from stack.operators.answers import last_month
from stack.operators.bills import bills, sends
from stack.operators.territory import places
from stack.operators.world import World


def files(world: World) -> None:
    """Drop last month's bills."""
    start, end = last_month(world.now().date())
    for place in places():
        if sends(place, world.seed):
            name = f"communal-bills/factures_{place.insee}_{start:%Y-%m}.csv"
            world.drop_file(name, partial(bills, place, start, end, world.seed, defects=world.defects))
