"""A feed that posts many small bodies: they are merged together, with what one by one would give."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.deidentification import partition
from pipeline.deidentification.taking import Taking
from pipeline.errors import OutageError
from storage import read_manifest, read_pointer
from storage.errors import StoreUnavailableError
from tests.journey_world import World, days, meters, readings

PERIOD = "2026-10"
MakeWorld = Callable[[], World]


def drop(world: World, count: int = 12) -> None:
    """So many files, of two meters and a day each."""
    for number, day in enumerate(days(count)):
        world.drop(f"releves_{number:02d}.csv", readings(meters(2), [day], litres=number))


def content(world: World) -> tuple[str, int, int]:
    """The period's content, its rows, and how many deliveries it is made of."""
    found = read_pointer(world.hub.private, "water-meters", 1, PERIOD)
    assert found is not None
    manifest = read_manifest(world.hub.private, found[0])
    return manifest.content, sum(part.rows for part in manifest.parts), len(manifest.deliveries)


def merges(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tables each merge was given, from now on."""
    seen: list[int] = []
    merge = partition.merge

    def counted(parts, schema, key):  # type: ignore[no-untyped-def]
        seen.append(len(parts))
        return merge(parts, schema, key)

    monkeypatch.setattr(partition, "merge", counted)
    return seen


def test_deliveries_of_one_run_are_merged_at_once(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    together, apart = make_world(), make_world()
    for world in (together, apart):
        world.consenting.give(meters(2))
        drop(world)
    seen = merges(monkeypatch)
    counts = together.collect().counts
    assert seen == [12]
    monkeypatch.setattr(partition, "TOGETHER", 1)
    assert apart.collect().counts == counts
    assert seen == [12, 1, *[2] * 11]
    assert content(together) == content(apart)
    assert content(together)[1:] == (24, 12)
    assert (counts["stored"], counts["rows_in"]) == (24, 24)


def test_a_delivery_that_is_in_already_is_not_merged_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.consenting.give(meters(2))
    drop(world, 3)
    world.collect()
    seen = merges(monkeypatch)
    world.drop("releves_98.csv", readings(meters(2), days(1), litres=98, version=2))
    world.drop("releves_99.csv", readings(meters(2), days(1), litres=99, version=3))
    counts = world.collect().counts
    assert seen == [3]  # the period, and two corrections of the same day
    assert counts["duplicates"] == 4
    assert content(world)[1:] == (6, 5)


def test_what_was_read_before_a_failure_is_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.consenting.give(meters(2))
    drop(world, 4)
    taken = 0
    take = Taking.take

    def fails(*args, **kwargs):  # type: ignore[no-untyped-def]
        nonlocal taken
        taken += 1
        if taken == 3:
            raise StoreUnavailableError("the store does not answer")
        return take(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Taking, "take", fails)
        with pytest.raises(OutageError):
            world.collect()
    assert content(world)[1:] == (4, 2)
    world.collect()
    assert content(world)[1:] == (8, 4)
