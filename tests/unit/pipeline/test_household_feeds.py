"""Feeds about households, from what their simulated operators make to what is published: floors, consent, hours."""

from __future__ import annotations

from datetime import date

import pytest

from policies.contract import Contract, DatasetId
from stack.operators import bins, electricity, gas
from tests.feeds import hand_over, published
from tests.journey_world import World

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
PERIOD = "2026-10"
SEED = 49007
POINTS = 150


def contract_of(world: World, dataset: str) -> Contract:
    return world.hub.territory.contracts[DatasetId(dataset)]


def shown(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [row for row in rows if row["statut"] == "publié"]


@pytest.fixture
def of_electricity(world: World) -> Contract:
    """Two days, one of 25 hours, of points of which some consented."""
    world.consenting.give(electricity.signed(POINTS, SEED).to_pylist())
    documents = electricity.load_curves(date(2026, 10, 25), date(2026, 10, 27), POINTS, SEED)
    return hand_over(world, contract_of(world, "household-electricity"), electricity.write_curves(documents))


def test_electricity_of_those_who_consented_alone_and_every_hour_of_a_day_of_25(
    world: World, of_electricity: Contract
) -> None:
    counts = world.collect(of_electricity).counts
    given = len(electricity.signed(POINTS, SEED))
    assert counts["rows_in"] == POINTS * 49
    assert counts["not_covered"] == (POINTS - given) * 49
    assert counts["stored"] == given * 49  # no hour that comes twice replaced the other
    world.release(PERIOD, of_electricity)
    (total,) = [row for row in published(world, "household-electricity", PERIOD) if row["code_commune"] == "Ensemble"]
    assert total["foyers_participants"] == given


def test_electricity_of_a_quarter_or_commune_under_ten_points_is_secret(world: World, of_electricity: Contract) -> None:
    world.collect(of_electricity)
    world.release(PERIOD, of_electricity)
    rows = published(world, "household-electricity", PERIOD)
    few: dict[str, int] = {}
    signed = set(electricity.signed(POINTS, SEED).to_pylist())
    for point in electricity.make_points(POINTS, SEED):
        few[point.iris] = few.get(point.iris, 0) + (point.prm in signed)
    by_iris = {row["code_iris"]: row for row in rows}
    assert {by_iris[iris]["statut"] for iris, count in few.items() if 0 < count < 10} == {"secret"}
    assert all(row["foyers_participants"] >= 10 for row in shown(rows))
    assert len(shown(rows)) >= 3
    assert all(row["consommation_totale_wh"] is None for row in rows if row["statut"] == "secret")
    assert not set(rows[0]) & {"prm", "adresse", "debut"}


def test_gas_of_those_who_consented_alone(world: World) -> None:
    points = 500
    signed = gas.signed(points, SEED).to_pylist()
    world.consenting.give(signed)
    records = gas.gas_days(date(2026, 10, 1), date(2026, 10, 4), points, SEED)
    fed = hand_over(world, contract_of(world, "household-gas"), gas.write_gas(records))
    given = len(signed)
    assert world.collect(fed).counts["not_covered"] == (points - given) * 3
    world.release(PERIOD, fed)
    rows = published(world, "household-gas", PERIOD)
    totals = [row["foyers_participants"] for row in rows if row["taille"] == "Ensemble"]
    assert totals == [given]
    assert all(row["foyers_participants"] >= 10 for row in shown(rows))
    assert {row["statut"] for row in rows} == {"publié", "secret"}


def test_gas_that_nobody_consented_to_is_published_nowhere(world: World) -> None:
    fed = hand_over(
        world, contract_of(world, "household-gas"), gas.write_gas(gas.gas_days(OCTOBER, date(2026, 10, 3), 30, SEED))
    )
    collected = world.collect(fed)
    assert collected.counts["not_covered"] == collected.counts["rows_in"] == 60
    assert collected.counts["stored"] == 0
    assert world.catalogue.tables == {}


@pytest.mark.parametrize("dataset", ["household-electricity", "household-gas"])
def test_titles_say_whom_they_count(world: World, dataset: str) -> None:
    contract = contract_of(world, dataset)
    assert "foyers participants" in contract.title
    assert contract.coverage is not None
    assert contract.release.minimum_units == 10


def test_lifts_of_a_week_by_sector_and_kind_of_bin(world: World) -> None:
    contract = contract_of(world, "household-bin-lifts")
    monday = date(2026, 10, 26)  # until Sunday the first of November
    fed = hand_over(world, contract, bins.lifts(monday, 300, SEED), "levees_2026-W44.csv")
    assert world.collect(fed).dirty == ("2026-W44",)
    world.release("2026-W44", fed)
    rows = published(world, "household-bin-lifts", "2026-W44")
    assert {row["semaine"] for row in rows} == {"2026-W44"}
    units: dict[tuple[str, str], int] = {}
    lifted = {line.partition(";")[0] for line in bins.lifts(monday, 300, SEED).decode("latin-1").splitlines()}
    for one in bins.make_bins(300, SEED):
        units[(one.sector, one.kind)] = units.get((one.sector, one.kind), 0) + (one.chip in lifted)
    few = {key for key, count in units.items() if 0 < count < 10}
    secret = {(row["code_secteur"], row["bac"]) for row in rows if row["statut"] == "secret"}
    assert few
    assert few <= secret
    assert all(row["bacs"] >= 10 and row["levees"] >= row["bacs"] for row in shown(rows))
    assert not set(rows[0]) & {"puce", "adresse", "instant"}
