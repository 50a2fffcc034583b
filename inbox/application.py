"""The inbox's routes: ``POST /v1/<feed>/<path>`` with an operator's token, and ``GET /health``.

An operator configures ``<inbox>/v1/<feed>`` as the address of its platform's counterpart; TALQ gateways then post to
``…/log-reports``. Refusals come before the body is read, so that nobody unknown costs memory. What is answered with a
2xx has landed (:mod:`inbox.reception`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.requests import ClientDisconnect

from inbox.errors import (
    BodyError,
    ForbiddenError,
    InboxError,
    TooLargeError,
    TooSlowError,
    UnauthorizedError,
    UnknownFeedError,
    UnsupportedError,
)
from inbox.reception import Receipt, Reception
from inbox.tokens import Tokens
from inbox.turnstile import Turnstile
from policies.contract import Contract
from sources.connectors.options import PushOptions
from sources.errors import PayloadError
from sources.limits import inflated, place

log = logging.getLogger("inbox")
BODY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Feed:
    """A contract whose operator posts."""

    contract: Contract
    options: PushOptions


@dataclass(frozen=True, slots=True)
class Services:
    """Collaborators of the routes."""

    feeds: Mapping[str, Feed]
    tokens: Tokens
    reception: Reception
    today: Callable[[], date]
    ready: Callable[[], bool]
    version: str
    turnstile: Turnstile = field(default_factory=Turnstile)
    body_seconds: float = BODY_SECONDS


def create_application(services: Services) -> FastAPI:
    """The inbox as an ASGI application."""
    application = FastAPI(title="Ardoise, dépôt", docs_url=None, redoc_url=None, openapi_url=None)
    operators = {feed.contract.feed.operator for feed in services.feeds.values()}
    threads = CapacityLimiter(max(1, len(operators)) * services.turnstile.at_once)  # enough for every lane

    @application.get("/health")
    async def health() -> Response:
        ready = await to_thread.run_sync(services.ready)
        status = "ok" if ready else "database does not answer"
        return JSONResponse({"status": status, "version": services.version}, 200 if ready else 503)

    @application.post("/v1/{feed}/{path}")
    async def post(feed: str, path: str, request: Request) -> Response:
        started = time.perf_counter()
        told: dict[str, object] = {"feed": feed if feed in services.feeds else "unknown"}
        try:
            receipt, size = await _received(services, threads, feed, path, request)
            told |= {"status": 200, "delivery": receipt.delivery, "repeated": receipt.repeated, "bytes": size}
            return JSONResponse({"delivery": receipt.delivery, "repeated": receipt.repeated})
        except InboxError as error:
            told |= {"status": error.status, "code": error.code}
            return _refusal(error)
        except ClientDisconnect:
            told |= {"status": 499, "code": "gone"}
            return Response(status_code=400)
        finally:
            log.info("post", extra={"fields": told | {"milliseconds": round((time.perf_counter() - started) * 1000)}})

    application.add_exception_handler(Exception, _unexpected)
    return application


async def _received(
    services: Services, threads: CapacityLimiter, name: str, path: str, request: Request
) -> tuple[Receipt, int]:
    operator = _operator(services, request)
    feed = services.feeds.get(name)
    if feed is None or path not in feed.options.paths:
        raise UnknownFeedError("aucun jeu de données ne se dépose à cette adresse")
    if feed.contract.feed.operator != operator:
        raise ForbiddenError("ce jeu de données est celui d'un autre opérateur")
    media_type, encoding = _types(feed, request)
    where = place(feed.contract, f"dépôt « {path} »")
    limit = feed.options.maximum_bytes
    if int(request.headers.get("content-length") or 0) > limit:
        raise TooLargeError(f"{where} : plus de {limit} octets")
    async with services.turnstile.passing(operator):
        body = await _body(request, limit, services.body_seconds, where)

        def land() -> tuple[Receipt, int]:
            plain = _plain(body, encoding, limit, where)
            return services.reception.take(feed.contract, path, media_type, plain), len(plain)

        return await to_thread.run_sync(land, limiter=threads)


def _operator(services: Services, request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    operator = services.tokens.operator_of(token.strip(), services.today()) if scheme.lower() == "bearer" else None
    if operator is None:
        raise UnauthorizedError("un jeton d'opérateur valable est demandé (Authorization: Bearer …)")
    return operator


def _types(feed: Feed, request: Request) -> tuple[str, str]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in feed.options.media_types:
        raise UnsupportedError(f"types admis : {', '.join(feed.options.media_types)}")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise UnsupportedError("encodages admis : identity, gzip")
    return media_type, encoding


async def _body(request: Request, limit: int, seconds: float, where: str) -> bytes:
    """The body as sent, whole: within its size and time."""
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise TooLargeError(f"{where} : plus de {limit} octets")
    except TimeoutError:
        raise TooSlowError(f"{where} : {len(body)} octets seulement sont arrivés en {seconds:.0f} s") from None
    return bytes(body)


def _plain(body: bytes, encoding: str, limit: int, where: str) -> bytes:
    try:
        plain = body if encoding == "identity" else b"".join(inflated([body], limit, where))
    except PayloadError as error:
        raise BodyError(str(error)) from None
    if not plain:
        raise BodyError(f"{where} : le corps est vide")
    return plain


def _refusal(error: InboxError) -> Response:
    headers = {"connection": "close"} if error.status in (401, 403, 404, 408, 413, 415) else {}
    if error.retry_after is not None:
        headers["retry-after"] = str(error.retry_after)
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    return JSONResponse({"error": {"code": error.code, "message": str(error)}}, error.status, headers)


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("request failed", extra={"fields": {"error": type(error).__name__}})
    return _refusal(InboxError("erreur inattendue : renvoyez, puis prévenez la plateforme"))
