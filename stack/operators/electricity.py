"""Load curves of households, as Enedis writes meter readings: values as texts, clock times of Paris without an offset.

One document a delivery point and month. Enedis gives addresses by another of its services: whoever delivers to the
territory is asked to put commune and IRIS into the same document (`usage_point_addresses`), next to what is Enedis's.

The energy of an hour depends on the seed, the point and the hour alone. A day has as many hours as it has in Paris: on
the last Sunday of October the hour after 02:00 is 02:00 again, and nothing but the order tells the two apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from stack.operators import signing
from stack.operators.canaries import Canaries
from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.territory import STREETS, places, quarters, shares

PARIS = ZoneInfo("Europe/Paris")
POINTS = 5_000
CONSENT_SHARE = 0.7
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Point:
    """A delivery point and where it is."""

    prm: str
    street: str
    insee: str
    postcode: str
    city: str
    iris: str
    watts: float  # mean power


def make_points(count: int, seed: int, canaries: Canaries | None = None) -> tuple[Point, ...]:
    """`count` points spread over the communes by population; canaries take the last places.

    Those who volunteer live near those who do: the first quarters of a commune have most of its points.
    """
    rng = np.random.default_rng([seed, 30])
    where = [place for place, number in zip(places(), shares(count), strict=True) for _ in range(number)]
    found = []
    for place in where:
        near = quarters(place)
        found.append(
            Point(
                prm=f"99{int(rng.integers(0, 10**12)):012d}",
                street=f"{int(rng.integers(1, 120))} {rng.choice(STREETS)}",
                insee=place.insee,
                postcode=place.postcode,
                city=place.name,
                iris=near[int(len(near) * rng.random() ** 3)],
                watts=float(rng.lognormal(np.log(500), 0.5)),
            )
        )
    planted = [] if canaries is None else zip(canaries.prms, canaries.addresses, range(count - 1, -1, -1), strict=False)
    for prm, street, at in planted:
        found[at] = replace(found[at], prm=prm, street=street)
    return tuple(found)


def signed(count: int, seed: int, canaries: Canaries | None = None, share: float = CONSENT_SHARE) -> pa.Array:
    """The points of those who consented, as texts. Canaries all did, so that they go furthest."""
    return signing.signed([one.prm for one in make_points(count, seed, canaries)], [seed, 31], share, canaries)


def load_curves(
    start: date,
    end: date,
    count: int,
    seed: int,
    *,
    defects: Defects = NO_DEFECTS,
    canaries: Canaries | None = None,
) -> Iterator[dict[str, Any]]:
    """A document a point: its hours from `start` to `end`, which is not among them."""
    hours = hours_between(start, end)
    for number, point in enumerate(make_points(count, seed, canaries)):
        rng = np.random.default_rng([seed, 32, number, start.toordinal()])
        document = _document(point, start, end, _readings(point, hours, rng, defects))
        if rng.random() < defects.missing:
            del document["meter_reading"]["usage_point_id"]
        if rng.random() < defects.misspelt:
            document["meter_reading"]["usage_point_id"] = f" {point.prm[:2]} {point.prm[2:5]} {point.prm[5:]}"
        yield document
        if rng.random() < defects.duplicates:
            yield document


def write_curves(documents: Iterator[dict[str, Any]]) -> bytes:
    """The documents as one array, as the service answers."""
    return b"[" + b",\n".join(json.dumps(one, ensure_ascii=False).encode() for one in documents) + b"]"


def hours_between(start: date, end: date) -> list[datetime]:
    """Every hour of these days, in Paris: 23, 24 or 25 a day."""
    instant = datetime.combine(start, time(), PARIS).astimezone(UTC)
    last = datetime.combine(end, time(), PARIS).astimezone(UTC)
    return [(instant + HOUR * number).astimezone(PARIS) for number in range(int((last - instant) / HOUR))]


def _readings(point: Point, hours: list[datetime], rng: np.random.Generator, defects: Defects) -> list[dict[str, str]]:
    clock = np.array([hour.hour for hour in hours])
    usual = 0.6 + 0.5 * np.exp(-(((clock - 7.5) / 2.0) ** 2)) + 0.9 * np.exp(-(((clock - 19.5) / 2.5) ** 2))
    energies = np.round(point.watts * usual * rng.uniform(0.6, 1.4, len(hours))).astype(int)
    spoilt = rng.random(len(hours)) < defects.unreadable
    return [
        {
            "value": "n/c" if bad else str(energy),
            "date": f"{hour:%Y-%m-%d %H:%M:%S}",
            "interval_length": "PT60M",
            "measure_type": "B",
        }
        for hour, energy, bad in zip(hours, energies.tolist(), spoilt.tolist(), strict=True)
    ]


def _document(point: Point, start: date, end: date, readings: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "meter_reading": {
            "usage_point_id": point.prm,
            "start": start.isoformat(),
            "end": end.isoformat(),
            "quality": "BRUT",
            "reading_type": {
                "measurement_kind": "energy",
                "measuring_period": "PT60M",
                "unit": "Wh",
                "aggregate": "sum",
            },
            "usage_point_addresses": {
                "street": point.street,
                "postal_code": point.postcode,
                "city": point.city,
                "insee_code": point.insee,
                "iris_code": point.iris,
            },
            "interval_reading": readings,
        }
    }
