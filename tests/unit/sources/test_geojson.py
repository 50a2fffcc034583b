from __future__ import annotations

import json
from typing import Any

import pytest

from policies.contract import Column
from sources import PayloadError
from tests.unit.sources.support import codes, made, read

PLACES = made(
    "geojson",
    Column("id", "id", "string", primary_key=True),
    Column("nom", "properties.nom", "string"),
    Column("commune", "properties.insee", "string"),
    Column("longitude", "geometry.longitude", "number"),
    Column("latitude", "geometry.latitude", "number"),
    Column("forme", "geometry.type", "string"),
    Column("geometrie", "geometry", "string"),
    insee=["properties.insee"],
)
POINT = {"type": "Point", "coordinates": [-0.55, 47.47]}
LINE = {"type": "LineString", "coordinates": [[-0.55, 47.47], [-0.56, 47.48, 12.5]]}


def feature(geometry: Any = POINT, **other: Any) -> dict[str, Any]:
    return {"type": "Feature", "id": 7, "properties": {"nom": "Mail", "insee": 49007}, "geometry": geometry} | other


def collection(*features: Any, **other: Any) -> str:
    return json.dumps({"type": "FeatureCollection"} | other | {"features": features})


def test_points_and_other_geometries() -> None:
    several = {"type": "GeometryCollection", "geometries": [POINT, LINE]}
    table, rejects, _ = read(PLACES, collection(feature(), feature(LINE), feature(None), feature(several)))
    first, second, third, fourth = table.to_pylist()
    assert (first["id"], first["nom"], first["commune"]) == ("7", "Mail", "49007")
    assert (first["longitude"], first["latitude"], first["forme"]) == (-0.55, 47.47, "Point")
    assert json.loads(first["geometrie"]) == POINT
    assert (second["longitude"], second["forme"], json.loads(second["geometrie"])) == (None, "LineString", LINE)
    assert (third["longitude"], third["forme"], third["geometrie"]) == (None, None, None)
    assert fourth["forme"] == "GeometryCollection"
    assert rejects == []


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Point", "coordinates": [430_000.0, 6_710_000.0]},  # Lambert-93
        {"type": "Point", "coordinates": ["-0.55", "47.47"]},
        {"type": "Point", "coordinates": [47.47]},
        {"type": "Point", "coordinates": [[0, 0]]},
        {"type": "Polygon", "coordinates": [[0, 0], [1, 1]]},
        {"type": "Circle", "coordinates": [0, 0]},
        {"type": "GeometryCollection", "geometries": [{"type": "GeometryCollection", "geometries": []}]},
        "POINT(0 0)",
        {"type": ["Point"]},
    ],
)
def test_a_geometry_that_is_none_is_rejected(geometry: Any) -> None:
    table, rejects, _ = read(PLACES, collection(feature(geometry), feature()))
    assert codes(rejects) == [(0, "badGeometry", "geometry")]
    assert table.num_rows == 1


def test_another_reference_system_is_refused_not_misplaced() -> None:
    lambert = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2154"}}
    with pytest.raises(PayloadError, match="not in WGS 84"):
        read(PLACES, collection(feature(), crs=lambert))
    wgs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert read(PLACES, collection(feature(), crs=wgs))[0].num_rows == 1


@pytest.mark.parametrize("payload", [json.dumps(feature()), '{"features": []}', "[]", '{"type": "FeatureCollection"}'])
def test_what_is_no_collection_is_refused(payload: str) -> None:
    with pytest.raises(PayloadError, match="this is not a feature collection"):
        read(PLACES, payload)
