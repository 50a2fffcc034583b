"""Geographic boxes."""

from __future__ import annotations

import json

import pytest
from ckanext.ardoise.search.areas import box_of, filter_for
from ckanext.ardoise.search.clauses import QuerySyntaxError
from ckanext.ardoise.search.parser import parse

SQUARE = {"type": "Polygon", "coordinates": [[[-1, 47], [0.5, 47], [0.5, 48], [-1, 48], [-1, 47]]]}


@pytest.mark.parametrize(
    "geometry",
    [
        SQUARE,
        json.dumps(SQUARE),
        {"type": "Feature", "geometry": SQUARE},
        {"type": "GeometryCollection", "geometries": [SQUARE, {"type": "Point", "coordinates": [0, 47.5, 12]}]},
    ],
)
def test_the_box_around_a_geometry(geometry: object) -> None:
    assert box_of(geometry) == (-1, 47, 0.5, 48)


def test_a_point_is_a_box() -> None:
    assert box_of({"type": "Point", "coordinates": [-0.55, 47.47]}) == (-0.55, 47.47, -0.55, 47.47)


@pytest.mark.parametrize(
    "geometry",
    [
        "", "Angers", "[]", "{}", "null", 3, '{"type": "Point", "coordinates": []}',
        '{"type": "Point", "coordinates": ["a", "b"]}', {"type": "Point", "coordinates": [200, 0]},
        {"type": "Point", "coordinates": [float("nan"), 0]}, "[" * 2000,
    ],
)  # fmt: skip
def test_what_is_no_geometry_has_no_box(geometry: object) -> None:
    assert box_of(geometry) is None


def test_a_pages_box_is_a_filter() -> None:
    assert parse(filter_for("-1,47.5,2,48")) == parse('spatial_geom:"Intersects(ENVELOPE(-1, 2, 48, 47.5))"')


@pytest.mark.parametrize("box", ["", "1,2,3", "2,47,-1,48", "-1,48,2,47", "0,0,1,91", "a,b,c,d", '0,0,1,1")) OR *:*'])
def test_other_boxes_are_refused(box: str) -> None:
    with pytest.raises(QuerySyntaxError):
        filter_for(box)
