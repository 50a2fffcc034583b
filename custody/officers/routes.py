"""The HTTP interface of what nobody does alone.

POST   /v1/statements                    whoever signs it     what an enrolled person says (custody.officers.acts)
GET    /v1/rotations                     client               the latest rotation of each domain
POST   /v1/rotations/{domain}/runs       client               a token that carries the domain over
POST   /v1/rotations/{domain}/stream     that token           Arrow IPC both ways
POST   /v1/rotations/{domain}/finish     client               the hub's snapshot is complete: these are its counts
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from anonymization.pseudonyms import Action
from anonymization.pseudonyms.custodian import MAX_RUN_SECONDS
from anonymization.pseudonyms.wire import StreamSource
from custody.bodies import RunName
from custody.callers import Caller, require_client
from custody.duplex import Finished, respond
from custody.errors import RefusedError
from custody.officers.desk import hear
from custody.officers.rotating import RotationAnswer
from custody.officers.rotation import Counts, current_rotations, finish
from custody.officers.rotation_runs import RotationRun, create_rotation_run, identify_rotation_run
from custody.officers.statements import MAX_STATEMENT_BYTES, Signed
from custody.request_log import log_fields
from custody.settings import CustodySettings
from custody.vault import Vault

_Count = Annotated[int, Field(ge=0, le=10**15)]


class StatementBody(BaseModel):
    """``POST /v1/statements``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    statement: Annotated[str, Field(max_length=MAX_STATEMENT_BYTES)]
    signature: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{86}==$")]


class RotationRunBody(BaseModel):
    """``POST /v1/rotations/{domain}/runs``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: RunName
    quota: Annotated[int, Field(ge=0, le=10**12)]
    expires_in: Annotated[int, Field(gt=0, le=MAX_RUN_SECONDS)] = 7200  # seconds


class FinishBody(BaseModel):
    """``POST /v1/rotations/{domain}/finish``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epoch: Annotated[int, Field(ge=1)]
    columns: _Count
    rows: _Count
    distinct: _Count


def officers_router(vault: Vault, settings: CustodySettings, identified: Any) -> APIRouter:
    """Return the routes; ``identified`` finds the caller of a bearer token."""
    router = APIRouter()
    _add_control(router, vault, identified)
    _add_stream(router, vault, settings)
    return router


def _add_control(router: APIRouter, vault: Vault, identified: Any) -> None:
    @router.post("/v1/statements")
    def statements(body: StatementBody) -> dict[str, Any]:
        return hear(vault, Signed.from_json(body.model_dump()))

    @router.get("/v1/rotations")
    def rotations(caller: Caller = identified) -> dict[str, list[dict[str, Any]]]:
        require_client(caller).require(Action.ROTATE)
        with vault.engine.connect() as connection:
            found = current_rotations(connection)
        return {"rotations": [{"domain": one.domain, "epoch": one.epoch, "state": one.state} for one in found]}

    @router.post("/v1/rotations/{domain}/runs", status_code=201)
    def runs(request: Request, domain: str, body: RotationRunBody, caller: Caller = identified) -> dict[str, Any]:
        log_fields(request.scope).update(run_id=body.run_id, quota=body.quota)
        lasts = timedelta(seconds=body.expires_in)
        token, epoch = create_rotation_run(vault, require_client(caller), body.run_id, domain, body.quota, lasts)
        return {"token": token, "epoch": epoch}

    @router.post("/v1/rotations/{domain}/finish", status_code=204)
    def end(domain: str, body: FinishBody, caller: Caller = identified) -> Response:
        counts = Counts(body.columns, body.rows, body.distinct)
        finish(vault, require_client(caller), domain, body.epoch, counts)
        return Response(status_code=204)


def _add_stream(router: APIRouter, vault: Vault, settings: CustodySettings) -> None:
    limiter = anyio.CapacityLimiter(settings.streams)

    def carrying(request: Request) -> RotationRun:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        with vault.engine.connect() as connection:
            found = token.strip() if scheme.lower() == "bearer" else None
            run = identify_rotation_run(connection, found, vault.now())
        log_fields(request.scope).update(client=run.client, run_id=run.run_id)
        return run

    carried = Depends(carrying)

    @router.post("/v1/rotations/{domain}/stream")
    async def stream(request: Request, domain: str, run: RotationRun = carried) -> Response:
        fields = log_fields(request.scope)

        async def finished(refusal: RefusedError | None) -> None:
            fields.update(code=refusal.code if refusal else None)

        def made(answer: RotationAnswer) -> Finished:
            fields.update(domain=domain, tally=answer.tally)
            return finished

        def make(source: StreamSource) -> RotationAnswer:
            return RotationAnswer(vault, run, domain, source)

        return await respond(request, settings.stall_seconds, limiter, make, made)
