"""What the video-protection centre hands over: counts by zone and quarter of an hour, in our own JSON. Never an image.

    {"comptages": [{"zone", "lieu", "insee", "debut", "fin", "pietons", "velos", "vehicules",
                    "evenements": {"intrusion", "objet_abandonne", "attroupement"}, "disponibilite"}],
     "suivant": "cursor of the next page, or nothing"}

Counting is done beside the cameras, in the centre; no picture, plate, face or track leaves it, so none is simulated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.ngsi_ld import instant, spoilt
from stack.operators.territory import places

PARIS = ZoneInfo("Europe/Paris")
STEP = timedelta(minutes=15)
ZONES = 20
_PLACES = ("Place du marché", "Gare routière", "Parvis", "Mail", "Quai", "Pôle sportif", "Parc", "Parking relais")


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone of public space, seen by several cameras."""

    code: str
    name: str
    insee: str
    longitude: float
    latitude: float
    people: float  # in the busiest quarter of an hour


def zones(count: int, seed: int) -> tuple[Zone, ...]:
    """The zones, in the largest communes."""
    rng = np.random.default_rng([seed, 90])
    homes = sorted(places(), key=lambda place: -place.residents)[:6]
    found = []
    for number in range(count):
        home = homes[int(len(homes) * rng.random() ** 2)]
        found.append(
            Zone(
                f"Z{number + 1:02d}", f"{_PLACES[number % len(_PLACES)]} {number // len(_PLACES) + 1}", home.insee,
                round(float(rng.normal(home.longitude, 0.005)), 4), round(float(rng.normal(home.latitude, 0.004)), 4),
                float(rng.uniform(40, 400)),
            )
        )  # fmt: skip
    return tuple(found)


def counts(
    watched: tuple[Zone, ...], since: datetime, until: datetime, seed: int, defects: Defects = NO_DEFECTS
) -> list[dict[str, Any]]:
    """Counts of the quarters of an hour that end after `since` and by `until`, oldest first."""
    found: list[dict[str, Any]] = []
    start = since.replace(minute=since.minute - since.minute % 15, second=0, microsecond=0)
    while start + STEP <= until:
        stamp = int(start.timestamp())
        rng = np.random.default_rng([seed, 91, stamp])
        made = [_count(one, start, rng) for one in watched]
        spoiler = np.random.default_rng([seed, 92, stamp])
        found += spoilt(made, spoiler, defects, missing="velos", unreadable="pietons")
        start += STEP
    return found


def _count(one: Zone, start: datetime, rng: np.random.Generator) -> dict[str, Any]:
    local = start.astimezone(PARIS)
    load = float(0.03 + np.exp(-(((local.hour + local.minute / 60 - 15.5) / 4.2) ** 2)))
    pedestrians, bicycles, vehicles = rng.poisson([one.people * load, one.people * load / 8, one.people * load / 3])
    events = rng.poisson([0.004, 0.01, 0.015 * load])
    return {
        "zone": one.code,
        "lieu": one.name,
        "insee": one.insee,
        "longitude": one.longitude,
        "latitude": one.latitude,
        "debut": instant(start),
        "fin": instant(start + STEP),
        "pietons": int(pedestrians),
        "velos": int(bicycles),
        "vehicules": int(vehicles),
        "evenements": dict(zip(("intrusion", "objet_abandonne", "attroupement"), map(int, events), strict=True)),
        "disponibilite": round(float(rng.choice([1.0, 1.0, 1.0, 0.95, 0.8])), 2),
    }


def page(found: list[dict[str, Any]], cursor: str | None, size: int) -> dict[str, Any]:
    """One page of the service's answer; `cursor` is what the page before gave.

    Raises:
        ValueError: the cursor is not one of ours.
    """
    start = int(cursor) if cursor else 0
    if not 0 <= start <= len(found):
        raise ValueError("no such cursor")
    following = start + size
    return {"comptages": found[start:following], "suivant": str(following) if following < len(found) else None}
