"""Puts routes, pages of errors and security headers together."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.base import RequestResponseEndpoint

from console import machine_routes, page_routes
from console.headers import Application, SecurityHeaders
from console.services import Services

log = logging.getLogger(__name__)
STATIC = Path(__file__).resolve().parent / "static"
_MACHINES = ("/api/", "/health", "/schemas/")


def create_application(services: Services) -> Application:
    """The console as an ASGI application."""
    application = FastAPI(title="Ardoise, console", docs_url=None, redoc_url=None, openapi_url=None)
    application.state.services = services
    application.include_router(machine_routes.router)
    application.include_router(page_routes.router)
    application.mount("/static", StaticFiles(directory=STATIC), name="static")
    application.add_exception_handler(page_routes.SignInNeededError, _sign_in_needed)
    application.add_exception_handler(HTTPException, _http_error)
    application.add_exception_handler(RequestValidationError, _invalid)
    application.add_exception_handler(Exception, _unexpected)
    application.middleware("http")(_logged)
    return SecurityHeaders(application)  # outermost, so that pages of errors have the headers too


async def _logged(request: Request, proceed: RequestResponseEndpoint) -> Response:
    """Log each request: method, route and status, no query string."""
    started = time.perf_counter()
    answer = await proceed(request)
    if request.url.path != "/health" and not request.url.path.startswith("/static/"):
        route = getattr(request.scope.get("route"), "path", "no route")
        fields = {
            "run_id": getattr(request.state, "run_id", None),
            "status": answer.status_code,
            "milliseconds": round((time.perf_counter() - started) * 1000),
        }
        log.info("%s %s", request.method, route, extra={"fields": fields})
    return answer


async def _sign_in_needed(request: Request, error: Exception) -> Response:
    return page_routes.sign_in_redirect(request)


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):  # pragma: no cover - Starlette calls this for nothing else
        raise error
    message = error.detail if error.status_code != 404 or error.detail != "Not Found" else "Cette page n'existe pas."
    return _answer(request, error.status_code, message, dict(error.headers or {}))


async def _invalid(request: Request, error: Exception) -> Response:
    return _answer(request, 422, "La demande n'est pas valable.", {})


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("request failed", exc_info=error)
    return _answer(request, 500, "Erreur inattendue. L'équipe technique en trouvera la trace dans le journal.", {})


def _answer(request: Request, status: int, message: str, headers: dict[str, str]) -> Response:
    if request.url.path.startswith(_MACHINES):
        return JSONResponse({"error": message}, status, headers)
    return page_routes.error_page(request, request.app.state.services, status, message)
