"""The operators' HTTP services: Opendatasoft Explore v2.1, Open311 GeoReport v2, and a control panel for tests.

Explore: `limit` ≤ 100, `offset + limit` ≤ 10 000, `order_by=field`, `where=field>=date'…'`: what a connector needs.
Open311: `page`, `page_size`, `updated_after`, `status`, and the standard's `services.json`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from fastapi import FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from stack.operators.reports import CATEGORIES
from stack.operators.world import Failure, World

_WHERE = re.compile(r"(\w+)\s*>=\s*date'([^']+)'")
_LIVE, _SHEETS = "parking-angers", "angers_stationnement"


class FailureRequest(BaseModel):
    """Make a path fail some times."""

    model_config = ConfigDict(extra="forbid")

    path: str = "/"
    status: int = 503
    times: int = 1
    retry_after: int | None = None


class DropRequest(BaseModel):
    """Drop a file: whole months, or the correction of a day."""

    model_config = ConfigDict(extra="forbid")

    months: int | None = None
    name: str | None = None
    correction: date | None = None
    share: float = 0.01
    version: int = 2


def build_app(world: World) -> FastAPI:
    """The application over `world`."""
    app = FastAPI(title="Opérateurs simulés", docs_url=None, redoc_url=None, openapi_url=None)

    @app.middleware("http")
    async def fail(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
        failure = None if request.url.path.startswith(("/control", "/health")) else world.failure(request.url.path)
        if failure is None:
            return await proceed(request)
        headers = {} if failure.retry_after is None else {"retry-after": str(failure.retry_after)}
        return Response("indisponible", failure.status, headers)

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    _explore(app, world)
    _open311(app, world)
    _control(app, world)
    return app


def _explore(app: FastAPI, world: World) -> None:
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
        rows = world.parking_live() if dataset == _LIVE else world.parking_sheets()
        if where is not None:
            if (condition := _WHERE.fullmatch(where)) is None:
                raise HTTPException(400, "ODSQLError")
            field, since = condition.groups()
            rows = [row for row in rows if str(row.get(field)) >= since]
        if order_by is not None:
            rows.sort(key=lambda row: str(row.get(order_by)))
        return JSONResponse({"total_count": len(rows), "results": rows[offset : offset + limit]})


def _open311(app: FastAPI, world: World) -> None:
    @app.get("/open311/v2/services.json")
    def services() -> list[dict[str, Any]]:
        return [
            {
                "service_code": code,
                "service_name": name,
                "metadata": False,
                "type": "realtime",
                "group": "public",
            }
            for code, name, _ in CATEGORIES
        ]

    @app.get("/open311/v2/requests.json")
    def requests(
        page: int = Query(1, ge=1),
        page_size: int = Query(50, ge=1, le=100),
        updated_after: str | None = None,
        status: str | None = None,
    ) -> list[dict[str, Any]]:
        found = world.service_requests()
        if updated_after is not None:
            found = [one for one in found if str(one["updated_datetime"]) >= updated_after]
        if status is not None:
            found = [one for one in found if one["status"] in status.split(",")]
        return found[(page - 1) * page_size : page * page_size]


def _control(app: FastAPI, world: World) -> None:
    @app.post("/control/defects")
    def defects(values: dict[str, Any]) -> dict[str, str]:
        try:
            world.defects = world.defects.changed(values)
        except ValueError as error:
            raise HTTPException(422, str(error)) from None
        return {"status": "ok"}

    @app.post("/control/fail")
    def fail(asked: FailureRequest) -> dict[str, str]:
        world.failures.append(Failure(asked.path, asked.status, asked.times, asked.retry_after))
        return {"status": "ok"}

    @app.post("/control/drop")
    def drop(asked: DropRequest) -> dict[str, str]:
        if asked.correction is not None:
            path = world.drop_correction(asked.correction, asked.share, asked.version)
        else:
            path = world.drop_months(asked.months or 1, asked.name)
        return {"file": path.name}
