"""Household water meters: a file a month in the drop folder, corrections of a day on demand; two thirds consented."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

from stack.operators import water
from stack.operators.canaries import Canaries
from stack.operators.world import Size, World

FOLDER = "water-meters"


class DropRequest(BaseModel):
    """Drop a file: whole months, or the correction of a day."""

    model_config = ConfigDict(extra="forbid")

    months: int | None = None
    name: str | None = None
    correction: date | None = None
    share: float = 0.01
    version: int = 2


def files(world: World) -> None:
    """Drop last month's readings."""
    drop_months(world)


def routes(app: FastAPI, world: World) -> None:
    """Add what tests ask for: other months, corrections."""

    @app.post("/control/drop")
    def drop(asked: DropRequest) -> dict[str, str]:
        if asked.correction is not None:
            path = drop_correction(world, asked.correction, asked.share, asked.version)
        else:
            path = drop_months(world, asked.months or 1, asked.name)
        return {"file": path.name}


def consenting(size: Size, seed: int, canaries: Canaries | None) -> pa.Array:
    """The contracts of those who signed."""
    table = water.consents(size.households, seed, canaries)
    return table.filter(table["consent"])["contrat"].combine_chunks()


def drop_months(world: World, count: int = 1, name: str | None = None) -> Path:
    """Drop the readings of the `count` months before this one as one file; a file that is there stays."""
    end = world.now().date().replace(day=1)
    start = end
    for _ in range(count):
        start = (start - timedelta(days=1)).replace(day=1)
    path = world.drop / FOLDER / (name or f"releves_{start:%Y-%m}{f'_{count}_mois' if count > 1 else ''}.csv")
    if not path.exists():
        _write(world, path, start, (end - start).days)
    return path


def drop_correction(world: World, day: date, share: float = 0.01, version: int = 2) -> Path:
    """Drop corrected readings of one day for the first meters."""
    path = world.drop / FOLDER / f"releves_{day:%Y-%m-%d}_correction_{version}.csv"
    meters = range(max(1, round(world.size.households * share)))
    _write(world, path, day, 1, version=version, only=meters)
    return path


def _write(world: World, path: Path, start: date, days: int, version: int = 1, only: range | None = None) -> int:
    return water.write_csv(
        path,
        world.size.households,
        start,
        days,
        world.seed,
        defects=world.defects,
        canaries=world.canaries,
        version=version,
        only=only,
    )
