"""Lifts of the last two whole weeks: a file each in the account of the collection service."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from stack.operators import bins
from stack.operators.world import World

LEAST = 400  # bins: enough for most sectors to pass the floor


def files(world: World) -> None:
    """Send the files of the weeks that are over."""
    today = world.now().date()
    this_week = today - timedelta(days=today.weekday())
    count = world.size.scaled(bins.BINS, LEAST)
    for monday in (this_week - timedelta(days=14), this_week - timedelta(days=7)):
        make = partial(bins.lifts, monday, count, world.seed, defects=world.defects, canaries=world.canaries)
        world.send_file("collecte-des-dechets", f"levees/levees_{monday:%G-W%V}.csv", make)
