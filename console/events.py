"""Judges lineage events that come in: OpenLineage 2-0-2, whole or not at all, and nothing said in free text.

What identifies an event is checked strictly; facets are kept as they come, since every producer has its own, but the
standard places where programs quote data or code (exception messages, stack traces, source code, SQL, environment
variables) are emptied. Refusals name the place in the event, never what stood there.
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from catalog.lineage.facets import STAGE_FACET
from console.errors import EventRefusedError
from storage import LineageEvent

MAXIMUM_EVENT_BYTES = 1024 * 1024
_SPEC = re.compile(r"https://openlineage\.io/spec/\d+-\d+-\d+/OpenLineage\.json#/(\$defs|definitions)/\w+")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,79}")
_DROPPED_FACETS = frozenset({"sourceCode", "sql", "environmentVariables", "externalQuery", "extractionError"})
_Name = Field(min_length=1, max_length=2000)


class _Loose(BaseModel):
    model_config = ConfigDict(extra="allow")


class _Facet(_Loose):
    producer: str = Field(alias="_producer")
    schema_url: str = Field(alias="_schemaURL")


class _Run(_Loose):
    runId: UUID  # noqa: N815 - OpenLineage's spelling
    facets: dict[str, _Facet] = {}


class _Named(_Loose):
    namespace: str = _Name
    name: str = _Name
    facets: dict[str, _Facet] = {}


class _RunEvent(_Loose):
    eventTime: AwareDatetime  # noqa: N815
    eventType: Literal["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]  # noqa: N815
    producer: str = _Name
    schemaURL: str = Field(pattern=_SPEC.pattern)  # noqa: N815
    run: _Run
    job: _Named
    inputs: list[_Named] = []
    outputs: list[_Named] = []


def receive(raw: bytes) -> LineageEvent:
    """Check and clean one event.

    Raises:
        EventRefusedError: it is no valid run event.
    """
    if b"\\u0000" in raw:
        raise EventRefusedError("the event holds the character U+0000, which no database keeps")
    try:
        document = json.loads(raw)
        event = _RunEvent.model_validate(document)
    except ValidationError as error:
        places = sorted({_place(one["loc"]) for one in error.errors(include_input=False, include_url=False)})
        raise EventRefusedError(f"not a valid OpenLineage run event: see {', '.join(places[:5])}") from None
    except (ValueError, RecursionError):
        raise EventRefusedError("the body is not JSON in UTF-8") from None
    body = _cleaned(document)
    stage = body["run"].get("facets", {}).get(STAGE_FACET, {})
    return LineageEvent(
        event_time=event.eventTime,
        event_type=event.eventType,
        run=event.run.runId,
        job_namespace=event.job.namespace,
        job_name=event.job.name,
        dataset=_text(stage, "dataset"),
        stage=_text(stage, "stage"),
        orchestrator_run=_text(stage, "run"),
        period=_text(stage, "period", 32),
        body=body,
    )


def _text(facet: dict[str, Any], name: str, longest: int = 255) -> str | None:
    value = facet.get(name)
    return value if isinstance(value, str) and len(value) <= longest else None


def _place(location: tuple[int | str, ...]) -> str:
    """Where a rule was broken; keys of open dictionaries are the sender's words, so only known words are said."""
    known = {*_RunEvent.model_fields, *_Run.model_fields, *_Named.model_fields}
    return ".".join(str(part) if isinstance(part, int) or part in known else "*" for part in location) or "the event"


def _cleaned(document: dict[str, Any]) -> dict[str, Any]:
    for holder in (document["run"], document["job"], *document.get("inputs", ()), *document.get("outputs", ())):
        facets = holder.get("facets")
        if facets:
            holder["facets"] = {name: facet for name, facet in facets.items() if name not in _DROPPED_FACETS}
    error = document["run"].get("facets", {}).get("errorMessage")
    if error is not None:
        error.pop("stackTrace", None)
        if not _CODE.fullmatch(str(error.get("message", ""))):
            error["message"] = "unknown"
    return document
