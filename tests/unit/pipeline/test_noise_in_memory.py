"""A table with noise through the journey in memory; and an outage at any of its writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.anonymize import anonymize
from pipeline.assess import assess
from pipeline.errors import JourneyError
from storage.errors import StoreUnavailableError
from tests.disturbance import Countdown, disturb
from tests.journey_world import World, days, meters, readings
from tests.noise_behaviour import NoiseBehaviour, with_noise


class TestNoiseInMemory(NoiseBehaviour):
    """Everything in one process."""


def test_an_outage_at_any_write_spends_once_and_draws_once(world: World, tmp_path: Path):
    with_noise(world, tmp_path / "territory")
    world.consenting.give(meters(12))
    world.drop("releves_a.csv", readings(meters(12), days(3)))
    world.collect()

    def fail() -> None:
        raise StoreUnavailableError("down")

    drawn, made, outages = set(), set(), 0
    for write in range(40):
        countdown = Countdown(write, fail)
        hub = disturb(world.as_role("anonymize"), countdown)
        try:
            candidate = anonymize(hub, world.water, "run", "2026-10")
            assess(hub, world.water, "run", "2026-10", candidate)
            made.add(candidate.digest)
        except JourneyError:
            outages += 1
        stored = world.hub.budgets.stored("water-meters", "delivery_point", "v1 2026-10")
        drawn |= {str(stored.figures)} if stored else set()
        if not countdown.done:
            break
    assert outages >= 6
    assert len(drawn) == len(made) == 1
    assert world.hub.budgets.left("water-meters", "delivery_point") == 1_000_000


def test_figures_that_the_ledger_does_not_keep_are_refused(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with_noise(world, tmp_path / "territory")
    world.consenting.give(meters(12))
    world.drop("releves_a.csv", readings(meters(12), days(3)))
    world.collect()
    candidate = anonymize(world.as_role("anonymize"), world.water, "run", "2026-10")
    monkeypatch.setattr(type(world.hub.budgets), "stored", lambda *_: None)
    assert assess(world.as_role("assess"), world.water, "run", "2026-10", candidate).word == "refused"
