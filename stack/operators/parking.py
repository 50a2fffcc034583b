"""Free places every five minutes, and the static sheets of the car parks, in the fields of the real Explore datasets.

With the known defects: hours of Paris labelled as UTC, names that match no id, one car park without a sheet.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from stack.operators.defects import Defects

PARIS = ZoneInfo("Europe/Paris")
STEP = timedelta(minutes=5)
WITHOUT_SHEET = "Chateau"


@dataclass(frozen=True, slots=True)
class CarPark:
    """A car park of the simulation."""

    id: str | None
    name: str
    capacity: int
    latitude: float
    longitude: float


def car_parks(pairs: Path, seed: int) -> tuple[CarPark, ...]:
    """The car parks named in `pairs` (columns id, nom_temps_reel), and the one that has no sheet."""
    rng = np.random.default_rng([seed, 10])
    with pairs.open(encoding="utf-8", newline="") as file:
        named: list[tuple[str | None, str]] = [(row["id"], row["nom_temps_reel"]) for row in csv.DictReader(file)]
    return tuple(
        CarPark(
            identifier,
            name,
            int(rng.integers(80, 700)),
            round(47.4712 + float(rng.normal(0, 0.005)), 6),
            round(-0.5518 + float(rng.normal(0, 0.007)), 6),
        )
        for identifier, name in [*named, (None, WITHOUT_SHEET)]
    )


def sheets(parks: tuple[CarPark, ...]) -> list[dict[str, Any]]:
    """The static dataset. `id_parking` and `nom` are not the names of the live feed, whatever its page says."""
    return [
        {
            "id": park.id,
            "id_parking": f"P{number:02d}",
            "nom": f"Parking {park.name.upper()}",
            "insee": "49007",
            "type_usagers": "tous",
            "gratuit": "0",
            "nb_places": park.capacity,
            "adresse": f"{number} place du {park.name}, 49000 Angers",
            "xlong": park.longitude,
            "ylat": park.latitude,
        }
        for number, park in enumerate(parks, start=1)
        if park.id is not None
    ]


def live(
    parks: tuple[CarPark, ...], since: datetime, until: datetime, seed: int, defects: Defects
) -> list[dict[str, Any]]:
    """Readings from `since` to `until`, oldest first. A reading depends on its instant alone, whatever was asked."""
    found = []
    instant = since
    while instant <= until:
        found.extend(_readings(parks, instant, seed, defects))
        instant += STEP
    return found


def _readings(parks: tuple[CarPark, ...], instant: datetime, seed: int, defects: Defects) -> list[dict[str, Any]]:
    rng = np.random.default_rng([seed, 11, int(instant.timestamp())])
    local = instant.astimezone(PARIS)
    chance = rng.random((len(parks), 4))
    hour = local.hour + local.minute / 60
    busy = 0.25 + 0.6 * np.exp(-(((hour - 15.0) / 5.0) ** 2)) * (0.6 if local.weekday() == 6 else 1.0)
    free_field = "libres" if defects.parking_renamed else "disponible"
    found = []
    for park, (noise, wrong, missing, again) in zip(parks, chance.tolist(), strict=True):
        free = int(park.capacity * min(max(1.0 - busy + 0.1 * (noise - 0.5), 0.0), 1.0))
        label = local.isoformat() if wrong < defects.true_offsets else local.replace(tzinfo=None).isoformat() + "+00:00"
        value: Any = free
        if missing < defects.missing:
            value = None
        elif missing < defects.missing + defects.unreadable:
            value = "indisponible"
        reading = {"nom": park.name, free_field: value, "horodatage": label}
        found.append(reading)
        if again < defects.duplicates:
            found.append(dict(reading))
    return found
