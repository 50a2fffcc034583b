"""How a service answers with one whole document, and which days the last month has."""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256

from fastapi import Request, Response


def whole_document(request: Request, content: bytes, media_type: str) -> Response:
    """The document with its ETag, or 304 where the client has it already (RFC 9110, sections 8.8.3 and 13.1.2)."""
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"etag": tag})
    return Response(content, media_type=media_type, headers={"etag": tag})


def last_month(today: date) -> tuple[date, date]:
    """The first day of the month before `today`'s, and the first day after it."""
    end = today.replace(day=1)
    return (end - timedelta(days=1)).replace(day=1), end
