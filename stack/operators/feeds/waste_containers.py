"""Drop-off containers, from the broker of who collects them."""

from __future__ import annotations

from fastapi import FastAPI

from stack.operators import waste
from stack.operators.broker import Served, serve
from stack.operators.world import World


def routes(app: FastAPI, world: World) -> None:
    """Add the reports, in either form."""
    placed = waste.containers(world.size.scaled(waste.CONTAINERS, 60), world.seed)
    serve(
        app,
        world,
        Served(
            "collecte-des-dechets",
            waste.KIND,
            "dateModified",
            lambda since, until, form: waste.levels(placed, since, until, world.seed, world.defects, form),
        ),
    )
