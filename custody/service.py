"""The HTTP interface of custody: who is asking is found here, what may be done is decided below.

    GET    /health
    POST   /v1/runs                      client        a token for one run
    POST   /v1/keys                      client, run   a new data key
    POST   /v1/keys/{id}/release         client, run
    DELETE /v1/keys/{id}                 client
    POST   /v1/fingerprint               client
    POST   /v1/pseudonymize/{domain}     run           Arrow IPC both ways; ``?purpose=``: active subjects come first
    POST   /v1/statements, /v1/rotations/…             see custody.officers.routes

Every error is ``{"error": {"code", "message"}}``, before an answer as a body, within one as its last batch.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Annotated, Any

import anyio
from anyio.to_thread import run_sync
from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from anonymization.pseudonyms.wire import StreamSource
from custody.bodies import FingerprintBody, KeyBody, RunBody
from custody.callers import Caller, Run, identify, require_client, require_run
from custody.database import current
from custody.duplex import BodyPuller, DuplexResponse
from custody.errors import CustodyServiceError, RefusedError
from custody.keystore import create_key, destroy_key, fingerprint, release_key
from custody.officers.routes import officers_router
from custody.pseudonymizing import Answer
from custody.request_log import RequestLog, log_fields
from custody.runs import create_run
from custody.settings import CustodySettings
from custody.translation import translate
from custody.vault import Vault

_PURPOSE = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$")]


def make_service(vault: Vault, settings: CustodySettings) -> RequestLog:
    """Return the ASGI application over an open vault."""
    app = FastAPI(title="Ardoise custody", openapi_url=None)
    identified = Depends(_identifier(vault))
    _add_control_routes(app, vault, identified)
    _add_pseudonymize(app, vault, settings, identified)
    app.include_router(officers_router(vault, settings, identified))
    for kind in (RefusedError, CustodyServiceError, SQLAlchemyError, HTTPException, Exception):
        app.add_exception_handler(kind, _tell)
    app.add_exception_handler(RequestValidationError, _tell_invalid)
    return RequestLog(app)


def _identifier(vault: Vault) -> Callable[[Request], Caller]:
    def identified(request: Request) -> Caller:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        with vault.engine.connect() as connection:
            caller = identify(connection, token.strip() if scheme.lower() == "bearer" else None, vault.now())
        if isinstance(caller, Run):
            log_fields(request.scope).update(client=caller.client.name, run_id=caller.run_id, dataset=caller.dataset)
        else:
            log_fields(request.scope).update(client=caller.name)
        return caller

    return identified


def _add_control_routes(app: FastAPI, vault: Vault, identified: Any) -> None:
    @app.get("/health")
    def health() -> dict[str, str]:
        with vault.engine.connect() as connection:
            return {"status": "ok", "state": current(connection)}

    @app.post("/v1/runs", status_code=201)
    def runs(request: Request, body: RunBody, caller: Caller = identified) -> dict[str, str]:
        log_fields(request.scope).update(run_id=body.run_id, dataset=body.dataset, quota=body.quota)
        return {"token": create_run(vault, require_client(caller), body.request())}

    @app.post("/v1/keys", status_code=201)
    def keys(body: KeyBody, caller: Caller = identified) -> dict[str, str]:
        key = create_key(vault, caller, body.zone, body.dataset)
        return {"key_id": key.id, "key": base64.b64encode(key.key).decode()}

    @app.post("/v1/keys/{key_id}/release")
    def release(key_id: str, caller: Caller = identified) -> dict[str, str]:
        return {"key": base64.b64encode(release_key(vault, caller, key_id)).decode()}

    @app.delete("/v1/keys/{key_id}", status_code=204)
    def destroy(key_id: str, caller: Caller = identified) -> Response:
        destroy_key(vault, require_client(caller), key_id)
        return Response(status_code=204)

    @app.post("/v1/fingerprint")
    def name(body: FingerprintBody, caller: Caller = identified) -> dict[str, str]:
        return {"fingerprint": fingerprint(vault, require_client(caller), body.dataset, body.digest)}


def _add_pseudonymize(app: FastAPI, vault: Vault, settings: CustodySettings, identified: Any) -> None:
    limiter = anyio.CapacityLimiter(settings.streams)

    @app.post("/v1/pseudonymize/{domain}")
    async def pseudonymize(
        request: Request, domain: str, purpose: _PURPOSE = None, caller: Caller = identified
    ) -> Response:
        run, fields = require_run(caller), log_fields(request.scope)
        source = StreamSource(BodyPuller(request.receive, settings.stall_seconds))
        answer = await run_sync(Answer, vault, run, domain, purpose, source, limiter=limiter)
        fields.update(domain=domain, purpose=purpose, tally=answer.tally)
        pieces = iter(answer)
        first = await run_sync(next, pieces, limiter=limiter)

        def finished(refusal: RefusedError | None) -> None:
            fields.update(code=refusal.code if refusal else None)

        return DuplexResponse(answer, first, pieces, limiter, finished)


async def _tell(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, HTTPException):
        return _answer(request, error.status_code, "no_such_call", "custody has no such call: see its interface")
    refusal = translate(error)
    return _answer(request, refusal.status, refusal.code, refusal.message)


async def _tell_invalid(request: Request, error: Exception) -> JSONResponse:
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    fields = sorted({".".join(str(part) for part in problem["loc"][:2]) for problem in problems})
    return _answer(request, 422, "bad_request", f"these fields are missing or not valid: {', '.join(fields)}")


def _answer(request: Request, status: int, code: str, message: str) -> JSONResponse:
    log_fields(request.scope)["code"] = code
    return JSONResponse({"error": {"code": code, "message": message}}, status)
