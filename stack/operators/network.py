"""Water that enters the sectors of the network: NGSI-LD `WaterConsumptionObserved` entities, one a sector and hour.

A sector is a part of the network behind one meter, several hundred homes at least: nobody's consumption is told. Old
meters tell litres and litres an hour, new ones cubic metres; nights show the leaks, which is what `minFlow` is for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.ngsi_ld import Entity, Form, Measured, Point, entity, spoilt
from stack.operators.territory import places

PARIS = ZoneInfo("Europe/Paris")
STEP = timedelta(hours=1)
KIND = "WaterConsumptionObserved"
SECTORS = 48
_PERSISTENCE = ("Nothing to report", "3h < 6h", "6h < 12h", "12h < 24h", "more than 24h")


@dataclass(frozen=True, slots=True)
class Sector:
    """A metered part of the network."""

    code: str
    name: str
    insee: str
    longitude: float
    latitude: float
    homes: int
    leak: float  # cubic metres an hour that flow at night
    litres: bool  # an old meter


def sectors(count: int, seed: int) -> tuple[Sector, ...]:
    """One a commune where there are as many, the others in the largest."""
    rng = np.random.default_rng([seed, 60])
    homes = sorted(places(), key=lambda place: -place.residents)
    found = []
    for number in range(count):
        home = homes[number] if number < len(homes) else homes[(number - len(homes)) % 4]
        served = int(max(300, home.residents / 2.2 / (6 if number >= len(homes) or home.residents > 30_000 else 1)))
        found.append(
            Sector(
                f"S{number + 1:03d}", f"{home.name} {1 + number // len(homes)}", home.insee,
                round(float(rng.normal(home.longitude, 0.003)), 6), round(float(rng.normal(home.latitude, 0.002)), 6),
                served, float(served * rng.uniform(0.0005, 0.004)), bool(rng.random() < 0.4),
            )
        )  # fmt: skip
    return tuple(found)


def consumptions(
    metered: tuple[Sector, ...],
    since: datetime,
    until: datetime,
    seed: int,
    defects: Defects = NO_DEFECTS,
    form: Form = "normalized",
) -> list[Entity]:
    """What entered each sector in the hours that end from `since` to `until`, oldest first."""
    found: list[Entity] = []
    at = since.replace(minute=0, second=0, microsecond=0)
    while at <= until:
        if at >= since:
            found += _hour(metered, at, seed, defects, form)
        at += STEP
    return found


def _hour(metered: tuple[Sector, ...], at: datetime, seed: int, defects: Defects, form: Form) -> list[Entity]:
    stamp = int(at.timestamp())
    chance = np.random.default_rng([seed, 61, stamp]).random((len(metered), 3)).tolist()
    made = [_consumption(one, at, stamp, odds, form) for one, odds in zip(metered, chance, strict=True)]
    spoiler = np.random.default_rng([seed, 62, stamp])
    return spoilt(made, spoiler, defects, missing="areaServed", unreadable="waterConsumption")


def _consumption(one: Sector, at: datetime, stamp: int, odds: list[float], form: Form) -> Entity:
    local = (at - STEP).astimezone(PARIS)
    morning, evening = np.exp(-(((local.hour - 7.5) / 1.6) ** 2)), np.exp(-(((local.hour - 19.5) / 2.2) ** 2))
    use = one.homes * 0.0125 * (0.15 + 1.6 * morning + 1.3 * evening) * (0.85 + 0.3 * odds[0])
    volume, least, most = use + one.leak, one.leak + 0.3 * use, one.leak + 1.9 * use
    leaking = one.leak > 0.003 * one.homes
    litres = one.litres and form == "normalized"
    factor, unit, flow = (1000, "LTR", "E32") if litres else (1, "MTQ", "MQH")
    return entity(
        f"{one.code}-{stamp}",
        KIND,
        form,
        alternateName=one.code,
        name=one.name,
        areaServed=one.insee,
        location=Point(one.longitude, one.latitude),
        dateObserved=at,
        waterConsumption=Measured(round(volume * factor, 3), unit, at),
        minFlow=Measured(round(least * factor, 3), flow, at),
        maxFlow=Measured(round(most * factor, 3), flow, at),
        alarmStopsLeaks=int(leaking),
        alarmTamper=int(odds[1] < 0.0005),
        persistenceFlowDuration=_PERSISTENCE[1 + int(3.99 * odds[2])] if leaking else _PERSISTENCE[0],
    )
