"""How the simulated operators write NGSI-LD entities, and the everyday defects of JSON feeds.

An entity is made once, of plain values and :class:`Measured` ones, and written in either form of ETSI GS CIM 009 (4.5):
normalised, with types, units and instants of observation, or key-values (simplified), with bare values. Which one an
operator speaks is the choice of its feed. Instants are UTC and end in « Z », so that they sort as texts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np

from stack.operators.defects import Defects

Form = Literal["normalized", "keyValues"]
Entity = dict[str, Any]
UNREADABLE = "n/c"
CONTEXT = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"


@dataclass(frozen=True, slots=True)
class Measured:
    """A value with its unit (UN/ECE Recommendation 20) and, where known, the instant it was observed."""

    value: Any
    unit: str | None = None
    observed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """A place, WGS 84 degrees."""

    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class Reference:
    """The URN of another entity."""

    target: str


def instant(at: datetime) -> str:
    """An instant as entities write it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def entity(identifier: str, kind: str, form: Form, **attributes: Any) -> Entity:
    """One entity; attributes that are None are left out."""
    write = _normalized if form == "normalized" else _simplified
    found = {name: write(value) for name, value in attributes.items() if value is not None}
    return {"id": f"urn:ngsi-ld:{kind}:{identifier}", "type": kind, **found, "@context": [CONTEXT]}


def spoilt(
    entities: Iterable[Entity], rng: np.random.Generator, defects: Defects, *, missing: str, unreadable: str
) -> list[Entity]:
    """Some records without `missing`, some whose `unreadable` is no number, some twice.

    Works on any list of JSON objects: one that is no normalised attribute is replaced as a whole.
    """
    found = []
    for one in entities:
        empty, wrong, again = rng.random(3).tolist()
        if empty < defects.missing:
            one = {name: value for name, value in one.items() if name != missing}
        elif wrong < defects.unreadable:
            one = {**one, unreadable: _garbled(one.get(unreadable))}
        found.append(one)
        if again < defects.duplicates:
            found.append(dict(one))
    return found


def _garbled(attribute: Any) -> Any:
    return {**attribute, "value": UNREADABLE} if isinstance(attribute, dict) and "value" in attribute else UNREADABLE


def _normalized(value: Any) -> Entity:
    match value:
        case Reference(target):
            return {"type": "Relationship", "object": target}
        case Point(longitude, latitude):
            return {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [longitude, latitude]}}
        case datetime():
            return {"type": "Property", "value": {"@type": "DateTime", "@value": instant(value)}}
        case Measured(inner, unit, observed):
            found = {"type": "Property", "value": inner}
            if unit is not None:
                found["unitCode"] = unit
            return found | ({} if observed is None else {"observedAt": instant(observed)})
    return {"type": "Property", "value": value}


def _simplified(value: Any) -> Any:
    match value:
        case Reference(target):
            return target
        case Point(longitude, latitude):
            return {"type": "Point", "coordinates": [longitude, latitude]}
        case datetime():
            return instant(value)
        case Measured(inner, _, _):
            return inner
    return value
