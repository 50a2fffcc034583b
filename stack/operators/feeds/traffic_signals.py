"""Faults of traffic signals: one DATEX II document, served whole under an ETag."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

from fastapi import FastAPI, Header, Response

from stack.operators import signals
from stack.operators.world import World

KNOWN_FOR = timedelta(days=45)  # faults older than this have left the document


def routes(app: FastAPI, world: World) -> None:
    """Add the document."""
    controlled = signals.intersections(world.size.scaled(signals.INTERSECTIONS, 60), world.seed)

    @app.get("/regulation-du-trafic/datex2/feux.xml")
    def publication(if_none_match: str | None = Header(None)) -> Response:
        now = world.now()
        first = (now - KNOWN_FOR).replace(hour=0, minute=0, second=0, microsecond=0)
        document = signals.publication(controlled, first, now, world.seed, world.defects)
        etag = f'"{sha256(document).hexdigest()[:32]}"'
        if if_none_match == etag:
            return Response(status_code=304, headers={"etag": etag})
        return Response(document, media_type="application/xml", headers={"etag": etag})
