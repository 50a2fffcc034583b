"""Where bars and points of a preview stand, and the programs that a page shows."""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest
from ckanext.ardoise.french import figure
from ckanext.ardoise.previews.drawing import WIDTH, chart, world
from ckanext.ardoise.snippets import snippets
from hypothesis import given
from hypothesis import strategies as st

FIGURES = st.floats(min_value=-1e12, max_value=1e12)
PLACES = st.tuples(
    st.floats(-180, 180), st.floats(-85, 85), st.integers(1, 10**6), st.sampled_from(["", "Angers", "x"])
)


@given(st.lists(st.tuples(st.text(max_size=60), FIGURES), min_size=1, max_size=40))
def test_bars_stay_in_the_drawing_and_on_their_side_of_zero(groups: list[tuple[str, float]]) -> None:
    drawn = chart(groups)
    assert drawn is not None
    assert [bar.label for bar in drawn.bars] == [label for label, _ in groups]
    for bar in drawn.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert bar.y + drawn.bar <= drawn.height
        assert bar.negative == (bar.value < 0)
        assert bar.negative or bar.x == pytest.approx(drawn.zero, abs=0.2)


def test_longer_bars_are_larger_figures() -> None:
    drawn = chart([("a", 10.0), ("b", 20.0), ("c", -5.0), ("d", float("nan"))])
    assert drawn is not None
    ten, twenty, minus = drawn.bars
    assert twenty.width == pytest.approx(2 * ten.width, abs=0.2)
    assert minus.width == pytest.approx(ten.width / 2, abs=0.2)


def test_nothing_to_draw() -> None:
    assert chart([]) is None
    assert chart([("a", float("inf"))]) is None
    assert world([]) is None
    assert world([(200.0, 0.0, 1, "")]) is None


@given(st.lists(PLACES, min_size=1, max_size=30))
def test_places_stay_in_the_drawing_north_above_and_east_on_the_right(
    points: list[tuple[float, float, int, str]],
) -> None:
    drawn = world(points)
    assert drawn is not None
    assert len(drawn.places) == len(points)
    for place in drawn.places:
        assert 0 <= place.x <= drawn.width
        assert 0 <= place.y <= drawn.height
    for one in drawn.places[:5]:
        for other in drawn.places[:5]:
            assert one.longitude <= other.longitude or one.x >= other.x
            assert one.latitude <= other.latitude or one.y <= other.y


def test_distances_keep_their_proportions_and_the_scale_tells_them() -> None:
    drawn = world([(-0.60, 47.45, 1, ""), (-0.50, 47.45, 1, ""), (-0.60, 47.55, 1, "")])
    assert drawn is not None
    south, east, north = sorted(drawn.places, key=lambda place: (place.latitude, place.longitude))
    length, words = drawn.scale
    meters = float(words.split()[0]) * (1000 if words.endswith("km") else 1)
    assert (east.x - south.x) / length * meters == pytest.approx(0.1 * 111_320 * 0.676, rel=0.01)  # cos 47.5°
    assert (south.y - north.y) / length * meters == pytest.approx(0.1 * 111_320, rel=0.01)


@pytest.mark.parametrize(
    ("value", "written"), [(1234.5, "1\u202f234,5"), (0.1, "0,1"), (-3, "-3"), (45000, "45\u202f000"), (2.0, "2")]
)
def test_figures_are_french(value: float, written: str) -> None:
    assert figure(value) == written


def resource(**said: Any) -> dict[str, Any]:
    return {"id": "0a1b", "role": "latest", "format": "CSV", "url": 'https://open.example/a"b\\.csv', **said}


@pytest.mark.parametrize("form", ["CSV", "Parquet", "GeoJSON", "GeoParquet"])
def test_a_program_names_the_address_and_nothing_gets_out_of_its_quotes(form: str) -> None:
    found = snippets(resource(format=form), "https://ckan.example")
    texts = [node.value for node in ast.walk(ast.parse(found["python"])) if isinstance(node, ast.Constant)]
    assert resource()["url"] in texts
    assert json.dumps(resource()["url"]) in found["javascript"]


def test_a_table_has_sql_too_and_other_things_have_nothing() -> None:
    found = snippets(resource(datastore_active=True), "https://ckan.example")
    assert found["sql"] == (
        "https://ckan.example/api/3/action/datastore_search_sql?sql=SELECT%20count(*)%20FROM%20%220a1b%22"
    )
    assert snippets(resource(role="certificate", format="HTML"), "https://ckan.example") == {}
    assert snippets(resource(format="PDF"), "https://ckan.example") == {}
