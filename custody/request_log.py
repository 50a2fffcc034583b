"""One log line a request: the call's template, never its path or query; who, which run, counts, and how it ended."""

from __future__ import annotations

import dataclasses
import logging
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from custody.logs import event
from custody.metrics import CALLS, SECONDS
from custody.tally import Tally

_KEY = "custody.log"
_QUIET = ("/health", "/metrics")  # asked every few seconds


def log_fields(scope: Scope) -> dict[str, Any]:
    """Return the fields that the request's log line will have; add to them."""
    fields: dict[str, Any] = scope.setdefault(_KEY, {})
    return fields


class RequestLog:
    """ASGI middleware. Leaves bodies alone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, then log it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        fields, start, status = log_fields(scope), time.monotonic(), 0

        async def note_status(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self.app(scope, receive, note_status)
        finally:
            route = getattr(scope.get("route"), "path", "unknown")
            seconds = time.monotonic() - start
            CALLS.labels(f"{scope['method']} {route}", status).inc()
            SECONDS.labels(f"{scope['method']} {route}").observe(seconds)
            if route not in _QUIET or status != 200:
                self._log(scope, fields, route, status, seconds)

    def _log(self, scope: Scope, fields: dict[str, Any], route: str, status: int, seconds: float) -> None:
        tally = fields.pop("tally", None)
        counts = dataclasses.asdict(tally) if isinstance(tally, Tally) else {}
        level = logging.INFO if status < 400 and not fields.get("code") else logging.WARNING
        milliseconds = round(seconds * 1000, 1)
        event(
            "request",
            level=level,
            call=f"{scope['method']} {route}",
            status=status,
            ms=milliseconds,
            **fields,
            **counts,
        )
