"""The simulated feeds: reproducible, sizeable, and clustered as the release rules need them to be."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from stack.operators import parking, reports
from stack.operators.canaries import Canaries, make_canaries
from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.feeds.citizen_reports import requests_known
from stack.operators.feeds.parking import live
from stack.operators.registry import offering, simulated
from stack.operators.territory import places, shares
from stack.operators.world import Size, World
from tests.unit.sources.support import TERRITORY

NOW = datetime(2026, 11, 22, 11, tzinfo=UTC)
PAIRS = TERRITORY.folder / "parkings.csv"


def test_the_communes_are_the_territory_s() -> None:
    assert [(place.insee, place.name) for place in places()] == [(one.insee, one.name) for one in TERRITORY.communes]
    assert sum(shares(45_000)) == 45_000
    assert min(shares(45_000)) >= 10
    assert sum(shares(7)) == 7


@pytest.mark.parametrize(("rows", "size"), [(None, (45_000, 3_000, 100)), (31_000, (1_000, 300, 5)), (1, (1, 300, 5))])
def test_sizes_follow_the_number_of_rows(rows: int | None, size: tuple[int, int, int]) -> None:
    made = Size.of(rows)
    assert (made.households, made.reports, made.scaled(100, 5)) == size
    assert Size.of(rows, households=12, monthly=34, scale=0.5) == Size(12, 34, 0.5)
    assert Size(scale=0.01).scaled(45_000) == 450
    assert Size(scale=0.01).scaled(3, 5) == 3


def test_every_simulated_feed_delivers_in_some_way() -> None:
    ways = ("routes", "files", "messages", "posts")
    delivered = set().union(*(offering(way) for way in ways))
    assert set(simulated()) == delivered >= {"parking", "citizen-reports", "water-meters"}


def test_the_same_seed_gives_the_same_reports_and_another_does_not() -> None:
    first, again, other = (reports.month_of_reports(date(2026, 10, 1), 200, seed, NOW) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert len({one["service_request_id"] for one in first}) == 200


def test_a_report_changes_state_with_time_and_keeps_everything_else() -> None:
    early = reports.month_of_reports(date(2026, 10, 1), 200, 1, datetime(2026, 10, 16, tzinfo=UTC))
    late = {one["service_request_id"]: one for one in reports.month_of_reports(date(2026, 10, 1), 200, 1, NOW)}
    assert len(early) < 200
    closed = 0
    for one in early:
        then = late[one["service_request_id"]]
        assert {name for name in one if one[name] != then[name]} <= {"status", "updated_datetime"}
        closed += one["status"] == "open" and then["status"] == "closed"
    assert closed > 10


@pytest.mark.parametrize("count", [400, 3_000])
def test_most_reports_share_their_place_month_and_category_with_four_other_people(count: int) -> None:
    found = reports.month_of_reports(date(2026, 10, 1), count, 49007, NOW)
    people: dict[tuple[object, ...], set[str]] = {}
    keys = []
    for one in found:  # a square of about 200 m is enough here; the true grid is anonymization's
        key = (one["service_code"], round(one["lat"] / 0.0018), round(one["long"] / 0.0027))
        keys.append(key)
        people.setdefault(key, set()).add(one["account_id"])
    kept = sum(len(people[key]) >= 5 for key in keys)
    assert kept / len(found) > 0.6


def test_car_parks_repeat_every_five_minutes_whenever_they_are_asked() -> None:
    parks = parking.car_parks(PAIRS, 1)
    since, until = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 20, 1, tzinfo=UTC)
    rows = parking.live(parks, since, until, 1, NO_DEFECTS)
    assert len(rows) == 13 * 19
    assert rows[-19:] == parking.live(parks, until, until, 1, NO_DEFECTS)
    assert set(Counter(row["nom"] for row in rows).values()) == {13}
    assert rows[0]["horodatage"] == "2026-11-20T01:00:00+00:00"  # Paris time, mislabelled
    assert parking.WITHOUT_SHEET not in {sheet["nom"] for sheet in parking.sheets(parks)}
    assert len(parking.sheets(parks)) == 18


def test_canaries_are_planted_in_the_reports_and_survive_a_file(tmp_path: Path) -> None:
    canaries = make_canaries(30, seed=9)
    canaries.write(tmp_path / "canaries.json")
    assert Canaries.read(tmp_path / "canaries.json") == canaries
    world = World(1, Size(10, 300), tmp_path, TERRITORY.folder, lambda: NOW, canaries=canaries)
    found = requests_known(world)
    assert {*canaries.emails} <= {one["email"] for one in found}
    assert {*canaries.names} <= {f"{one['first_name']} {one['last_name']}" for one in found}
    assert {*canaries.phones} <= {one["phone"] for one in found}


def test_a_snapshot_lasts_a_minute_and_follows_the_defects(tmp_path: Path) -> None:
    world = World(1, Size(10, 300), tmp_path, TERRITORY.folder, lambda: NOW)
    before = live(world)
    assert live(world) == before
    world.defects = world.defects.changed({"parking_renamed": True})
    assert "libres" in live(world)[0]


@pytest.mark.parametrize("values", [{"unknown": 1}, {"duplicates": 2}, {"duplicates": "x"}, {"water_renamed": 1}])
def test_a_defect_that_does_not_exist_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"defect|share|switch"):
        Defects().changed(values)
