"""Counts of the video-protection centre, page by page with a cursor."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from fastapi import FastAPI, HTTPException, Query

from stack.operators import video
from stack.operators.world import World


def routes(app: FastAPI, world: World) -> None:
    """Add the counts since midnight two days ago."""
    watched = video.zones(world.size.scaled(video.ZONES, 8), world.seed)

    def known() -> list[dict[str, Any]]:
        now = world.now()
        since = datetime.combine(now.date() - timedelta(days=2), time(), now.tzinfo)
        return world.kept("video", lambda: video.counts(watched, since, now, world.seed, world.defects))

    @app.get("/videoprotection/v1/comptages")
    def counts(
        taille: int = Query(100, ge=1, le=1_000), curseur: str | None = None, depuis: datetime | None = None
    ) -> dict[str, Any]:
        found = known()
        if depuis is not None:
            found = [one for one in found if datetime.fromisoformat(one["debut"]) >= depuis]
        try:
            return video.page(found, curseur, taille)
        except ValueError:
            raise HTTPException(400, "curseur inconnu") from None
