"""What the hub tells of a dataset's certificate, as the page shows it. Needs nothing of CKAN.

The hub writes one JSON object in the field ``certificate``; what is missing, or was never a certificate, is no
certificate, and the page then says that there is none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_BOX, _GAP, _ROW, _HEAD, _MARGIN = 178, 56, 28, 26, 4  # of the picture, in its own units


def certificate(package: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what is told of the dataset's certificate, or None."""
    try:
        told = json.loads(package.get("certificate") or "null")
    except (TypeError, ValueError):
        return None
    return told if isinstance(told, dict) else None


@dataclass(frozen=True, slots=True)
class Box:
    """A column in the picture: its name, where it stands, and whether nothing of it is published."""

    name: str
    x: float
    y: float
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Source columns on the left, published ones on the right, and curves from one to the other."""

    width: float
    height: float
    box: float
    row: float
    sources: tuple[Box, ...]
    published: tuple[Box, ...]
    curves: tuple[str, ...]  # SVG paths


def lineage(told: Mapping[str, Any]) -> Picture | None:
    """Return the picture of a certificate's lineage; None where it says nothing of columns."""
    columns = told.get("columns") or []
    used = list(dict.fromkeys(name for _, _, sources, _ in columns for name in sources))
    named = [column for column, *_ in told.get("treatments") or []]
    left = [*[name for name in named if name in used], *[name for name in used if name not in named]]
    left += [name for name in named if name not in used]
    if not columns or not left:
        return None
    tallest = max(len(left), len(columns))
    height = _HEAD + tallest * _ROW + _MARGIN
    sources = tuple(
        Box(name, _MARGIN, _place(number, len(left), tallest), name not in used) for number, name in enumerate(left)
    )
    published = tuple(
        Box(name, _MARGIN + _BOX + _GAP, _place(number, len(columns), tallest))
        for number, (name, *_) in enumerate(columns)
    )
    where = {box.name: box for box in sources}
    curves = tuple(
        _curve(where[name], box) for box, (_, _, names, _) in zip(published, columns, strict=True) for name in names
    )
    return Picture(2 * (_MARGIN + _BOX) + _GAP, height, _BOX, _ROW - 6, sources, published, curves)


def _place(number: int, among: int, tallest: int) -> float:
    """Where a box begins: columns of fewer boxes stand in the middle."""
    return _HEAD + (number + (tallest - among) / 2) * _ROW


def _curve(source: Box, target: Box) -> str:
    begin, end = (source.x + _BOX, source.y + (_ROW - 6) / 2), (target.x, target.y + (_ROW - 6) / 2)
    middle = (begin[0] + end[0]) / 2
    points = [begin, (middle, begin[1]), (middle, end[1]), end]
    first, *rest = (f"{x:g},{y:g}" for x, y in points)
    return f"M{first} C{' '.join(rest)}"
