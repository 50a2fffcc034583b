"""Gas days of last month, as lines of GRDF's ADICT; some six points in ten have consented."""

from __future__ import annotations

import pyarrow as pa
from fastapi import FastAPI, Request, Response

from stack.operators import gas
from stack.operators.answers import last_month, whole_document
from stack.operators.canaries import Canaries
from stack.operators.world import Size, World

LEAST = 300  # points: enough for some communes to pass the floor


def routes(app: FastAPI, world: World) -> None:
    """Add the service."""

    @app.get("/adict/donnees_consos_informatives")
    def consumption(request: Request) -> Response:
        start, end = last_month(world.now().date())
        points = world.size.scaled(gas.POINTS, LEAST)
        found = gas.gas_days(start, end, points, world.seed, defects=world.defects, canaries=world.canaries)
        return whole_document(request, gas.write_gas(found), "application/x-ndjson")


def consenting(size: Size, seed: int, canaries: Canaries | None) -> pa.Array:
    """The points of those who signed."""
    return gas.signed(size.scaled(gas.POINTS, LEAST), seed, canaries)
