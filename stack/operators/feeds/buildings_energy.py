"""Meters of communal buildings, from the broker of their operator."""

from __future__ import annotations

from fastapi import FastAPI

from stack.operators import buildings
from stack.operators.broker import Served, serve
from stack.operators.world import World


def routes(app: FastAPI, world: World) -> None:
    """Add the measurements, in either form."""
    metered = buildings.buildings(world.size.scaled(buildings.BUILDINGS, 40), world.seed)
    serve(
        app,
        world,
        Served(
            "energie-des-batiments",
            buildings.KIND,
            "dateObserved",
            lambda since, until, form: buildings.measurements(metered, since, until, world.seed, world.defects, form),
        ),
    )
