"""A table with noise over PostgreSQL, the object store and custody; its worker killed with -9 before each write."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tests.integration.pipeline.test_killed_workers import Killer
from tests.journey_world import World, days, meters, readings
from tests.noise_behaviour import NoiseBehaviour, with_noise


class TestNoiseForReal(NoiseBehaviour):
    """Each stage with its own credentials."""


def test_a_worker_killed_before_any_write_draws_and_spends_once(world: World, tmp_path: Path):
    with_noise(world, tmp_path / "territory")
    world.consenting.give(meters(12))
    world.drop("releves_a.csv", readings(meters(12), days(3)))
    world.collect()
    before = world.as_role
    world.as_role = lambda role: dataclasses.replace(
        before(role), settings=before(role).settings.model_copy(update={"territory": tmp_path / "territory"})
    )
    killer = Killer(world, tmp_path)
    candidate = killer.run("anonymize")
    assert killer.run("assess", (candidate,)) == "publishable"
    assert min(killer.kills.values()) >= 5, killer.kills
    assert world.hub.budgets.left("water-meters", "delivery_point") == 1_000_000
    again = world.judge("2026-10")
    assert again.candidate.digest == candidate["digest"]
