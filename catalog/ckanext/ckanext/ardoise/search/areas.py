"""Geographic boxes: of a document (its GeoJSON), of a query (Solr's ENVELOPE), of a page's ``ext_bbox``.

Degrees of longitude and latitude (RFC 7946, WGS 84). A box over the 180th meridian is refused: no territory here
needs it, and cut in two it would be another answer.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from ckanext.ardoise.search.clauses import Area, QuerySyntaxError

FIELDS = frozenset({"spatial_geom", "spatial_bbox", "spatial"})
SOURCE = "spatial"  # the document's field with its GeoJSON
DEEPEST = 12  # arrays or collections in one another

_NUMBER = r"\s*(-?\d{1,3}(?:\.\d{1,15})?)\s*"
_RELATION = re.compile(
    rf"\s*(Intersects|IsWithin|Contains)\s*\(\s*ENVELOPE\s*\({','.join([_NUMBER] * 4)}\)\s*\)\s*", re.IGNORECASE
)
_RELATIONS = {"intersects": "Intersects", "iswithin": "IsWithin", "contains": "Contains"}
_CORNERS = re.compile(",".join([_NUMBER] * 4))
Box = tuple[float, float, float, float]  # west, south, east, north


def relation(text: str) -> Area:
    """Read ``Intersects(ENVELOPE(west, east, north, south))``.

    Raises:
        QuerySyntaxError: it is something else, or no box on Earth.
    """
    found = _RELATION.fullmatch(text)
    if found is None:
        raise QuerySyntaxError("une zone s'écrit Intersects(ENVELOPE(ouest, est, nord, sud))")
    west, east, north, south = (float(number) for number in found.groups()[1:])
    return _area(_RELATIONS[found.group(1).lower()], (west, south, east, north))


def corners(low: str, high: str) -> Area:
    """Read ``[south,west TO north,east]``, Solr's other way to write a box.

    Raises:
        QuerySyntaxError: it is something else, or no box on Earth.
    """
    found = re.fullmatch(",".join([_NUMBER] * 4), f"{low},{high}")
    if found is None:
        raise QuerySyntaxError("une zone s'écrit [sud,ouest TO nord,est]")
    south, west, north, east = (float(number) for number in found.groups())
    return _area("Intersects", (west, south, east, north))


def filter_for(bbox: str) -> str:
    """Return the filter of an address's ``ext_bbox=west,south,east,north``.

    Raises:
        QuerySyntaxError: these are not four numbers that make a box.
    """
    found = _CORNERS.fullmatch(bbox)
    if found is None:
        raise QuerySyntaxError("une emprise s'écrit ouest,sud,est,nord")
    west, south, east, north = (float(number) for number in found.groups())
    _area("Intersects", (west, south, east, north))
    return f'+spatial_geom:"Intersects(ENVELOPE({west}, {east}, {north}, {south}))"'


def box_of(geometry: Any) -> Box | None:
    """Return the box around a GeoJSON geometry, given as such or as text; None if it is none on Earth."""
    try:
        positions = list(_positions(json.loads(geometry) if isinstance(geometry, str) else geometry, 0))
        box = (
            min(x for x, _ in positions), min(y for _, y in positions),
            max(x for x, _ in positions), max(y for _, y in positions),
        )  # fmt: skip
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return box if _on_earth(box) else None


def _positions(value: Any, depth: int) -> Iterator[tuple[float, float]]:
    """Every position of a geometry or of its arrays of coordinates."""
    if depth > DEEPEST:
        raise ValueError("too deep")
    if isinstance(value, dict):
        inner = value.get("geometries") or value.get("coordinates") or value["geometry"]
        yield from _positions(inner, depth + 1)
    elif value and isinstance(value[0], (int, float)):
        yield float(value[0]), float(value[1])
    else:
        for each in value:
            yield from _positions(each, depth + 1)


def _area(name: str, box: Box) -> Area:
    if not _on_earth(box):
        raise QuerySyntaxError("cette zone n'est pas une emprise en degrés")
    return Area(name, *box)


def _on_earth(box: Box) -> bool:
    west, south, east, north = box
    return all(map(math.isfinite, box)) and -180 <= west <= east <= 180 and -90 <= south <= north <= 90
