"""Electricity of communal buildings every half hour: NGSI-LD `ACMeasurement` entities, one a meter and an instant.

Three-phase meters tell power by phase (`L1`, `L2`, `L3`), small ones have a single `L`. Gateways write energies in kWh
or MWh, powers in W or kW, and INSEE codes as spreadsheets leave them. The index of a meter needs no history.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.ngsi_ld import Entity, Form, Measured, Point, Reference, entity, spoilt
from stack.operators.territory import places, shares

PARIS = ZoneInfo("Europe/Paris")
STEP = timedelta(minutes=30)
KIND = "ACMeasurement"
BUILDINGS = 96
_STARTED = datetime(2023, 1, 1, tzinfo=UTC)
_USES = (  # what it is, how often, kilowatts when occupied
    ("école", 0.36, 22.0), ("gymnase", 0.2, 30.0), ("mairie", 0.14, 18.0), ("médiathèque", 0.1, 16.0),
    ("salle communale", 0.14, 12.0), ("piscine", 0.06, 120.0),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Building:
    """A communal building and its meter."""

    meter: str
    name: str
    use: str
    insee: str
    longitude: float
    latitude: float
    kilowatts: float
    three_phase: bool
    large: bool  # a gateway that tells MWh and kW


def buildings(count: int, seed: int) -> tuple[Building, ...]:
    """At least one a commune where there are as many, the others by population."""
    rng = np.random.default_rng([seed, 40])
    homes = places()
    each = [1 if count >= len(homes) else 0] * len(homes)
    spread = shares(count - sum(each))
    found: list[Building] = []
    for home, number in zip(homes, (a + b for a, b in zip(each, spread, strict=True)), strict=True):
        for _ in range(number):
            use, _, power = _USES[int(rng.choice(len(_USES), p=[share for _, share, _ in _USES]))]
            kilowatts = float(power * rng.uniform(0.4, 1.8))
            found.append(
                Building(
                    f"BC{len(found) + 1:04d}", f"{use.capitalize()} {len(found) + 1}, {home.name}", use, home.insee,
                    round(float(rng.normal(home.longitude, 0.004)), 6),
                    round(float(rng.normal(home.latitude, 0.003)), 6),
                    kilowatts, kilowatts > 9, bool(rng.random() < 0.25),
                )
            )  # fmt: skip
    return tuple(found)


def measurements(
    metered: tuple[Building, ...],
    since: datetime,
    until: datetime,
    seed: int,
    defects: Defects = NO_DEFECTS,
    form: Form = "normalized",
) -> list[Entity]:
    """Measurements at the half hours from `since` to `until`, oldest first."""
    found: list[Entity] = []
    at = since.replace(minute=since.minute - since.minute % 30, second=0, microsecond=0)
    while at <= until:
        found += _instant(metered, at, seed, defects, form)
        at += STEP
    return found


def _instant(metered: tuple[Building, ...], at: datetime, seed: int, defects: Defects, form: Form) -> list[Entity]:
    stamp = int(at.timestamp())
    rng = np.random.default_rng([seed, 41, stamp])
    made = []
    for one, chance in zip(metered, rng.uniform(0.8, 1.2, (len(metered), 3)).tolist(), strict=True):
        made.append(_measurement(one, at, stamp, chance, form))
    spoiler = np.random.default_rng([seed, 42, stamp])
    return spoilt(made, spoiler, defects, missing="totalActiveEnergyImport", unreadable="totalActiveEnergyImport")


def _measurement(one: Building, at: datetime, stamp: int, chance: list[float], form: Form) -> Entity:
    power = one.kilowatts * _occupied(one, at)
    hours = (at - _STARTED).total_seconds() / 3600
    energy = one.kilowatts * (0.42 * hours + 20 * chance[0])  # steady, and a chance that is added, not accumulated
    phases = {"L1": chance[0], "L2": chance[1], "L3": chance[2]} if one.three_phase else {"L": 3 * chance[0]}
    large = one.large and form == "normalized"
    kilowatts = one.large or form == "keyValues"  # which tells no units: the gateway has converted
    return entity(
        f"{one.meter}-{stamp}",
        KIND,
        form,
        name=one.name,
        alternateName=one.use,
        areaServed=f"{one.insee}.0" if one.large else one.insee,
        location=Point(one.longitude, one.latitude),
        refDevice=Reference(f"urn:ngsi-ld:Device:{one.meter}"),
        dateObserved=at,
        phaseType="threePhase" if one.three_phase else "singlePhase",
        totalActiveEnergyImport=Measured(round(energy / 1000, 6), "MWH")
        if large
        else Measured(round(energy, 3), "KWH"),
        activePower=Measured(
            {phase: round(power / 3 * part * (1 if kilowatts else 1000), 3) for phase, part in phases.items()},
            "KWT" if kilowatts else "WTT",
            at,
        ),
        powerFactor=Measured({phase: round(min(0.99, 0.8 + 0.15 * part), 3) for phase, part in phases.items()}, "C62"),
    )


def _occupied(one: Building, at: datetime) -> float:
    """Share of the power when occupied: working hours, with heating in the cold months."""
    local = at.astimezone(PARIS)
    open_now = 7 <= local.hour < 19 and (local.weekday() < 5 or one.use in ("gymnase", "piscine", "salle communale"))
    cold = 0.3 * (1 + np.cos(2 * np.pi * (local.timetuple().tm_yday - 15) / 365.25)) / 2
    return float((0.7 if open_now else 0.12) + cold)
