"""Vehicles counted by lane every quarter of an hour: NGSI-LD `TrafficFlowObserved` entities, one an observation.

Sensors of two makes: one tells speeds in km/h and occupancy as a share, the other in m/s and in percent. What a lane
counts in a quarter of an hour depends on the seed, the lane and the instant alone, whatever was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.ngsi_ld import Entity, Form, Measured, Point, Reference, entity, spoilt
from stack.operators.territory import STREETS, places

PARIS = ZoneInfo("Europe/Paris")
STEP = timedelta(minutes=15)
KIND = "TrafficFlowObserved"
LANES = 60


@dataclass(frozen=True, slots=True)
class Lane:
    """A counted lane of a road."""

    segment: str  # "49007-T003"
    road: str
    insee: str
    number: int  # within the segment
    direction: str  # NGSI-LD laneDirection
    longitude: float
    latitude: float
    peak: float  # vehicles in the busiest hour
    speed: float  # km/h on an empty road
    metric: bool  # a sensor that tells m/s and percent


def lanes(count: int, seed: int) -> tuple[Lane, ...]:
    """The counted lanes: two a segment, most of them in the larger communes."""
    rng = np.random.default_rng([seed, 30])
    homes = sorted(places(), key=lambda place: -place.residents)[:12]
    found = []
    for segment in range((count + 1) // 2):
        home = homes[int(len(homes) * rng.random() ** 2)]
        longitude, latitude = rng.normal(home.longitude, 0.006), rng.normal(home.latitude, 0.004)
        peak, speed = float(rng.uniform(180, 1400)), float(rng.choice([30.0, 50.0, 50.0, 70.0]))
        road, metric = STREETS[int(rng.integers(len(STREETS)))], bool(rng.random() < 0.3)
        found += [
            Lane(
                f"{home.insee}-T{segment + 1:03d}", road, home.insee, number, direction,
                round(float(longitude), 6), round(float(latitude), 6), peak, speed, metric,
            )
            for number, direction in ((1, "forward"), (2, "backward"))
        ]  # fmt: skip
    return tuple(found[:count])


def observations(
    counted: tuple[Lane, ...],
    since: datetime,
    until: datetime,
    seed: int,
    defects: Defects = NO_DEFECTS,
    form: Form = "normalized",
) -> list[Entity]:
    """Observations of the quarters of an hour that end after `since` and by `until`, oldest first."""
    found: list[Entity] = []
    start = since.replace(minute=since.minute - since.minute % 15, second=0, microsecond=0)
    while start + STEP <= until:
        found += _quarter(counted, start, seed, defects, form)
        start += STEP
    return found


def _quarter(counted: tuple[Lane, ...], start: datetime, seed: int, defects: Defects, form: Form) -> list[Entity]:
    stamp = int(start.timestamp())
    rng = np.random.default_rng([seed, 31, stamp])
    load = _load(start)
    chance = rng.normal(1.0, 0.12, len(counted)).clip(0.4, 1.6).tolist()
    made = [_observation(lane, start, stamp, load * noise, form) for lane, noise in zip(counted, chance, strict=True)]
    return spoilt(made, np.random.default_rng([seed, 32, stamp]), defects, missing="intensity", unreadable="intensity")


def _load(start: datetime) -> float:
    """Share of the busiest hour: two peaks on working days, one soft one else, little at night."""
    local = start.astimezone(PARIS)
    hour = local.hour + local.minute / 60
    if local.weekday() >= 5:
        return float(0.06 + 0.55 * np.exp(-(((hour - 16) / 4.5) ** 2)))
    morning, evening = np.exp(-(((hour - 8.2) / 1.3) ** 2)), np.exp(-(((hour - 17.6) / 1.7) ** 2))
    return float(0.05 + 0.85 * morning + 0.9 * evening + 0.35 * np.exp(-(((hour - 13) / 3) ** 2)))


def _observation(lane: Lane, start: datetime, stamp: int, load: float, form: Form) -> Entity:
    vehicles = round(lane.peak * load / 4)
    occupancy = min(0.95, 0.55 * load * load + 0.02)
    speed = lane.speed * (1 - 0.6 * min(1.0, load) ** 3)
    return entity(
        f"{lane.segment}-{lane.number}-{stamp}",
        KIND,
        form,
        dateObservedFrom=start,
        dateObservedTo=start + STEP,
        name=lane.road,
        areaServed=lane.insee,
        refRoadSegment=Reference(f"urn:ngsi-ld:RoadSegment:{lane.segment}"),
        laneId=lane.number,
        laneDirection=lane.direction,
        location=Point(lane.longitude, lane.latitude),
        intensity=Measured(vehicles, "C62"),
        occupancy=_in(form, lane, occupancy, 100 * occupancy, "C62", "P1", 4),
        averageVehicleSpeed=_in(form, lane, speed, speed / 3.6, "KMH", "MTS", 2) if vehicles else None,
    )


def _in(form: Form, lane: Lane, usual: float, other: float, unit: str, other_unit: str, decimals: int) -> Measured:
    """In the sensor's unit; without units (key-values) the operator's gateway has already converted."""
    if lane.metric and form == "normalized":
        return Measured(round(other, decimals), other_unit)
    return Measured(round(usual, decimals), unit)
