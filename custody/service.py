"""The HTTP interface of custody: who is asking is found here, what may be done is decided below.

    GET    /health, /metrics, /openapi.json
    POST   /v1/runs                      client            a token for one run
    POST   /v1/keys                      client, run       a new data key
    POST   /v1/keys/{id}/release         client, run
    DELETE /v1/keys/{id}                 client
    POST   /v1/fingerprint               client
    POST   /v1/pseudonymize/{domain}     run, operator     Arrow IPC both ways, or a few identifiers in JSON
    POST   /v1/ledger/heads              client            have a head of a ledger signed;  GET /v1/ledger/key
    POST   /v1/statements, /v1/rotations/…             see custody.officers.routes

Every error is ``{"error": {"code", "message"}}``, before an answer as a body, within one as its last batch. Every
refusal of a known caller is a row of the log.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from anyio.to_thread import run_sync
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from custody.bodies import ErrorAnswer
from custody.body_limit import BodyLimit
from custody.callers import Caller
from custody.calls import add_calls
from custody.errors import CustodyServiceError, RefusedError
from custody.metrics import REFUSALS
from custody.officers.routes import officers_router
from custody.pseudonym_calls import add_pseudonymize
from custody.pseudonymizing import Streaming
from custody.recognition import Recognition
from custody.request_log import RequestLog, log_fields
from custody.settings import CustodySettings
from custody.translation import translate
from custody.vault import Vault

_TOLD = (RefusedError, CustodyServiceError, SQLAlchemyError, HTTPException, Exception)
_SCHEME = HTTPBearer(auto_error=False, description="A client's or a run's token.")

Handler = Callable[[Request, Exception], Awaitable[JSONResponse]]


def make_service(vault: Vault, settings: CustodySettings) -> RequestLog:
    """Return the ASGI application over an open vault."""
    return RequestLog(BodyLimit(make_application(vault, settings)))


def make_application(vault: Vault, settings: CustodySettings) -> FastAPI:
    """Return the application alone: its calls, and how its errors are told."""
    app = FastAPI(
        title="Ardoise custody",
        summary="Pseudonyms, data keys and signatures of a trusted third party that holds no data.",
        docs_url=None,
        redoc_url=None,
        responses={"4XX": {"model": ErrorAnswer, "description": "Refused: see its code."}},
    )
    recognition = Recognition(vault)

    def identified(request: Request, scheme: HTTPAuthorizationCredentials | None = Depends(_SCHEME)) -> Caller:
        return recognition.identify(request)

    add_calls(app, vault, Depends(identified))
    add_pseudonymize(app, Streaming(vault), settings, recognition)
    app.include_router(officers_router(vault, settings, Depends(identified)))
    for kind in _TOLD:
        app.add_exception_handler(kind, _teller(recognition))
    app.add_exception_handler(RequestValidationError, _tell_invalid)
    app.openapi()  # made now: once the process has become its user, nothing more is imported
    return app


def _teller(recognition: Recognition) -> Handler:
    async def tell(request: Request, error: Exception) -> JSONResponse:
        if isinstance(error, HTTPException):
            return _answer(request, error.status_code, "no_such_call", "custody has no such call: see its interface")
        refusal = translate(error)
        await run_sync(recognition.note_refusal, request.scope, refusal)
        return _answer(request, refusal.status, refusal.code, refusal.message)

    return tell


async def _tell_invalid(request: Request, error: Exception) -> JSONResponse:
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    fields = sorted({".".join(str(part) for part in problem["loc"][:2]) for problem in problems})
    return _answer(request, 422, "bad_request", f"these fields are missing or not valid: {', '.join(fields)}")


def _answer(request: Request, status: int, code: str, message: str) -> JSONResponse:
    log_fields(request.scope)["code"] = code
    REFUSALS.labels(code).inc()
    return JSONResponse({"error": {"code": code, "message": message}}, status)
