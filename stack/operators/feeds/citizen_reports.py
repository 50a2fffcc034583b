"""Residents' reports: Open311 GeoReport v2, with `page`, `page_size`, `updated_after`, `status` and `services.json`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import FastAPI, Query

from stack.operators import reports
from stack.operators.world import World


def requests_known(world: World) -> list[dict[str, Any]]:
    """Reports of the month before and of this one, oldest update first."""
    return world.kept("reports", lambda: _made(world))


def _made(world: World) -> list[dict[str, Any]]:
    now = world.now()
    current = now.date().replace(day=1)
    found = []
    for month in ((current - timedelta(days=1)).replace(day=1), current):
        found += reports.month_of_reports(
            month, world.size.reports, world.seed, now, defects=world.defects, canaries=world.canaries
        )
    return sorted(found, key=lambda one: str(one["updated_datetime"]))


def routes(app: FastAPI, world: World) -> None:
    """Add the service."""

    @app.get("/open311/v2/services.json")
    def services() -> list[dict[str, Any]]:
        return [
            {"service_code": code, "service_name": name, "metadata": False, "type": "realtime", "group": "public"}
            for code, name, _ in reports.CATEGORIES
        ]

    @app.get("/open311/v2/requests.json")
    def requests(
        page: int = Query(1, ge=1),
        page_size: int = Query(50, ge=1, le=100),
        updated_after: str | None = None,
        status: str | None = None,
    ) -> list[dict[str, Any]]:
        found = requests_known(world)
        if updated_after is not None:
            found = [one for one in found if str(one["updated_datetime"]) >= updated_after]
        if status is not None:
            found = [one for one in found if one["status"] in status.split(",")]
        return found[(page - 1) * page_size : page * page_size]
