"""Sectors of the water network, from the broker of the water operator."""

from __future__ import annotations

from fastapi import FastAPI

from stack.operators import network
from stack.operators.broker import Served, serve
from stack.operators.world import World


def routes(app: FastAPI, world: World) -> None:
    """Add the volumes, in either form."""
    metered = network.sectors(world.size.scaled(network.SECTORS, 29), world.seed)
    serve(
        app,
        world,
        Served(
            "eau-angers-loire-metropole",
            network.KIND,
            "waterConsumption.observedAt",
            lambda since, until, form: network.consumptions(metered, since, until, world.seed, world.defects, form),
        ),
    )
