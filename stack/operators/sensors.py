"""Sensors of air and soil as NGSI-LD entities, normalised (ETSI GS CIM 009), gathered by concentrators.

Smart Data Models `AirQualityObserved` and `GreenspaceRecord`. A reading depends on the seed, the sensor and the
instant. Defects: a value that is not there, a text in place of a number, an entity without its name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.territory import places

STATIONS = 12
PROBES = 400  # in the soil
LEVELS = ("bon", "moyen", "dégradé", "mauvais", "très mauvais", "extrêmement mauvais")
GATHERED = 500  # sensors of one concentrator
Entity = dict[str, Any]
_PARIS = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class Sensor:
    """One that stands somewhere."""

    name: str
    longitude: float
    latitude: float
    insee: str
    weight: float  # how busy the street is, or how well the soil keeps water


def sensors(count: int, kind: str, seed: int) -> list[Sensor]:
    """`count` of them: the first ones in the largest communes."""
    rng = np.random.default_rng([seed, 45, len(kind)])
    homes = sorted(places(), key=lambda place: -place.residents)
    chosen = [0 if number % 2 == 0 else number % len(homes) for number in range(count)]
    return [
        Sensor(
            f"{kind}-{number:03d}",
            round(homes[where].longitude + float(rng.normal(0, 0.008)), 6),
            round(homes[where].latitude + float(rng.normal(0, 0.006)), 6),
            homes[where].insee,
            float(rng.random()),
        )
        for number, where in enumerate(chosen, start=1)
    ]


def air(stations: list[Sensor], instant: datetime, seed: int, defects: Defects = NO_DEFECTS) -> Iterator[Entity]:
    """What each station measured in the hour that ended at `instant`."""
    rng = np.random.default_rng([seed, 46, int(instant.timestamp())])
    local = instant.astimezone(_PARIS)
    rush = float(np.exp(-(((local.hour - 8) / 2.0) ** 2)) + np.exp(-(((local.hour - 18) / 2.5) ** 2)))
    for station, chance in zip(stations, rng.random((len(stations), 5)), strict=True):
        nox = 8 + 45 * station.weight * rush + 12 * float(chance[0])
        no = nox * (0.2 + 0.2 * float(chance[1]))
        index = 1 + int(np.searchsorted([25, 45, 65, 90, 120], nox))
        yield _entity(
            "AirQualityObserved",
            station,
            instant,
            {
                "no": _quantity(round(no, 1), "GQ"),
                "nox": _quantity(round(nox, 1), "GQ"),
                "so2": _quantity(round(1 + 3 * float(chance[2]), 1), "GQ"),
                "co": _quantity(round(0.15 + 0.2 * rush * station.weight, 3), "GP"),
                "airQualityIndex": {"type": "Property", "value": index},
                "airQualityLevel": {"type": "Property", "value": LEVELS[index - 1]},
                "reliability": {"type": "Property", "value": round(0.85 + 0.15 * float(chance[3]), 2)},
            },
            "nox",
            float(chance[4]),
            defects,
        )


def soil(probes: list[Sensor], instant: datetime, seed: int, defects: Defects = NO_DEFECTS) -> Iterator[Entity]:
    """What each probe measured at `instant`."""
    rng = np.random.default_rng([seed, 47, int(instant.timestamp())])
    day = instant.timetuple().tm_yday + instant.hour / 24
    season = float(np.cos(2 * np.pi * (day - 20) / 365.25))  # 1 in the wettest days
    rain = float(np.random.default_rng([seed, 48, int(instant.timestamp()) // 259_200]).random())
    for probe, chance in zip(probes, rng.random((len(probes), 3)), strict=True):
        water = 0.18 + 0.09 * season + 0.08 * rain + 0.08 * probe.weight + 0.01 * float(chance[0])
        heat = 12 - 8 * season + 2 * float(np.sin(2 * np.pi * (instant.hour - 9) / 24)) + float(chance[1])
        yield _entity(
            "GreenspaceRecord",
            probe,
            instant,
            {
                "soilMoistureVwc": {"type": "Property", "value": round(water, 4)},
                "soilMoistureEc": _quantity(round(0.2 + 0.5 * water, 3), "D10"),
                "soilTemperature": _quantity(round(heat, 1), "CEL"),
                "refGreenspace": {
                    "type": "Relationship",
                    "object": f"urn:ngsi-ld:Greenspace:{probe.insee}-{int(probe.weight * 40):02d}",
                },
            },
            "soilMoistureVwc",
            float(chance[2]),
            defects,
        )


def gathered(entities: Iterable[Entity]) -> Iterator[tuple[str, bytes]]:
    """The messages of the concentrators: the name of each, and an array of entities."""
    found = list(entities)
    for number, start in enumerate(range(0, len(found), GATHERED), start=1):
        yield f"concentrateur-{number:02d}", json.dumps(found[start : start + GATHERED], ensure_ascii=False).encode()


def _quantity(value: float, unit: str) -> dict[str, Any]:
    return {"type": "Property", "value": value, "unitCode": unit}


def _entity(
    kind: str,
    sensor: Sensor,
    instant: datetime,
    attributes: dict[str, Any],
    spoilt: str,
    chance: float,
    defects: Defects,
) -> Entity:
    edges = np.cumsum([defects.missing, defects.unreadable, defects.truncated])
    if chance < edges[0]:
        del attributes[spoilt]
    elif chance < edges[1]:
        attributes[spoilt] = {"type": "Property", "value": "hors service"}
    observed = instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    entity: Entity = {
        "id": f"urn:ngsi-ld:{kind}:{sensor.name}",
        "type": kind,
        "dateObserved": {"type": "Property", "value": {"@type": "DateTime", "@value": observed}},
        "location": {
            "type": "GeoProperty",
            "value": {"type": "Point", "coordinates": [sensor.longitude, sensor.latitude]},
        },
        **attributes,
    }
    if edges[1] <= chance < edges[2]:
        del entity["id"]
    return entity
