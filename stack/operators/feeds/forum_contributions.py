"""The Forum's service: contributions of last month and of this one, by `page` and `page_size`, `modifiees_apres`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
from fastapi import FastAPI, Query

from stack.operators import forum
from stack.operators.answers import last_month
from stack.operators.canaries import Canaries
from stack.operators.world import Size, World

LEAST = 200  # contributions a month: enough for themes to have five authors who agree


def routes(app: FastAPI, world: World) -> None:
    """Add the service."""

    @app.get("/forum/contributions")
    def contributions(
        page: int = Query(1, ge=1), page_size: int = Query(50, ge=1, le=100), modifiees_apres: str | None = None
    ) -> list[dict[str, Any]]:
        found = world.kept("forum", lambda: _made(world))
        if modifiees_apres is not None:
            found = [one for one in found if str(one["modifie_le"]) >= modifiees_apres]
        return found[(page - 1) * page_size : page * page_size]


def consenting(size: Size, seed: int, canaries: Canaries | None) -> pa.Array:
    """The accounts of those who agreed to be published."""
    return forum.signed(size.scaled(forum.MONTHLY, LEAST), seed, canaries)


def _made(world: World) -> list[dict[str, Any]]:
    now = world.now()
    start, end = last_month(now.date())
    following = (end + timedelta(days=32)).replace(day=1)
    count = world.size.scaled(forum.MONTHLY, LEAST)
    found = []
    for first, last in ((start, end), (end, following)):
        found += forum.contributions(first, last, count, world.seed, defects=world.defects, canaries=world.canaries)
    known = now.isoformat(timespec="seconds")
    return [one for one in found if str(one["modifie_le"]) <= known]
