"""Bodies in JSON are read whole, so they are bounded before anything looks at them. Streams bound themselves."""

from __future__ import annotations

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from custody.request_log import log_fields

MAX_BODY_BYTES = 8 * 1024 * 1024
STREAMS = ("/v1/pseudonymize/", "/v1/rotations/")


class BodyLimit:
    """ASGI middleware: answers 413 to a body that is too large, in place of the application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, at most so much of it, then serve the request."""
        if scope["type"] != "http" or scope["method"] == "GET" or scope["path"].startswith(STREAMS):
            await self.app(scope, receive, send)
            return
        body = await _read(receive)
        if body is None:
            log_fields(scope)["code"] = "body_too_large"
            error = {"code": "body_too_large", "message": f"a body has at most {MAX_BODY_BYTES} bytes here"}
            await JSONResponse({"error": error}, 413, {"connection": "close"})(scope, receive, send)
            return
        messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return messages.pop() if messages else await receive()

        await self.app(scope, replay, send)


async def _read(receive: Receive) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)
