"""Lays the lineage graph out as a picture: one box a zone, one line a column, one curve a dependency.

Lengths are in the units of the SVG's viewBox. The picture says nothing that the text beside it does not say too.
"""

from __future__ import annotations

from dataclasses import dataclass

from console.french import ZONES
from console.lineage_graph import Level, never_kept

BOX_WIDTH = 206
GAP = 62
HEADER = 40
LINE = 26
MARGIN = 4
LETTERS = 24  # that fit in a box beside the mark


@dataclass(frozen=True, slots=True)
class Row:
    """A column in its box. `y` is its middle."""

    name: str
    label: str
    y: int
    masked: bool
    dropped: bool


@dataclass(frozen=True, slots=True)
class Box:
    """A zone."""

    title: str
    zone: str
    x: int
    height: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """A dependency between two columns."""

    path: str
    masking: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything the template draws."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    curves: tuple[Curve, ...]


def draw(levels: tuple[Level, ...]) -> Picture | None:
    """Lay the levels out from left to right; None when there is nothing to show."""
    if not levels:
        return None
    boxes = tuple(_box(index, level, levels) for index, level in enumerate(levels))
    curves = tuple(
        curve
        for before, after, level in zip(boxes, boxes[1:], levels[1:], strict=False)
        for curve in _curves(before, after, level)
    )
    width = MARGIN * 2 + len(boxes) * BOX_WIDTH + (len(boxes) - 1) * GAP
    return Picture(width, MARGIN * 2 + max(box.height for box in boxes), boxes, curves)


def _box(index: int, level: Level, levels: tuple[Level, ...]) -> Box:
    masked = {link.target for link in level.links if link.masking}
    dropped = never_kept(levels) if level.zone in ("feed", "landing") else frozenset()
    rows = tuple(
        Row(name, _shortened(name), MARGIN + HEADER + position * LINE + LINE // 2, name in masked, name in dropped)
        for position, name in enumerate(level.columns)
    )
    height = HEADER + len(rows) * LINE + 8
    return Box(ZONES[level.zone], level.zone, MARGIN + index * (BOX_WIDTH + GAP), height, rows)


def _curves(before: Box, after: Box, level: Level) -> list[Curve]:
    starts = {row.name: row.y for row in before.rows}
    ends = {row.name: row.y for row in after.rows}
    left, right = before.x + BOX_WIDTH, after.x
    middle = (left + right) // 2
    return [
        Curve(
            f"M{left} {starts[link.source]} C{middle} {starts[link.source]} {middle} {ends[link.target]} "
            f"{right} {ends[link.target]}",
            link.masking,
        )
        for link in level.links
        if link.source in starts and link.target in ends
    ]


def _shortened(name: str) -> str:
    return name if len(name) <= LETTERS else name[: LETTERS - 1] + "…"
