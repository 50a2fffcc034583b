from __future__ import annotations

import pytest

from console.lineage_graph import levels, never_kept, provenances
from console.picture import LETTERS, draw
from tests.unit.console.world import shared_lineage


def test_the_levels_are_the_journeys_zones_in_order() -> None:
    found = levels(shared_lineage().latest("citizen-reports"))
    assert [level.zone for level in found] == ["feed", "landing", "trusted", "candidate", "open"]


def test_dropped_columns_are_seen() -> None:
    found = levels(shared_lineage().latest("citizen-reports"))
    assert {"email", "phone", "first_name", "last_name"} <= never_kept(found)
    assert "status" not in never_kept(found)
    assert never_kept(found[:2]) == frozenset()


def test_a_published_column_is_followed_to_the_operators_words() -> None:
    found = {one.column: one for one in provenances(levels(shared_lineage().latest("citizen-reports")))}
    assert set(found["maille"].sources) == {"lat", "long"}
    assert found["maille"].masking
    assert found["code_commune"].sources == ("address",)
    assert found["code_commune"].steps == ("adresse réduite au code de sa commune", "regroupée au besoin")
    assert found["statut"].sources == ("status",)
    assert not found["statut"].masking


def test_nothing_published_of_parking_is_masked() -> None:
    found = provenances(levels(shared_lineage().latest("parking")))
    assert found
    assert not any(one.masking for one in found)


def test_each_column_is_drawn_once_and_each_curve_joins_two_columns() -> None:
    found = levels(shared_lineage().latest("water-meters"))
    picture = draw(found)
    assert picture is not None
    assert [len(box.rows) for box in picture.boxes] == [len(level.columns) for level in found]
    assert len(picture.curves) == sum(len(level.links) for level in found)
    assert any(curve.masking for curve in picture.curves)
    last = picture.boxes[-1]
    assert last.x < picture.width
    assert max(row.y for box in picture.boxes for row in box.rows) < picture.height
    assert all(len(row.label) <= LETTERS for box in picture.boxes for row in box.rows)


def test_events_of_half_a_journey_draw_half_a_picture() -> None:
    events = shared_lineage().latest("parking")[:2]
    picture = draw(levels(events))
    assert picture is not None
    assert [box.zone for box in picture.boxes] == ["feed", "landing", "trusted"]


@pytest.mark.parametrize("events", [[], [{}], [{"inputs": [{"namespace": "postgres://x", "name": "t"}]}]])
def test_no_or_foreign_events_draw_nothing(events: list[dict[str, object]]) -> None:
    assert draw(levels(events)) is None
