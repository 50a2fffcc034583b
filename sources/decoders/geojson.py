"""GeoJSON feature collections (RFC 7946) to typed batches, one row a feature.

Physical names: `id`, `properties.<key>` with further keys behind dots, and of the geometry:

- `geometry`: the geometry object as compact JSON;
- `geometry.type`;
- `geometry.longitude`, `geometry.latitude`: of a Point, in degrees of WGS 84; null for other geometries.

RFC 7946 knows WGS 84 alone (section 4): a collection that names another reference system in a `crs` member, as the
2008 specification allowed, is refused rather than misplaced. A geometry with an unknown type, or positions that are
no numbers or outside of the globe, is rejected; a null one is a feature without a place (section 3.2).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from policies.contract import Contract, Territory
from sources.batches import refused
from sources.decoders.documents import documents
from sources.decoders.records import Segment, Unreadable, Values, decode_records, names_read
from sources.decoders.shaped import Naming, Shaped
from sources.decoders.shapes import Shape
from sources.options import GeojsonOptions, read_options
from sources.protocol import Decoded, PayloadPart
from sources.rules import reading_rules

_FEATURES = ("features",)
_GEOMETRY = "geometry"
_DEPTHS = {  # of the arrays around a position
    "Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3,
}  # fmt: skip
_WGS_84 = ("CRS84", "EPSG::4326", "EPSG:4326")


class _Collection(msgspec.Struct, gc=False):
    type: Any = None
    crs: Any = None


class GeojsonDecoder:
    """Decodes parts that are feature collections."""

    def __init__(self, contract: Contract, territory: Territory) -> None:
        self._contract = contract
        self._rules = reading_rules(contract, read_options(contract, GeojsonOptions), territory)
        names = names_read(contract)
        naming = Naming({name: name for name in names if not _of_geometry(name)}, asked=(_GEOMETRY,))
        self._derived = [name for name in names if _of_geometry(name)]
        self._features = Shaped(contract, naming, _FEATURES, "a feature collection", _placed)
        self._members = msgspec.json.Decoder(_Collection)

    def decode(self, parts: Iterator[PayloadPart]) -> Iterator[Decoded]:
        """Yield batches. See :class:`sources.protocol.Decoder`."""
        return decode_records(self._contract, self._rules, self._segments(parts))

    def _segments(self, parts: Iterator[PayloadPart]) -> Iterator[Segment]:
        for part in parts:
            for document in documents(part, self._contract, [_FEATURES], ("crs",)):
                found = list(self._features.segments(document, part.name))
                self._check(document.content, part.name)
                for segment in found:
                    yield self._with_geometry(segment)

    def _check(self, content: bytes, part: str) -> None:
        try:
            collection = self._members.decode(content)
        except (ValueError, RecursionError):  # an array of collections
            collection = _Collection()
        if collection.type != "FeatureCollection":
            raise refused(self._contract, part, "this is not a feature collection")
        crs = collection.crs
        if crs is None:
            return
        name = crs.get("properties", {}).get("name") if isinstance(crs, dict) else None
        if not isinstance(name, str) or not name.endswith(_WGS_84):
            raise refused(self._contract, part, "its positions are not in WGS 84 (RFC 7946, section 4)")

    def _with_geometry(self, segment: Segment) -> Segment:
        shape = self._features.record

        def values(records: Sequence[Any]) -> Values:
            geometries = shape.along(_GEOMETRY, records)
            derived = {name: [_DERIVED[name](one) if one else None for one in geometries] for name in self._derived}
            return {**segment.values(records), **derived}

        return Segment(segment.records, values, segment.raw, segment.clean)


def _of_geometry(name: str) -> bool:
    return name in _DERIVED


def _point(geometry: dict[str, Any], number: int) -> float | None:
    return float(geometry["coordinates"][number]) if geometry["type"] == "Point" and geometry["coordinates"] else None


_DERIVED: dict[str, Callable[[dict[str, Any]], Any]] = {
    _GEOMETRY: lambda geometry: msgspec.json.encode(geometry).decode(),
    "geometry.type": lambda geometry: geometry["type"],
    "geometry.longitude": lambda geometry: _point(geometry, 0),
    "geometry.latitude": lambda geometry: _point(geometry, 1),
}


def _placed(shape: Shape, records: Sequence[Any]) -> Mapping[int, Unreadable]:
    return {
        row: Unreadable("badGeometry", _GEOMETRY)
        for row, geometry in enumerate(shape.along(_GEOMETRY, records))
        if geometry is not None and not _is_geometry(geometry)
    }


def _is_geometry(geometry: Any, inside: bool = False) -> bool:
    """Whether `geometry` is one of section 3.1; collections do not nest (3.1.8 advises against it)."""
    if not isinstance(geometry, dict):
        return False
    kind = geometry.get("type")
    if kind == "GeometryCollection" and not inside:
        members = geometry.get("geometries")
        return isinstance(members, list) and all(_is_geometry(member, inside=True) for member in members)
    depth = _DEPTHS.get(kind) if isinstance(kind, str) else None
    return depth is not None and _are_positions(geometry.get("coordinates"), depth)


def _are_positions(found: Any, depth: int) -> bool:
    if not isinstance(found, list):
        return False
    if depth:
        return all(_are_positions(one, depth - 1) for one in found)
    numbers = all(type(one) in (int, float) and math.isfinite(one) for one in found)
    return numbers and (not found or (2 <= len(found) <= 4 and abs(found[0]) <= 180 and abs(found[1]) <= 90))
