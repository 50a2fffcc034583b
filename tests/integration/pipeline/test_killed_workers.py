"""Workers killed with -9 before any of their writes, in each stage, then run again: the same Parquet, in order."""

from __future__ import annotations

import json
import signal
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.anonymize import anonymize
from pipeline.assess import assess
from pipeline.hub import Role
from storage import list_known, read_known, read_manifest, read_parquet, read_pointer
from tests.forks import forked
from tests.integration.pipeline.worker import Work, work
from tests.journey_world import World, days, meters, readings
from tests.records_journey import by_records

PERIOD = "2026-10"


class Killer:
    """Runs each stage until it survives, killing it before its first write, then before its second…"""

    def __init__(self, world: World, folder: Path, *, by_records: bool = False) -> None:
        self._world, self._folder, self._by_records = world, folder, by_records
        self.kills: dict[str, int] = {}

    def run(self, stage: Role, refs: tuple[dict[str, Any], ...] = ()) -> Any:
        answer = self._folder / f"{stage}.json"
        settings = self._world.as_role(stage).settings
        task = Work(settings, stage, f"killed-{stage}", self._world.clock(), answer, PERIOD, refs, self._by_records)
        for write in count():
            process = forked.Process(target=work, args=(task, write))
            process.start()
            process.join(120)
            if process.exitcode == 0:
                self.kills[stage] = write
                return json.loads(answer.read_text())
            assert process.exitcode == -signal.SIGKILL
        raise AssertionError("a stage has no end of writes")


def trusted(world: World) -> pa.Table:
    found = read_pointer(world.hub.private, "water-meters", 1, PERIOD)
    assert found is not None
    table = pa.Table.from_batches(read_parquet(world.hub.private, read_manifest(world.hub.private, found[0]).parts[0]))
    return table.drop_columns(["_arrival", "_delivery"])


def parquet(world: World) -> dict[str, bytes]:
    return {
        found.key: world.hub.open.get(found.key) for found in world.hub.open.list("") if found.key.endswith("parquet")
    }


def empty(world: World) -> None:
    for store in (world.hub.private, world.hub.open):
        for found in list(store.list("")):
            store.delete(found.key)


def test_workers_killed_before_every_write_leave_the_same_data(world: World, other_world: World, tmp_path: Path):
    for each in (world, other_world):
        each.consenting.give(meters(12))
        each.drop("releves_a.csv", readings(meters(14), days(4)))
    world.collect()
    world.release(PERIOD)
    undisturbed = trusted(world), parquet(world)
    empty(world)

    killer = Killer(other_world, tmp_path)
    refs = tuple(killer.run("ingest"))
    assert killer.run("deidentify", refs) == [PERIOD]
    (kept,) = list_known(other_world.hub.private, "water-meters")  # of all runs, one set is left, and it opens
    assert len(read_known(other_world.hub.private, other_world.as_role("assess").known_custody(), kept)) >= 32 + 16 * 14
    candidate = (killer.run("anonymize"),)
    assert killer.run("assess", candidate) == "publishable"
    assert killer.run("publish", candidate) == 3  # the commune, its class of size, the territory
    assert min(killer.kills.values()) >= 5, killer.kills

    disturbed = trusted(other_world), parquet(other_world)
    assert disturbed[0].equals(undisturbed[0])
    assert disturbed[1] == undisturbed[1]
    assert other_world.collect().dirty == ()


def test_levels_fixed_by_a_killed_worker_are_everybodys(world: World, tmp_path: Path):
    """Killed before each write of *anonymize*, its choice of levels included: one choice, and the same candidate."""
    contract = by_records(world.water, local_recoding=True, levels_fixed_months=12)
    world.drop("releves_a.csv", readings(meters(30), days(2)))
    world.collect(contract)
    killer = Killer(world, tmp_path, by_records=True)
    candidate = killer.run("anonymize")
    assert killer.kills["anonymize"] >= 6, killer.kills
    levels = [found.key for found in world.hub.private.list("candidate/water-meters/v1/levels/")]
    assert len(levels) == 1
    again = anonymize(world.as_role("anonymize"), contract, world.run_id(), PERIOD)
    assert again.to_json() == candidate
    verdict = assess(world.as_role("assess"), contract, world.run_id(), PERIOD, again)
    assert verdict.word == "publishable", verdict.reasons
    world.publish(PERIOD, again, contract)
