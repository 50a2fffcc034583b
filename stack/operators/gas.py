"""Daily gas of households, as GRDF's ADICT answers: a line a delivery point and gas day, in NDJSON.

A point whose holder gave no right of access has one line that says so, with `statut_restitution` and no consumption.
GRDF gives addresses by another of its services: whoever delivers to the territory is asked to put the commune into the
same line (`situation_compteur`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from stack.operators import signing
from stack.operators.canaries import Canaries
from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.territory import STREETS, Place, places, shares

PARIS = ZoneInfo("Europe/Paris")
POINTS = 5_000
CONSENT_SHARE = 0.6
NO_ACCESS = {"code": "1000008", "message": "Il n'existe pas de droit d'accès actif sur ce PCE."}


@dataclass(frozen=True, slots=True)
class GasPoint:
    """A delivery point and where it is."""

    pce: str
    street: str
    place: Place
    daily: float  # kWh on a mild day


def make_gas_points(count: int, seed: int, canaries: Canaries | None = None) -> tuple[GasPoint, ...]:
    """`count` points spread over the communes by population; canaries take the last places."""
    rng = np.random.default_rng([seed, 40])
    where = [place for place, number in zip(places(), shares(count), strict=True) for _ in range(number)]
    found = [
        GasPoint(
            f"98{int(rng.integers(0, 10**12)):012d}",
            f"{int(rng.integers(1, 120))} {rng.choice(STREETS)}",
            place,
            float(rng.lognormal(np.log(9), 0.5)),
        )
        for place in where
    ]
    planted = [] if canaries is None else zip(canaries.pces, canaries.addresses, range(count - 1, -1, -1), strict=False)
    for pce, street, at in planted:
        found[at] = replace(found[at], pce=pce, street=street)
    return tuple(found)


def signed(count: int, seed: int, canaries: Canaries | None = None, share: float = CONSENT_SHARE) -> pa.Array:
    """The points of those who consented, as texts. Canaries all did, so that they go furthest."""
    return signing.signed([one.pce for one in make_gas_points(count, seed, canaries)], [seed, 41], share, canaries)


def gas_days(
    start: date,
    end: date,
    count: int,
    seed: int,
    *,
    defects: Defects = NO_DEFECTS,
    canaries: Canaries | None = None,
) -> Iterator[dict[str, Any]]:
    """A record a point and gas day from `start` to `end`, which is not among them."""
    days = [start + timedelta(days=number) for number in range((end - start).days)]
    for number, point in enumerate(make_gas_points(count, seed, canaries)):
        rng = np.random.default_rng([seed, 42, number, start.toordinal()])
        if rng.random() < defects.missing:
            yield {"pce": {"id_pce": point.pce}, "consommation": None, "statut_restitution": NO_ACCESS}
            continue
        for day in days:
            record = _record(point, day, rng)
            if rng.random() < defects.unreadable:
                record["consommation"]["energie"] = "n/c"
            yield record
            if rng.random() < defects.duplicates:
                yield record


def write_gas(records: Iterator[dict[str, Any]]) -> bytes:
    """A line a record."""
    return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in records)


def _record(point: GasPoint, day: date, rng: np.random.Generator) -> dict[str, Any]:
    season = 1.6 + 1.4 * float(np.cos(2 * np.pi * (day.timetuple().tm_yday - 15) / 365.25))
    energy = round(point.daily * season * float(rng.uniform(0.7, 1.3)))
    begins = datetime.combine(day, time(6), PARIS)
    ends = datetime.combine(day + timedelta(days=1), time(6), PARIS)
    return {
        "pce": {"id_pce": point.pce},
        "situation_compteur": {
            "nom_rue": point.street,
            "code_postal": point.place.postcode,
            "commune": point.place.name,
            "code_insee": point.place.insee,
        },
        "consommation": {
            "date_debut_consommation": begins.isoformat(),
            "date_fin_consommation": ends.isoformat(),
            "journee_gaziere": day.isoformat(),
            "volume_brut": round(energy / 11.2, 2),
            "energie": energy,
            "type": "Informative",
        },
        "statut_restitution": None,
    }
