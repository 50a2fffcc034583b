"""Fill levels of drop-off containers every four hours: NGSI-LD `WasteContainer` entities, as a broker keeps them.

This operator speaks key-values. A container fills steadily, faster at some places, and is emptied on its round; the
level at an instant depends on the seed, the container and the instant alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.ngsi_ld import Entity, Form, Measured, Point, Reference, entity, spoilt
from stack.operators.territory import places, shares

STEP = timedelta(hours=4)
KIND = "WasteContainer"
CONTAINERS = 240
_ORIGIN = datetime(2024, 1, 1, 3, tzinfo=UTC)
_KINDS = (("glass", 21), ("paper", 14), ("organic", 4), ("plastic", 7))  # what it takes, days from round to round
_STATES = ("ok", "lidOpen", "dropped", "moved", "vandalized", "burning")


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a drop-off point."""

    serial: str
    isle: str
    kind: str
    insee: str
    longitude: float
    latitude: float
    round: timedelta
    offset: timedelta  # of its first round
    rate: float  # share of it that fills between two rounds


def containers(count: int, seed: int) -> tuple[Container, ...]:
    """The containers, three a drop-off point, spread over the communes by population."""
    rng = np.random.default_rng([seed, 50])
    found = []
    for home, number in zip(places(), shares(count), strict=True):
        for index in range(number):
            if index % 3 == 0:
                longitude, latitude = rng.normal(home.longitude, 0.007), rng.normal(home.latitude, 0.005)
            kind, days = _KINDS[int(rng.integers(len(_KINDS)))]
            found.append(
                Container(
                    f"PAV-{home.insee}-{index + 1:03d}", f"{home.insee}-{index // 3 + 1:02d}", kind, home.insee,
                    round(float(longitude), 6), round(float(latitude), 6), timedelta(days=days),
                    timedelta(hours=float(rng.integers(24 * days))), float(rng.uniform(0.35, 1.05)),
                )
            )  # fmt: skip
    return tuple(found)


def levels(
    placed: tuple[Container, ...],
    since: datetime,
    until: datetime,
    seed: int,
    defects: Defects = NO_DEFECTS,
    form: Form = "keyValues",
) -> list[Entity]:
    """Reports at 0, 4, 8… h UTC from `since` to `until`, oldest first."""
    found: list[Entity] = []
    at = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    at -= timedelta(hours=at.hour % 4)
    while at <= until:
        if at >= since:
            found += _reports(placed, at, seed, defects, form)
        at += STEP
    return found


def _reports(placed: tuple[Container, ...], at: datetime, seed: int, defects: Defects, form: Form) -> list[Entity]:
    stamp = int(at.timestamp())
    rng = np.random.default_rng([seed, 51, stamp])
    chance = rng.random((len(placed), 2)).tolist()
    made = [_report(one, at, stamp, odds, form) for one, odds in zip(placed, chance, strict=True)]
    spoiler = np.random.default_rng([seed, 52, stamp])
    return spoilt(made, spoiler, defects, missing="dateModified", unreadable="fillingLevel")


def _report(one: Container, at: datetime, stamp: int, odds: list[float], form: Form) -> Entity:
    rounds = (at - _ORIGIN - one.offset) // one.round
    emptied = _ORIGIN + one.offset + rounds * one.round
    level = min(1.0, one.rate * ((at - emptied) / one.round) + 0.02 * odds[0])
    state = "ok" if odds[1] > 0.01 else _STATES[1 + int(500 * odds[1]) % (len(_STATES) - 1)]
    return entity(
        f"{one.serial}-{stamp}",
        KIND,
        form,
        serialNumber=one.serial,
        refWasteContainerIsle=Reference(f"urn:ngsi-ld:WasteContainerIsle:{one.isle}"),
        storedWasteKind=one.kind,
        areaServed=one.insee,
        location=Point(one.longitude, one.latitude),
        fillingLevel=Measured(round(level, 3), "C62", at),
        dateLastEmptying=emptied,
        nextActuationDeadline=emptied + one.round,
        status=state,
        dateModified=at,
    )
