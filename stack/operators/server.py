"""The operators' HTTP services, each from its feed's own module, and a control panel for tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict

from stack.operators.registry import offering
from stack.operators.world import Failure, World


class FailureRequest(BaseModel):
    """Make a path fail some times."""

    model_config = ConfigDict(extra="forbid")

    path: str = "/"
    status: int = 503
    times: int = 1
    retry_after: int | None = None


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

    for routes in offering("routes").values():
        routes(app, world)
    _control(app, world)
    return app


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
