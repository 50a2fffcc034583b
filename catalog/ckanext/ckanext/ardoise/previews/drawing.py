"""Where bars, points and lines of a preview stand. Needs nothing of CKAN; lengths are the drawing's own units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 640
_BAR, _LABELS, _VALUES, _TOP = 26, 190, 90, 8
_LONGEST_LABEL = 30  # letters
_MARGIN, _HIGHEST = 34, 520  # of a map
_METERS_PER_DEGREE = 111_320.0  # of latitude
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)  # degrees


@dataclass(frozen=True, slots=True)
class Bar:
    """One group of a chart: its label, whole and as drawn, its value, and the box that shows it."""

    label: str
    short: str
    value: float
    x: float
    y: float
    width: float
    negative: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """Horizontal bars from one zero."""

    width: float
    height: float
    zero: float
    bar: float
    bars: tuple[Bar, ...]


def chart(groups: Sequence[tuple[str, float]]) -> Chart | None:
    """Return the bars of (label, value); None where there is nothing to draw."""
    groups = [(label, value) for label, value in groups if math.isfinite(value)]
    if not groups:
        return None
    largest = max(abs(value) for _, value in groups) or 1.0
    parts = [value / largest for _, value in groups]  # of the largest: neither tiny nor huge
    least, most = min(0.0, *parts), max(0.0, *parts)
    scale = (WIDTH - _LABELS - _VALUES) / ((most - least) or 1.0)
    zero = _LABELS - least * scale
    bars = tuple(
        Bar(
            label,
            label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…",
            value,
            round(min(zero, zero + part * scale), 1),
            _TOP + number * _BAR,
            round(max(abs(part) * scale, 1.0), 1),
            value < 0,
        )
        for number, ((label, value), part) in enumerate(zip(groups, parts, strict=True))
    )
    return Chart(WIDTH, 2 * _TOP + len(bars) * _BAR, round(zero, 1), _BAR - 8, bars)


@dataclass(frozen=True, slots=True)
class Place:
    """A point: what is there, how many rows, where it is drawn and how large."""

    label: str
    rows: int
    longitude: float
    latitude: float
    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Line:
    """A meridian (`x`) or a parallel (`y`), with its degrees."""

    at: float
    degrees: str


@dataclass(frozen=True, slots=True)
class Map:
    """Points over a graticule, in equirectangular projection about their middle; `scale` is a bar of round meters."""

    width: float
    height: float
    places: tuple[Place, ...]
    names: tuple[tuple[str, float, float], ...]  # a label for each name, amid its points
    meridians: tuple[Line, ...]
    parallels: tuple[Line, ...]
    scale: tuple[float, str]  # length drawn, and what it is


def world(points: Sequence[tuple[float, float, int, str]]) -> Map | None:
    """Return the map of (longitude, latitude, rows, label), in WGS 84 degrees; None where there is nothing to draw."""
    points = [one for one in points if abs(one[0]) <= 180 and abs(one[1]) <= 90]
    if not points:
        return None
    west, east = _widened([x for x, *_ in points])
    south, north = _widened([y for _, y, *_ in points])
    shrink = math.cos(math.radians((south + north) / 2))
    inner = WIDTH - 2 * _MARGIN
    scale = min(inner / ((east - west) * shrink), (_HIGHEST - 2 * _MARGIN) / (north - south))
    left = (WIDTH - (east - west) * shrink * scale) / 2
    height = (north - south) * scale + 2 * _MARGIN

    def across(x: float) -> float:
        return round(left + (x - west) * shrink * scale, 1)

    def down(y: float) -> float:
        return round(_MARGIN + (north - y) * scale, 1)

    most = max(rows for _, _, rows, _ in points)
    places = tuple(
        Place(label, rows, x, y, across(x), down(y), round(5 + 13 * math.sqrt(rows / most), 1))
        for x, y, rows, label in sorted(points, key=lambda one: -one[2])
    )
    return Map(
        WIDTH,
        round(height, 1),
        places,
        _names(places),
        tuple(Line(across(at), text) for at, text in _graticule(west, east)),
        tuple(Line(down(at), text) for at, text in _graticule(south, north)),
        _scale_bar(scale),
    )


def _widened(values: Sequence[float]) -> tuple[float, float]:
    """A tenth around the values, and a kilometer at least."""
    low, high = min(values), max(values)
    around = max((high - low) * 0.1, 0.01)
    return low - around, high + around


def _names(places: Sequence[Place]) -> tuple[tuple[str, float, float], ...]:
    """The twelve names with most rows, each above the middle of its points."""
    found: dict[str, list[Place]] = {}
    for place in places:
        if place.label:
            found.setdefault(place.label, []).append(place)
    largest = sorted(found.items(), key=lambda one: -sum(place.rows for place in one[1]))[:12]
    return tuple(
        (name, round(sum(p.x for p in each) / len(each), 1), round(min(p.y - p.radius for p in each) - 5, 1))
        for name, each in largest
    )


def _graticule(low: float, high: float) -> list[tuple[float, str]]:
    step = next((each for each in _STEPS if (high - low) / each <= 6), 30.0)
    digits = max(0, -math.floor(math.log10(step)))
    first = math.ceil(low / step)
    return [
        (number * step, f"{number * step:.{digits}f}°".replace(".", ","))
        for number in range(first, math.floor(high / step) + 1)
    ]


def _scale_bar(scale: float) -> tuple[float, str]:
    """The longest round distance under a quarter of the width."""
    meter = scale / _METERS_PER_DEGREE
    rounds = [base * 10**power for power in range(7) for base in (1, 2, 5)]
    meters = max((each for each in rounds if each * meter <= WIDTH / 4), default=1)
    return round(meters * meter, 1), f"{meters // 1000} km" if meters >= 1000 else f"{meters} m"
