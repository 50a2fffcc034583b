"""``POST /v1/pseudonymize/{domain}``: Arrow IPC both ways, or a few identifiers in JSON. The content type decides."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable
from typing import Annotated, Any, Literal

import anyio
import pyarrow as pa
from anyio.to_thread import run_sync
from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from anonymization.pseudonyms import PseudonymError, canonicalize, to_base32
from anonymization.pseudonyms.wire import MEDIA_TYPE, StreamSource
from custody.bodies import SmallAnswerBody, SmallBody
from custody.duplex import Finished, respond
from custody.errors import RefusedError
from custody.metrics import REFUSALS
from custody.pseudonymizing import Answer, Asked, Streaming, refuse_long
from custody.recognition import Recognition, bearer, tell
from custody.request_log import log_fields
from custody.settings import CustodySettings
from custody.small_calls import SmallCalls
from custody.spending import GRANT

MAX_SMALL_BYTES = 1024 * 1024
_BY_COLUMN = 50  # pseudonyms that are written as text by column

Purpose = Annotated[
    str | None,
    Query(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$",
        description="What for: the body then begins with a stream of subjects of the consent domain.",
    ),
]
Coverage = Annotated[
    Literal["active", "objecting"],
    Query(alias="subjects", description="Whether only these subjects are covered, or all but these."),
]
Column = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$")]

_DOCUMENTED = {
    "requestBody": {
        "required": True,
        "content": {
            MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}},
            "application/json": {"schema": SmallBody.model_json_schema()},
        },
    }
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "model": SmallAnswerBody,
        "description": "Pseudonyms, in the form that was asked in.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}


def add_pseudonymize(app: FastAPI, streaming: Streaming, settings: CustodySettings, recognition: Recognition) -> None:
    """Add the call."""
    limiter = anyio.CapacityLimiter(settings.streams)
    small_calls = SmallCalls(streaming.vault, streaming.counts)

    @app.post("/v1/pseudonymize/{domain}", name=GRANT, responses=_ANSWERS, openapi_extra=_DOCUMENTED)
    async def pseudonymize(
        request: Request, domain: str, purpose: Purpose = None, coverage: Coverage = "active", column: Column = None
    ) -> Response:
        """Answer one pseudonym for each identifier, null where it is null or not covered."""
        asked = Asked(domain, purpose, coverage == "objecting", column)
        if request.headers.get("content-type", "").partition(";")[0].strip() == "application/json":
            return await _answer_small(request, asked, small_calls)
        caller = await run_sync(recognition.identify, request)

        def make(source: StreamSource) -> Answer:
            return Answer(streaming, caller, asked, source)

        return await respond(request, settings.stall_seconds, limiter, make, _told(request, asked, recognition))


def _told(request: Request, asked: Asked, recognition: Recognition) -> Callable[[Answer], Finished]:
    """Return what tells the log of an answer, and of its refusal in the middle."""
    fields = log_fields(request.scope)

    async def finished(refusal: RefusedError | None) -> None:
        if refusal is not None:
            fields.update(code=refusal.code)
            REFUSALS.labels(refusal.code).inc()
            await run_sync(recognition.note_refusal, request.scope, refusal)

    def made(answer: Answer) -> Finished:
        fields.update(domain=asked.domain, purpose=asked.purpose, tally=answer.tally)
        return finished

    return made


async def _answer_small(request: Request, asked: Asked, small_calls: SmallCalls) -> Response:
    if asked.purpose is not None:
        raise RefusedError("bad_request", "who is covered is asked in an Arrow stream")
    body = await _read(request)
    try:
        column = pa.array(body.identifiers, pa.string())
        identifiers = column if body.form is None else canonicalize(body.form, column)  # type: ignore[arg-type]
    except (UnicodeEncodeError, PseudonymError):
        raise RefusedError("bad_request", "these identifiers are no text, or there is no such form") from None
    refuse_long(identifiers)
    asked = Asked(asked.domain, column=body.column or asked.column)
    call = await small_calls.ask(bearer(request), asked, identifiers)
    if call.caller is not None:
        tell(request, call.caller)
    if call.refusal is not None or call.answer is None:
        raise call.refusal or RefusedError("internal", "custody failed; its log has the place")
    log_fields(request.scope).update(domain=asked.domain, identifiers=call.count)
    return JSONResponse(
        {
            "domain": call.answer.metadata["ardoise.domain"],
            "algorithm": call.answer.metadata["ardoise.algorithm"],
            "epoch": int(call.answer.metadata["ardoise.epoch"]),
            "pseudonyms": _texts(call.answer.pseudonyms),
        }
    )


def _texts(pseudonyms: pa.Array) -> list[str | None]:
    """Return the text form of each. A column is worth its preparation from some dozens of values on."""
    if len(pseudonyms) < _BY_COLUMN and not pa.types.is_string(pseudonyms.type):
        return [None if one is None else b32encode(one).decode().rstrip("=") for one in pseudonyms.to_pylist()]
    text = pseudonyms if pa.types.is_string(pseudonyms.type) else to_base32(pseudonyms)
    return list(text.to_pylist())


async def _read(request: Request) -> SmallBody:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_SMALL_BYTES:
            raise RefusedError("body_too_large", f"a call in JSON has at most {MAX_SMALL_BYTES} bytes: send Arrow")
    try:
        return SmallBody.model_validate_json(bytes(data))
    except ValidationError as error:
        if any(problem["type"] == "too_long" for problem in error.errors(include_input=False)):
            raise RefusedError("too_many_identifiers", "so many identifiers go in an Arrow stream") from None
        places = sorted({str(problem["loc"][0]) for problem in error.errors(include_input=False) if problem["loc"]})
        told = f"not valid: {', '.join(places)}" if places else "not JSON"
        raise RefusedError("bad_request", f"this body is {told}") from None
