"""Levels, flows and overflows of the sewer network every five minutes, a file a day: `;`, Windows-1252, decimal comma.

Times are those of the clock on the wall, without an offset, as loggers in a manhole write them: a file has 276 lines a
point when March skips an hour and 300 when October repeats one. Rain is the same for all points; where it is strong, an
overflow begins, and the state of the point says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.territory import places

PARIS = ZoneInfo("Europe/Paris")
HEADER = "POINT;TYPE;CODE_INSEE;LAT;LON;DATE_HEURE;HAUTEUR_MM;DEBIT_L_S;ETAT;VOLUME_DEVERSE_M3"
ENCODING = "cp1252"
STEP = timedelta(minutes=5)
POINTS = 24
_TYPES = ("collecteur", "déversoir d'orage", "poste de relèvement")


@dataclass(frozen=True, slots=True)
class Point:
    """A measured place of the network."""

    code: str
    type: str
    insee: str
    latitude: float
    longitude: float
    flow: float  # litres a second, dry weather
    level: float  # millimetres, dry weather


def points(count: int, seed: int) -> tuple[Point, ...]:
    """The measured points, a third of them storm overflows."""
    rng = np.random.default_rng([seed, 80])
    homes = sorted(places(), key=lambda place: -place.residents)
    found = []
    for number in range(count):
        home = homes[number % len(homes)]
        found.append(
            Point(
                f"ASS-{number + 1:03d}", _TYPES[number % 3], home.insee,
                round(float(rng.normal(home.latitude, 0.003)), 6), round(float(rng.normal(home.longitude, 0.004)), 6),
                float(rng.uniform(8, 90)), float(rng.uniform(90, 420)),
            )
        )  # fmt: skip
    return tuple(found)


def lines(measured: tuple[Point, ...], day: date, seed: int, defects: Defects = NO_DEFECTS) -> list[str]:
    """The lines of one day of the clock, by instant then point, without the header."""
    instants, end = [], datetime.combine(day + timedelta(days=1), time(), PARIS).timestamp()
    stamp = datetime.combine(day, time(), PARIS).timestamp()
    while stamp < end:
        instants.append(datetime.fromtimestamp(stamp, PARIS))
        stamp += STEP.total_seconds()
    rng = np.random.default_rng([seed, 81, day.toordinal()])
    rain = _rain(len(instants), rng)
    found = []
    for at, strength in zip(instants, rain.tolist(), strict=True):
        found += [
            _line(one, at, strength, noise)
            for one, noise in zip(measured, rng.random(len(measured)).tolist(), strict=True)
        ]
    return _spoilt(found, np.random.default_rng([seed, 82, day.toordinal()]), defects)


def csv_file(measured: tuple[Point, ...], day: date, seed: int, defects: Defects = NO_DEFECTS) -> bytes:
    """The file of one day."""
    return "\r\n".join([HEADER, *lines(measured, day, seed, defects), ""]).encode(ENCODING)


def _rain(count: int, rng: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Strength of the rain at each instant, from 0 to about 2: one shower on two days of three."""
    when = np.arange(count)
    if rng.random() > 0.66:
        return np.zeros(count)
    middle, width, peak = rng.uniform(0, count), rng.uniform(8, 30), rng.gamma(2.0, 0.45)
    shower: np.ndarray[tuple[int], np.dtype[np.float64]] = peak * np.exp(-(((when - middle) / width) ** 2))
    return shower


def _line(one: Point, at: datetime, rain: float, noise: float) -> str:
    daily = 0.7 + 0.5 * np.sin(2 * np.pi * (at.hour + at.minute / 60 - 5) / 24) ** 2
    flow = one.flow * (daily + 3.5 * rain + 0.05 * noise)
    level = one.level * (0.8 * daily + 1.6 * rain + 0.03 * noise)
    overflow = one.type == _TYPES[1] and rain > 0.75
    state = "déversement" if overflow else "charge" if rain > 0.5 else "normal"
    spilt = f"{(rain - 0.75) * one.flow * 0.3:.3f}".replace(".", ",") if overflow else ""
    place = f"{one.latitude:.6f};{one.longitude:.6f}".replace(".", ",")
    values = f"{level:.0f};{flow:.2f}".replace(".", ",")
    return f"{one.code};{one.type};{one.insee};{place};{at:%d/%m/%Y %H:%M};{values};{state};{spilt}"


def _spoilt(found: list[str], rng: np.random.Generator, defects: Defects) -> list[str]:
    """Everyday defects: an empty state, an unreadable flow, a line cut short, the same line twice."""
    spoilt = []
    for line in found:
        empty, wrong, cut, again = rng.random(4).tolist()
        fields = line.split(";")
        if empty < defects.missing:
            fields[8] = ""
        elif wrong < defects.unreadable:
            fields[7] = "HS"
        elif cut < defects.truncated:
            fields = fields[:6]
        spoilt.append(";".join(fields))
        if again < defects.duplicates:
            spoilt.append(";".join(fields))
    return spoilt
