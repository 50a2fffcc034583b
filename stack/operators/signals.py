"""Faults of traffic signals, as a DATEX II situation publication (EN 16157, version 2.3): one document, renewed whole.

A situation is one fault at one intersection; its record says when it began and, once mended, when it ended, under a
version that grows. The same document is what a service serves whole, with an ETag: see the `none` paging of contracts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import numpy as np

from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.territory import places

PARIS = ZoneInfo("Europe/Paris")
INTERSECTIONS = 180
_FAULTS = (("notWorking", 0.2), ("workingIncorrectly", 0.35), ("workingIntermittently", 0.3), ("outOfService", 0.15))
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<d2LogicalModel xmlns="http://datex2.eu/schema/2/2_0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'modelBaseVersion="2"><exchange><supplierIdentification><country>fr</country><nationalIdentifier>FR-ALM'
    "</nationalIdentifier></supplierIdentification></exchange>"
    '<payloadPublication xsi:type="SituationPublication" lang="fr">'
)


@dataclass(frozen=True, slots=True)
class Intersection:
    """A controller of signals."""

    code: str  # "49007-C012"
    longitude: float
    latitude: float
    yearly: float  # faults a year


def intersections(count: int, seed: int) -> tuple[Intersection, ...]:
    """The intersections with signals, most of them in the largest communes."""
    rng = np.random.default_rng([seed, 70])
    homes = sorted(places(), key=lambda place: -place.residents)[:8]
    found = []
    for number in range(count):
        home = homes[int(len(homes) * rng.random() ** 2.5)]
        found.append(
            Intersection(
                f"{home.insee}-C{number + 1:03d}", round(float(rng.normal(home.longitude, 0.008)), 6),
                round(float(rng.normal(home.latitude, 0.006)), 6), float(rng.gamma(2.0, 4.0)),
            )
        )  # fmt: skip
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Fault:
    """What happened at one intersection."""

    identifier: str
    at: Intersection
    kind: str
    began: datetime
    ended: datetime | None  # None while it lasts


def faults(places_: tuple[Intersection, ...], since: datetime, now: datetime, seed: int) -> list[Fault]:
    """The faults that began from `since` on, as known at `now`, oldest first. Days owe nothing to each other."""
    found = []
    day = since.astimezone(PARIS).date()
    while (begun := datetime.combine(day, time(), PARIS)) <= now:
        rng = np.random.default_rng([seed, 71, day.toordinal()])
        numbers = rng.poisson([one.yearly / 365 for one in places_]).tolist()
        for one, number in zip(places_, numbers, strict=True):
            for index in range(number):
                began = begun + timedelta(seconds=round(float(rng.uniform(0, 86_000))))
                ended = began + timedelta(minutes=round(float(rng.lognormal(4.6, 1.0)) + 3))
                kind = str(rng.choice([name for name, _ in _FAULTS], p=[share for _, share in _FAULTS]))
                if since <= began <= now:
                    name = f"FR-ALM-SIG-{day:%Y%m%d}-{one.code}-{index}"
                    found.append(Fault(name, one, kind, began, ended if ended <= now else None))
        day += timedelta(days=1)
    return sorted(found, key=lambda fault: (fault.began, fault.identifier))


def publication(
    places_: tuple[Intersection, ...], since: datetime, now: datetime, seed: int, defects: Defects = NO_DEFECTS
) -> bytes:
    """The document as it is at `now`."""
    known = faults(places_, since, now, seed)
    situations = []
    for fault in known:
        rng = np.random.default_rng([seed, 72, *fault.identifier.encode()])
        empty, wrong, again = rng.random(3).tolist()
        began = None if empty < defects.missing else _time(fault.began)
        if began is not None and wrong < defects.unreadable:
            began = "en panne"
        text = _situation(fault, began)
        situations += [text, text] if again < defects.duplicates else [text]
    newest = max((fault.ended or fault.began for fault in known), default=since)  # so that the ETag tells what is new
    tail = "</payloadPublication></d2LogicalModel>\n"
    return f"{_HEAD}<publicationTime>{_time(newest)}</publicationTime>{''.join(situations)}{tail}".encode()


def _situation(fault: Fault, began: str | None) -> str:
    version = 1 if fault.ended is None else 2
    name = escape(fault.identifier)
    start = "" if began is None else f"<overallStartTime>{began}</overallStartTime>"
    end = "" if fault.ended is None else f"<overallEndTime>{_time(fault.ended)}</overallEndTime>"
    status = "active" if fault.ended is None else "definedByValidityTimeSpec"
    return (
        f'\n<situation id="{name}" version="{version}">'
        f'<situationRecord xsi:type="EquipmentOrSystemFault" id="{name}-1" version="{version}">'
        f"<situationRecordCreationTime>{_time(fault.began)}</situationRecordCreationTime>"
        f"<situationRecordVersionTime>{_time(fault.ended or fault.began)}</situationRecordVersionTime>"
        "<probabilityOfOccurrence>certain</probabilityOfOccurrence>"
        f"<validity><validityStatus>{status}</validityStatus><validityTimeSpecification>{start}{end}"
        "</validityTimeSpecification></validity>"
        '<groupOfLocations xsi:type="Point"><externalReferencing>'
        f"<externalLocationCode>{fault.at.code}</externalLocationCode>"
        "<externalReferencingSystem>carrefours-alm</externalReferencingSystem></externalReferencing>"
        f"<pointByCoordinates><pointCoordinates><latitude>{fault.at.latitude}</latitude>"
        f"<longitude>{fault.at.longitude}</longitude></pointCoordinates></pointByCoordinates></groupOfLocations>"
        f"<equipmentOrSystemFaultType>{fault.kind}</equipmentOrSystemFaultType>"
        "<faultyEquipmentOrSystemType>trafficLightSets</faultyEquipmentOrSystemType>"
        "</situationRecord></situation>"
    )


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
