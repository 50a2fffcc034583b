"""An NGSI-LD context broker's `GET /ngsi-ld/v1/entities` (ETSI GS CIM 009, 6.4.3.2), as operators serve it.

`type`, `limit` (at most 1 000), `offset`, `options=keyValues`, and of the query language `q` what a collector needs:
`<attribute>>=<instant>`. The next page is named by a `Link` header with ``rel="next"`` (6.3.10).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, HTTPException, Query, Response
from fastapi.responses import JSONResponse

from stack.operators.ngsi_ld import Entity, Form
from stack.operators.world import World

_CONDITION = re.compile(r"([A-Za-z.]+)>=(\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:\d\d))")
_ALWAYS = datetime.max.replace(tzinfo=UTC)
_PATH = "ngsi-ld/v1/entities"


@dataclass(frozen=True, slots=True)
class Served:
    """The entities of one type that an operator's broker holds."""

    prefix: str  # of its address
    kind: str
    dated: str  # the attribute, or `<attribute>.observedAt`, that `q` compares
    make: Callable[[datetime, datetime, Form], list[Entity]]  # since, until


def serve(app: FastAPI, world: World, served: Served) -> None:
    """Add the route. What is known begins at midnight two days ago."""

    @app.get(f"/{served.prefix}/{_PATH}", name=f"{served.prefix}-{served.kind}")
    def entities(
        type: str,
        limit: int = Query(20, ge=1, le=1_000),
        offset: int = Query(0, ge=0),
        options: str = "",
        q: str | None = None,
    ) -> Response:
        if type != served.kind:
            return JSONResponse([])
        form: Form = "keyValues" if "keyValues" in options.split(",") else "normalized"
        found = _known(world, served, form)
        if q is not None:
            since = _since(q, served.dated)
            found = [one for one in found if _at(one, served.dated) >= since]
        headers = {}
        if offset + limit < len(found):
            following = {"type": type, "limit": limit, "offset": offset + limit}
            following |= {name: value for name, value in (("options", options), ("q", q)) if value}
            headers["link"] = f'</{served.prefix}/{_PATH}?{urlencode(following)}>; rel="next"; type="application/json"'
        return JSONResponse(found[offset : offset + limit], headers=headers)


def _known(world: World, served: Served, form: Form) -> list[dict[str, Any]]:
    now = world.now()
    since = datetime.combine(now.date() - timedelta(days=2), time(), now.tzinfo)
    return world.kept(f"{served.prefix}-{served.kind}-{form}", lambda: served.make(since, now, form))


def _since(q: str, dated: str) -> datetime:
    condition = _CONDITION.fullmatch(q)
    if condition is None or condition[1] != dated:
        raise HTTPException(400, "BadRequestData")
    return datetime.fromisoformat(condition[2])


def _at(one: Entity, dated: str) -> datetime:
    """When an entity says it is of; one without the attribute (a planted defect) is always new."""
    attribute, _, key = dated.partition(".")
    value = one.get(attribute)
    if isinstance(value, dict):
        value = value.get(key) if key else value["value"]
    if isinstance(value, dict):
        value = value["@value"]
    return datetime.fromisoformat(value) if isinstance(value, str) else _ALWAYS
