"""What a period leaves behind: its last versions; nothing once it is withdrawn or past its time, whatever dies."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import count

import pytest

from catalog import CatalogueUnavailableError
from pipeline.hub import Hub
from pipeline.publication.withdrawal import finish_withdrawals, keep_to_retention, retire, withdraw
from policies.contract import Contract
from storage import StoreUnavailableError
from tests.disturbance import Countdown, disturb
from tests.journey_world import World, days, meters, readings

DATASET = "water-meters"


def outage() -> None:
    raise StoreUnavailableError("the object store does not answer")


def keys(world: World) -> list[str]:
    return [found.key for found in world.hub.open.list("")]


def correct(world: World, version: int, period: str = "2026-10") -> None:
    """Every reading of the period's first days again, with other figures; then its release."""
    start = date.fromisoformat(f"{period}-01")
    name = f"releves_{period}_{version}.csv"
    world.drop(name, readings(meters(12), days(3, start), litres=100 + version, version=version))
    world.collect()
    world.release(period)


@pytest.fixture
def released(world: World) -> World:
    """Two periods, each released once."""
    world.consenting.give(meters(12))
    for period in ("2026-09", "2026-10"):
        correct(world, 1, period)
    return world


def folders(world: World, period: str) -> list[str]:
    return sorted({key.split("/")[3] for key in keys(world) if key.startswith(f"{DATASET}/v1/{period}/")})


def test_links_of_a_page_stay_good_while_the_last_versions_are_kept(released: World) -> None:
    kept = released.hub.territory.strategy.keep_versions
    linked = [file.url for file in released.catalogue.pages[DATASET].files if file.period == "2026-10"]
    for version in range(2, kept + 3):
        assert len(folders(released, "2026-10")) == min(version - 1, kept)
        correct(released, version)
        if version <= kept:
            for url in linked:
                assert "/latest/" in url or url.partition("/ardoise-open/")[2] in keys(released)
    assert len(folders(released, "2026-10")) == kept
    assert len(folders(released, "2026-09")) == 1
    shown = released.catalogue.pages[DATASET].files
    assert {file.url.partition("/ardoise-open/")[2] for file in shown} <= set(keys(released))


def test_what_is_withdrawn_goes_in_every_version(released: World) -> None:
    correct(released, 2)
    withdraw(released.hub, released.water, "w", "2026-10", "personal_rows")

    assert not any("2026-10" in key for key in keys(released))
    assert (DATASET, "2026-10") not in released.catalogue.tables
    shown = released.catalogue.datasets[DATASET]
    assert "2026-10" not in str(shown["resources"])
    assert shown["temporal_coverage"] == [{"start": "2026-09-01", "end": "2026-09-30"}]
    (latest,) = [key for key in keys(released) if key.startswith(f"{DATASET}/v1/latest/") and key.endswith("csv")]
    rows = list(csv.DictReader(io.StringIO(released.hub.open.get(latest).decode())))
    assert {row["mois"] for row in rows} == {"2026-09"}
    (csv_latest,) = [one for one in shown["resources"] if one["role"] == "latest" and one["format"] == "CSV"]
    assert csv_latest["hash"] == released.hub.open.head(latest).digest
    assert [each.period for each in released.hub.journal.releases(DATASET)] == ["2026-09"]
    assert released.hub.journal.withdrawals(DATASET, pending=True) == []


def test_a_period_that_was_withdrawn_can_be_released_again(released: World) -> None:
    withdraw(released.hub, released.water, "w", "2026-10", "personal_rows")
    correct(released, 2)
    assert [each.period for each in released.hub.journal.releases(DATASET)] == ["2026-09", "2026-10"]
    assert len(folders(released, "2026-10")) == 1


def test_the_last_period_takes_the_dataset_with_it(released: World) -> None:
    for period in ("2026-10", "2026-09"):
        withdraw(released.hub, released.water, "w", period, "personal_rows")
    assert keys(released) == []
    assert released.catalogue.show(DATASET) is None


