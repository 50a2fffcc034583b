"""Rotation over the real services: two officers at custody, the job with its own credentials, killed with -9."""

from __future__ import annotations

import signal
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from pipeline.errors import RotatingError
from storage import Generations
from tests.forks import forked
from tests.integration.pipeline.worker import Work, work
from tests.journey_world import World, days, meters, readings
from tests.rotation_behaviour import WATER, RotationBehaviour, deliver, epochs, trusted


class TestRotationForReal(RotationBehaviour):
    """All of it."""


def test_killed_before_every_write_nothing_is_lost_and_nothing_is_mixed(
    world: World, start_over: Callable[[], World], tmp_path: Path
):
    deliver(world)
    world.collect()
    before = {period: trusted(world, period) for period in ("2026-09", "2026-10")}
    epoch = world.start_rotation(WATER)
    for write in count():
        task = Work(world.as_role("rotate").settings, "rotate", f"killed-{write}", world.clock(), tmp_path / "answer")
        process = forked.Process(target=work, args=(task, write))
        process.start()
        process.join(120)
        seen = epochs(world)
        assert [trusted(world, period).num_rows for period in before] == [24, 36]
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        assert seen in ({(WATER, epoch - 1)}, {(WATER, epoch)})
    assert write >= 8
    assert epochs(world) == {(WATER, epoch)}
    after = {period: trusted(world, period) for period in before}
    fresh = start_over()
    deliver(fresh)
    fresh.collect()
    for period, table in after.items():
        assert table.equals(trusted(fresh, period), check_metadata=True)


def test_a_collection_that_meets_the_switch_runs_again(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The job is killed once custody has entered the new epoch: collections wait until it is taken up again."""
    deliver(world)
    world.collect()
    epoch = world.start_rotation(WATER)
    settings = world.as_role("rotate").settings
    with monkeypatch.context() as patch:

        def cut(self: Generations) -> Generations:
            raise KeyboardInterrupt

        patch.setattr(Generations, "switched", cut)
        with pytest.raises(KeyboardInterrupt):
            work(Work(settings, "rotate", "cut", world.clock(), tmp_path / "answer"), 1_000)
    world.drop("releves_b.csv", readings(meters(12), days(1, days(9)[-1])))
    with pytest.raises(RotatingError):
        world.collect()
    assert epochs(world) == {(WATER, epoch - 1)}
    work(Work(settings, "rotate", "resumed", world.clock(), tmp_path / "answer"), 1_000)
    world.collect()
    assert epochs(world) == {(WATER, epoch)}
    assert trusted(world, "2026-10").num_rows == 48
