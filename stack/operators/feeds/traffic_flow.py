"""Counted lanes, from the broker of the traffic centre."""

from __future__ import annotations

from fastapi import FastAPI

from stack.operators import traffic
from stack.operators.broker import Served, serve
from stack.operators.world import World


def routes(app: FastAPI, world: World) -> None:
    """Add the observations, in either form."""
    counted = traffic.lanes(world.size.scaled(traffic.LANES, 30), world.seed)
    serve(
        app,
        world,
        Served(
            "regulation-du-trafic",
            traffic.KIND,
            "dateObservedFrom",
            lambda since, until, form: traffic.observations(counted, since, until, world.seed, world.defects, form),
        ),
    )
