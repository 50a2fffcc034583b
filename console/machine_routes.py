"""What programs ask for: health, lineage events, schemas of our lineage facets."""

from __future__ import annotations

import hmac
import logging
import re
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from starlette.concurrency import run_in_threadpool

from catalog.lineage.facets import SCHEMA_FOLDER
from console.errors import EventRefusedError
from console.events import MAXIMUM_EVENT_BYTES, receive
from console.services import Services

log = logging.getLogger(__name__)
router = APIRouter()
_SCHEMA_NAME = re.compile(r"[A-Za-z]+")
_SCHEMA_VERSION = re.compile(r"\d+-\d+-\d+")


def services(request: Request) -> Services:
    """The collaborators of this application."""
    found: Services = request.app.state.services
    return found


Given = Annotated[Services, Depends(services)]


@router.get("/health")
def health(given: Given) -> JSONResponse:
    """Whether the console and its database answer."""
    ready = given.database_ready()
    body = {
        "service": "console",
        "status": "ok" if ready else "unavailable",
        "database": "ok" if ready else "unreachable",
        "version": given.version,
    }
    return JSONResponse(body, 200 if ready else 503)


@router.post("/api/v1/lineage", status_code=201)
async def lineage(request: Request, given: Given, authorization: Annotated[str, Header()] = "") -> Response:
    """Receive one OpenLineage run event (the API of Marquez)."""
    expected = f"Bearer {given.lineage_token.get_secret_value()}"
    if not hmac.compare_digest(authorization.encode(), expected.encode()):
        raise HTTPException(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})
    raw = await _body(request)
    try:
        event = receive(raw)
    except EventRefusedError as error:
        log.warning("lineage event refused: %s", error)
        raise HTTPException(422, str(error)) from None
    await run_in_threadpool(given.lineage.record, event, given.wall())
    run_id = event.orchestrator_run or str(event.run)
    fields = {"run_id": run_id, "stage": event.stage, "state": event.event_type}
    log.info("lineage event kept", extra={"fields": fields})
    return Response(status_code=201)


@router.get("/schemas/lineage/{version}/{name}.json")
def schema(version: str, name: str) -> FileResponse:
    """The JSON Schema of one of our facets; a published one never changes."""
    path = SCHEMA_FOLDER / version / f"{name}.json"
    if not (_SCHEMA_VERSION.fullmatch(version) and _SCHEMA_NAME.fullmatch(name) and path.is_file()):
        raise HTTPException(404, "no such schema")
    return FileResponse(path, media_type="application/schema+json")


async def _body(request: Request) -> bytes:
    """The body, refused as soon as it is too long."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAXIMUM_EVENT_BYTES:
            raise HTTPException(413, f"an event has at most {MAXIMUM_EVENT_BYTES} bytes")
        chunks.append(chunk)
    return b"".join(chunks)
