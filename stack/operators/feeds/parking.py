"""Car parks: Opendatasoft Explore v2.1, the live readings and the static sheets.

Explore: `limit` ≤ 100, `offset + limit` ≤ 10 000, `order_by=field`, `where=field>=date'…'`: what a connector needs.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Any

from fastapi import FastAPI, HTTPException, Query, Response
from fastapi.responses import JSONResponse

from stack.operators import parking
from stack.operators.world import PARIS, World

_WHERE = re.compile(r"(\w+)\s*>=\s*date'([^']+)'")
_LIVE, _SHEETS = "parking-angers", "angers_stationnement"


def live(world: World) -> list[dict[str, Any]]:
    """Readings since midnight two days ago."""
    parks, now = _parks(world), world.now()
    since = datetime.combine(now.date() - timedelta(days=2), time(), PARIS)
    return world.kept("parking", lambda: parking.live(parks, since, now, world.seed, world.defects))


def sheets(world: World) -> list[dict[str, Any]]:
    """The static car parks."""
    return parking.sheets(_parks(world))


def routes(app: FastAPI, world: World) -> None:
    """Add the two datasets."""

    @app.get("/api/explore/v2.1/catalog/datasets/{dataset}/records")
    def records(
        dataset: str,
        limit: int = Query(10, ge=0, le=100),
        offset: int = Query(0, ge=0),
        order_by: str | None = None,
        where: str | None = None,
    ) -> Response:
        if dataset not in (_LIVE, _SHEETS):
            raise HTTPException(404, "dataset inconnu")
        if offset + limit > 10_000:
            raise HTTPException(400, "InvalidRESTParameterError: offset + limit must be <= 10000")
        if dataset == _LIVE and world.defects.parking_not_json:
            return Response("<html>Maintenance en cours</html>", media_type="text/html")
        rows = live(world) if dataset == _LIVE else sheets(world)
        if where is not None:
            if (condition := _WHERE.fullmatch(where)) is None:
                raise HTTPException(400, "ODSQLError")
            field, since = condition.groups()
            rows = [row for row in rows if str(row.get(field)) >= since]
        if order_by is not None:
            rows.sort(key=lambda row: str(row.get(order_by)))
        return JSONResponse({"total_count": len(rows), "results": rows[offset : offset + limit]})


def _parks(world: World) -> tuple[parking.CarPark, ...]:
    return parking.car_parks(world.territory / "parkings.csv", world.seed)
