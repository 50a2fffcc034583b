"""An outage at any write of the journey: a clear error, nothing half published, and a re-run that ends alike."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import count
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog import CatalogueUnavailableError, DatasetPage
from catalog.catalogue import Catalogue, PublishedPage
from pipeline.anonymize import anonymize
from pipeline.assess import Verdict, assess
from pipeline.deidentify import deidentify
from pipeline.errors import OutageError
from pipeline.hub import Hub
from pipeline.ingest import ingest
from pipeline.publish import Release, publish
from storage import DatasetRef, StoreUnavailableError, read_manifest, read_parquet, read_pointer
from tests.disturbance import Countdown, disturb
from tests.journey_world import World, days, meters, readings


def outage() -> None:
    raise StoreUnavailableError("the object store does not answer: start it, then run again")


def deliver(world: World) -> None:
    world.consenting.give(meters(12))
    world.drop("releves_a.csv", readings(meters(12), days(3)) + readings(meters(12), days(2, date(2026, 9, 29))))


def through(world: World, disturbed: bool) -> int:
    """Run the whole journey; disturbed, each stage meets an outage at each of its writes. Return how many it met."""
    outages = 0

    def stage(run: Callable[[Hub], Any]) -> Any:
        nonlocal outages
        for attempt in count() if disturbed else [None]:
            countdown = Countdown(-1 if attempt is None else attempt, outage)
            try:
                result = run(disturb(world.hub, countdown))
            except OutageError:
                outages += 1
                continue
            if attempt is None or not countdown.done:
                return result

    deliver(world)
    refs = stage(lambda hub: ingest(hub, world.water, "run-1"))
    done = stage(lambda hub: deidentify(hub, world.water, "run-1", refs or pending(world)))
    for period in done.dirty:
        candidate = stage(partial(_anonymize, world, period))
        stage(partial(_assess, world, period, candidate))
        stage(partial(_publish, world, period, candidate))
    return outages


def _anonymize(world: World, period: str, hub: Hub) -> DatasetRef:
    return anonymize(hub, world.water, "run-2", period)


def _assess(world: World, period: str, candidate: DatasetRef, hub: Hub) -> Verdict:
    return assess(hub, world.water, "run-2", period, candidate)


def _publish(world: World, period: str, candidate: DatasetRef, hub: Hub) -> Release:
    return publish(hub, world.water, "run-2", period, candidate)


def pending(world: World) -> list[Any]:
    return [record.ref for record in world.hub.journal.deliveries("water-meters")]


def outcome(world: World) -> dict[str, Any]:
    """What the journey left, apart from names and moments."""
    trusted = {}
    for period in ("2026-09", "2026-10"):
        found = read_pointer(world.hub.private, "water-meters", 1, period)
        assert found is not None
        table = pa.Table.from_batches(
            read_parquet(world.hub.private, read_manifest(world.hub.private, found[0]).parts[0])
        )
        trusted[period] = table.drop_columns(["contrat", "_arrival", "_delivery"]).sort_by("_position").to_pylist()
    files = {
        found.key: world.hub.open.get(found.key) for found in world.hub.open.list("") if "certificat" not in found.key
    }
    published = {
        key: pq.read_table(io.BytesIO(body)).to_pylist() if key.endswith("parquet") else body
        for key, body in files.items()
    }
    releases = [(release.period, release.rows) for release in world.hub.journal.releases("water-meters")]
    dirty = world.hub.journal.dirty_periods("water-meters", 1, world.clock())
    return {"trusted": trusted, "published": published, "releases": releases, "dirty": dirty}


def test_an_outage_at_every_write_ends_like_no_outage(make_world: Callable[[], World]):
    calm, stormy = make_world(), make_world()
    assert through(calm, disturbed=False) == 0
    assert through(stormy, disturbed=True) > 20
    assert outcome(stormy) == outcome(calm)


@pytest.mark.parametrize("write", range(6))
def test_while_publishing_nothing_half_made_is_in_the_catalogue(make_world: Callable[[], World], write: int):
    world = make_world()
    deliver(world)
    world.collect()
    candidate = anonymize(world.hub, world.water, "run", "2026-10")
    assess(world.hub, world.water, "run", "2026-10", candidate)
    with pytest.raises(OutageError):
        publish(disturb(world.hub, Countdown(write, outage)), world.water, "run", "2026-10", candidate)
    assert world.catalogue.pages == {}
    assert world.hub.journal.releases("water-meters") == []


class Away:
    """A catalogue that does not answer; ``late``, it had written the page before it went."""

    def __init__(self, inner: Catalogue, late: bool) -> None:
        self._inner, self._late = inner, late

    def publish(self, page: DatasetPage) -> PublishedPage:
        if self._late:
            self._inner.publish(page)
        raise CatalogueUnavailableError("the catalogue does not answer: start it, then publish again")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@pytest.mark.parametrize("late", [False, True])
def test_a_catalogue_that_is_away_loses_nothing(make_world: Callable[[], World], late: bool):
    calm, stormy = make_world(), make_world()
    for world in (calm, stormy):
        deliver(world)
        assert world.collect().dirty == ("2026-09", "2026-10")
    for period in ("2026-09", "2026-10"):
        calm.release(period)
    away = replace(stormy.hub, catalogue=lambda: Away(stormy.catalogue, late))
    candidate = _anonymize(stormy, "2026-10", away)
    _assess(stormy, "2026-10", candidate, away)
    for _ in range(3):
        with pytest.raises(OutageError) as caught:
            _publish(stormy, "2026-10", candidate, away)
        assert caught.value.retryable
        assert stormy.hub.journal.releases("water-meters") == []
        assert ("water-meters" in stormy.catalogue.pages) is late
    # Whether it is tried again at once or by the next visit, days later: the period is still due.
    assert stormy.collect().dirty == ("2026-09", "2026-10")
    _publish(stormy, "2026-10", candidate, stormy.hub)
    assert stormy.collect().dirty == ("2026-09",)
    stormy.release("2026-09")
    assert stormy.collect().dirty == ()
    assert outcome(stormy) == outcome(calm)
