"""Street lights as their gateways report them (TALQ Smart City Protocol 2.7): power, a counter, faults.

A gateway stands for a commune and is named after it. What a lamp measures at an instant depends on the seed, the lamp
and the instant; the sun's hours are good to some minutes. Entries are made by column: a full-size hour has 315 000.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.territory import places, shares

LAMPS = 45_000
STEP = timedelta(minutes=10)
MOST_ENTRIES = 14_000  # in one body, about two megabytes
FAILED = 0.008  # share of the lamps that are out on a given day
_PARIS = ZoneInfo("Europe/Paris")
_LATITUDE, _LONGITUDE = 47.47, -0.55


@dataclass(frozen=True, slots=True)
class Lamps:
    """The lamps of one commune, by column."""

    gateway: str  # the commune's INSEE code
    ids: pa.StringArray
    watts: np.ndarray[tuple[int], np.dtype[np.float64]]  # at full light
    first: int  # number of the first one in the territory


def make_lamps(count: int, seed: int) -> list[Lamps]:
    """The lamps of each commune that has some."""
    rng = np.random.default_rng([seed, 40])
    watts = rng.choice([28.0, 39.0, 52.0, 71.0, 100.0, 150.0], count, p=[0.2, 0.25, 0.2, 0.15, 0.1, 0.1])
    found, first = [], 0
    for place, number in zip(places(), shares(count), strict=True):
        if number:
            numbers = pc.utf8_lpad(pc.cast(pa.array(np.arange(1, number + 1)), pa.string()), 6, "0")
            ids = pc.binary_join_element_wise(place.insee, "EP", numbers, "-")
            found.append(Lamps(place.insee, ids, watts[first : first + number], first))
        first += number
    return found


def reports(lamps: list[Lamps], start: datetime, seed: int, defects: Defects = NO_DEFECTS) -> list[bytes]:
    """What is posted about the hour from `start`: JSON arrays of log reports, each with what a body may hold."""
    bodies: list[list[bytes]] = [[]]
    room, count = MOST_ENTRIES, sum(len(group.ids) for group in lamps)
    for group in lamps:
        entries = pa.concat_arrays(_entries(group, start, seed, count, defects))
        while len(entries):
            if room == 0:
                bodies.append([])
                room = MOST_ENTRIES
            taken = min(room, len(entries))
            bodies[-1].append(_report(group.gateway, entries.slice(0, taken)))
            entries, room = entries.slice(taken), room - taken
    return [b"[" + b",".join(body) + b"]" for body in bodies if body]


def light(instant: datetime) -> float:
    """How strongly lamps burn: 0 by day, 1 in the evening and at dawn, 0.5 in the middle of the night."""
    local = instant.astimezone(_PARIS)
    if not is_dark(instant):
        return 0.0
    return 0.5 if local.hour >= 23 or local.hour < 5 else 1.0


def is_dark(instant: datetime) -> bool:
    """Whether the sun stands lower than 3 degrees below the horizon of Angers (declination by Cooper's formula)."""
    moment = instant.astimezone(UTC)
    day = moment.timetuple().tm_yday
    declination = np.radians(23.45 * np.sin(2 * np.pi * (284 + day) / 365))
    hour = np.radians(15 * (moment.hour + moment.minute / 60 - 12) + _LONGITUDE)
    latitude = np.radians(_LATITUDE)
    height = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(hour)
    return bool(height < np.sin(np.radians(-3)))


def _entries(group: Lamps, start: datetime, seed: int, count: int, defects: Defects) -> list[pa.StringArray]:
    mine = slice(group.first, group.first + len(group.ids))
    day = start.astimezone(UTC).toordinal()
    out = (np.random.default_rng([seed, 41, day]).random(count) < FAILED)[mine]
    found = []
    for number in range(6):
        instant = start + number * STEP
        rng = np.random.default_rng([seed, 42, int(instant.timestamp())])
        noise, chance = rng.random(count)[mine], rng.random(count)[mine]
        watts = np.where(out, 0.0, group.watts * light(instant) * (0.97 + 0.06 * noise))
        values = pc.cast(pa.array(np.round(watts, 1)), pa.string())
        values = _spoilt(values, chance, defects)
        lines = _lines(group.ids, instant, "activePower", values)
        found.append(lines)
        if defects.duplicates:
            found.append(lines.filter(pa.array(chance > 1 - defects.duplicates)))
    hours = pc.cast(
        pa.array((start - datetime(2024, 1, 1, tzinfo=UTC)) // timedelta(hours=2) + np.arange(len(out))), pa.string()
    )
    found.append(_lines(group.ids, start, "operatingHours", hours))
    failing = group.ids.filter(pa.array(out & (light(start) > 0)))
    event = (
        f'","data":{{"type":"EventLogData","srcAddress":"LampMonitor","timestamp":"{_text(start)}",'
        '"eventType":"lampFailure","startEndFlag":true,"info":"no load"}}'
    )
    found.append(_joined('{"cmsRefId":"', failing, event))
    return found


def _lines(ids: pa.StringArray, instant: datetime, attribute: str, values: pa.StringArray) -> pa.StringArray:
    middle = (
        f'","data":{{"type":"AttributeLogData","srcAddress":"LampMonitor","timestamp":"{_text(instant)}",'
        f'"attributeName":"{attribute}","attributeValue":'
    )
    return _joined('{"cmsRefId":"', ids, middle, values, "}}")


def _joined(*pieces: str | pa.StringArray) -> pa.StringArray:
    return pc.binary_join_element_wise(*pieces, "")


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _spoilt(
    values: pa.StringArray, chance: np.ndarray[tuple[int], np.dtype[np.float64]], defects: Defects
) -> pa.StringArray:
    missing = pa.array(chance < defects.missing)
    unreadable = pa.array((chance >= defects.missing) & (chance < defects.missing + defects.unreadable))
    return pc.if_else(missing, "null", pc.if_else(unreadable, '"n/a"', values))


def _report(gateway: str, entries: pa.StringArray) -> bytes:
    offsets = pa.array([0, len(entries)], pa.int32())
    joined = pc.binary_join(pa.ListArray.from_arrays(offsets, entries), ",")
    return b'{"address":"' + gateway.encode() + b'","entries":[' + bytes(joined[0].as_buffer()) + b"]}"
