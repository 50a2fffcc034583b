"""Feeds of public equipment, from their operators' services to what is open: nothing personal, nothing lost on the way.

The six that are pulled come over HTTP, from the simulated operators' own application, with the shipped contracts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from fastapi.testclient import TestClient

from pipeline.hub import Hub, Role
from stack.operators import sanitation, traffic
from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.server import build_app
from stack.operators.world import Size
from stack.operators.world import World as Operators
from tests.journey_world import World
from tests.unit.sources.support import TERRITORY
from tests.unit.sources.web import Asked, Reply, serving

DAY = "2026-11-04"  # the day before the clock's
SEED = 49007
SPOILT = Defects(duplicates=0.02, missing=0.02, unreadable=0.02)


@contextmanager
def operators(world: World, defects: Defects = NO_DEFECTS) -> Iterator[World]:
    """The world, with the simulated operators at the address of its settings and the same clock."""
    simulated = Operators(
        SEED, Size(scale=0.01), world.drop_folder, TERRITORY.folder, lambda: world.clock.at, None, defects
    )
    client = TestClient(build_app(simulated))

    def answer(asked: Asked) -> Reply:
        found = client.get(asked.path, params=asked.query, headers=asked.headers)
        kept = {name: value for name, value in found.headers.items() if name in ("link", "etag", "content-type")}
        return Reply(found.content, found.status_code, kept)

    with serving() as web:
        web.routes = {str(getattr(route, "path", "")): answer for route in client.app.routes}  # type: ignore[attr-defined]
        hub = replace(world.hub, settings=world.hub.settings.model_copy(update={"operators_url": web.url}))
        as_role: Callable[[Role], Hub] = lambda role: hub  # noqa: E731
        yield replace(world, hub=hub, as_role=as_role)


def published(
    world: World, dataset: str, period: str = DAY, defects: Defects = NO_DEFECTS
) -> tuple[dict[str, int], pa.Table]:
    """What one visit counted, and what is open of a period afterwards."""
    with operators(world, defects) as served:
        taken = served.collect(served.hub.contract(dataset))
        verdict, table = served.publish_approved(dataset, period)
    assert verdict.word == "publishable"
    return taken.counts, table


@pytest.mark.parametrize(
    ("dataset", "rows", "columns"),
    [
        ("traffic-flow", 96 * 30, {"vehicules", "occupation", "vitesse_moyenne", "commune"}),
        ("buildings-energy", 48 * 40, {"energie_kwh", "puissance_l1_kw", "batiment", "commune"}),
        ("waste-containers", 6 * 60, {"remplissage", "dernier_vidage", "dechet", "commune"}),
        ("water-network", 24 * 29, {"volume_m3", "debit_minimal", "alerte_fuite", "commune"}),
        ("video-protection", 24 * 8, {"pietons", "velos", "vehicules", "disponibilite", "lieu"}),
    ],
)
def test_a_day_is_published_whole(world: World, dataset: str, rows: int, columns: set[str]) -> None:
    counts, table = published(world, dataset)
    assert counts.get("rejected", 0) == 0
    assert table.num_rows == rows
    assert columns <= set(table.column_names)
    assert all(table[name].null_count == 0 for name in ("code_insee", "commune"))


@pytest.mark.parametrize(("dataset", "whole"), [("waste-containers", 6 * 60), ("water-network", 24 * 29)])
def test_everyday_defects_are_set_aside_and_the_rest_is_published(world: World, dataset: str, whole: int) -> None:
    counts, table = published(world, dataset, defects=SPOILT)
    reasons = {name.removeprefix("rejected_"): count for name, count in counts.items() if name.startswith("rejected_")}
    assert reasons == {"badNumber": reasons["badNumber"], "nullValues": reasons["nullValues"]}
    assert sum(reasons.values()) == counts["rejected"]
    assert 0.85 * whole < table.num_rows < whole
    assert counts["duplicates"] > 0


def test_a_second_visit_brings_only_what_is_new(world: World) -> None:
    with operators(world) as served:
        contract = served.hub.contract("water-network")
        first = served.collect(contract)
        world.clock.forward(timedelta(hours=2))
        second = served.collect(contract)
    assert first.counts["rows_in"] == 58 * 29  # since midnight, Paris, two days ago
    assert second.counts["rows_in"] == 4 * 29  # the hour seen last, one of overlap, and what came since


def test_faults_of_a_month_are_published_in_their_last_version(world: World) -> None:
    counts, table = published(world, "traffic-signals", "2026-10")
    assert counts["rows_in"] >= table.num_rows > 15
    assert table["fin"].null_count == 0
    assert pc.all(pc.greater(table["fin"], table["debut"])).as_py()
    assert set(table["commune"].to_pylist()) == {code[:5] for code in table["carrefour"].to_pylist()}
    with operators(world) as served:
        assert served.collect(served.hub.contract("traffic-signals")).counts.get("rows_in", 0) == 0  # the same ETag


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_of_the_sewers_has_its_hours(world: World, day: date, hours: int) -> None:
    world.clock.at = datetime(day.year, day.month, day.day, 8, tzinfo=UTC) + timedelta(days=3)
    measured = sanitation.points(4, SEED)
    world.take_in("sanitation", sanitation.csv_file(measured, day, SEED))
    _, table = world.publish_approved("sanitation", day.isoformat())
    assert table.num_rows == 12 * hours * 4
    assert len(set(table["instant"].to_pylist())) == 12 * hours
    assert table["commune"].null_count == 0


def test_traffic_of_the_hour_that_comes_twice_is_published_twice(world: World) -> None:
    world.clock.at = datetime(2026, 10, 27, 8, tzinfo=UTC)
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)
    lanes = traffic.lanes(2, SEED)
    observed = traffic.observations(lanes, start, start + timedelta(hours=25), SEED)
    world.take_in("traffic-flow", json.dumps(observed).encode())
    _, table = world.publish_approved("traffic-flow", "2026-10-25")
    assert table.num_rows == 100 * len(lanes)