def test_a_withdrawal_that_dies_at_any_write_is_ended_by_the_next_one(make_world: Callable[[], World]) -> None:
    calm, stormy = make_world(), make_world()
    for world in (calm, stormy):
        world.consenting.give(meters(12))
        for period in ("2026-09", "2026-10"):
            correct(world, 1, period)
    withdraw(calm.hub, calm.water, "w", "2026-10", "personal_rows")
    met = 0
    for attempt in count():
        countdown = Countdown(attempt, outage)
        try:
            withdraw(disturb(stormy.hub, countdown), stormy.water, "w", "2026-10", "personal_rows")
        except StoreUnavailableError:
            met += 1
            continue
        break
    assert met >= 5
    assert keys(stormy) == keys(calm)
    assert len(stormy.hub.journal.withdrawals(DATASET)) == 1
    assert stormy.hub.journal.withdrawals(DATASET, pending=True) == []


def test_a_withdrawal_waits_for_a_catalogue_that_is_away(released: World) -> None:
    class Away:
        def withdraw(self, *_: object, **__: object) -> None:
            raise CatalogueUnavailableError("the catalogue does not answer")

    with pytest.raises(CatalogueUnavailableError):
        withdraw(replace(released.hub, catalogue=Away), released.water, "w", "2026-10", "personal_rows")
    assert not any("2026-10/" in key for key in keys(released))
    assert finish_withdrawals(released.hub, released.water, "w") == 1
    assert "2026-10" not in str(released.catalogue.datasets[DATASET]["resources"])
    assert finish_withdrawals(released.hub, released.water, "w") == 0


def test_a_period_past_its_time_is_retired_by_the_next_publication(released: World) -> None:
    now = released.clock()
    since_september = timedelta(days=(now.date() - date(2026, 10, 1)).days)
    brief = replace(released.water, open_retention=since_september - timedelta(days=1))
    assert retire(released.hub, replace(released.water, open_retention=since_september + timedelta(days=2)), "r") == 0
    assert retire(released.hub, brief, "r") == 1
    assert folders(released, "2026-09") == []
    assert [each.reason for each in released.hub.journal.withdrawals(DATASET)] == ["retention"]
    assert gone_from_the_catalogue(released, "2026-09")
    assert not gone_from_the_catalogue(released, "2026-10")


def gone_from_the_catalogue(world: World, period: str) -> bool:
    """Whether neither the page nor the table shows it; the two never differ."""
    shown = period in {each.get("period") for each in world.catalogue.datasets[DATASET]["resources"]}
    assert shown == ((DATASET, period) in world.catalogue.tables)
    return not shown


def stopped(world: World, contract: Contract) -> Hub:
    """A hub whose territory has this contract alone, and whose feed brings nothing any more."""
    return replace(world.hub, territory=replace(world.hub.territory, contracts={contract.id: contract}))


@pytest.mark.parametrize("major", [1, 2])  # the contract as it was published, and a later version of it
def test_a_period_past_its_time_is_retired_though_nothing_is_published_any_more(released: World, major: int) -> None:
    contract = replace(released.water, version=replace(released.water.version, major=major))
    october = timedelta(days=(released.clock().date() - date(2026, 11, 1)).days)
    assert keep_to_retention(stopped(released, replace(contract, open_retention=None)), "r") == {}
    brief = stopped(released, replace(contract, open_retention=october + timedelta(days=2)))
    assert keep_to_retention(brief, "r") == {DATASET: 1}
    assert keep_to_retention(brief, "r") == {}
    assert [key for key in keys(released) if "/2026-09/" in key or "_2026-09" in key] == []
    assert gone_from_the_catalogue(released, "2026-09")
    assert not gone_from_the_catalogue(released, "2026-10")
    assert folders(released, "2026-10")


def test_what_a_catalogue_that_was_away_left_is_done_in_the_night(released: World) -> None:
    class Away:
        def withdraw(self, *_: object, **__: object) -> None:
            raise CatalogueUnavailableError("the catalogue does not answer")

    with pytest.raises(CatalogueUnavailableError):
        withdraw(replace(released.hub, catalogue=Away), released.water, "w", "2026-10", "personal_rows")
    assert keep_to_retention(stopped(released, released.water), "r") == {DATASET: 1}
    assert gone_from_the_catalogue(released, "2026-10")
