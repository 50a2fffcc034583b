"""Load curves of last month, as one document of Enedis's; some seven points in ten have consented."""

from __future__ import annotations

import pyarrow as pa
from fastapi import FastAPI, Request, Response

from stack.operators import electricity
from stack.operators.answers import last_month, whole_document
from stack.operators.canaries import Canaries
from stack.operators.world import Size, World

LEAST = 200  # points: enough for some communes to pass the floor


def routes(app: FastAPI, world: World) -> None:
    """Add the service."""

    @app.get("/enedis/metering_data/consumption_load_curve")
    def load_curve(request: Request) -> Response:
        start, end = last_month(world.now().date())
        points = world.size.scaled(electricity.POINTS, LEAST)
        found = electricity.load_curves(start, end, points, world.seed, defects=world.defects, canaries=world.canaries)
        return whole_document(request, electricity.write_curves(found), "application/json")


def consenting(size: Size, seed: int, canaries: Canaries | None) -> pa.Array:
    """The points of those who signed."""
    return electricity.signed(size.scaled(electricity.POINTS, LEAST), seed, canaries)
