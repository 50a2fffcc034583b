"""What a rotation of the trusted zone does, whatever it runs on. Collected through subclasses that give a `world`."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pyarrow as pa
import pytest

from anonymization.pseudonyms import MixedPseudonymsError, Origin, anti_join, pseudonym_origin
from pipeline.anonymize import current_partition
from pipeline.deidentification.merge import BOOKKEEPING
from pipeline.deidentify import Deidentified, rebuild
from pipeline.errors import BadInputError, JourneyError, OutageError
from pipeline.rotation.retire import retire
from pipeline.rotation.rotate import Rotated, rotate, rotations_due
from policies.contract import Contract, DatasetId, Domain, Technique
from storage import StoreUnavailableError, parquet_schema, read_generations, read_manifest, read_parquet, read_pointer
from storage.zones import parse_pointer_key
from tests.disturbance import Countdown, disturb
from tests.journey_world import World, days, meters, readings

WATER, LEAKS = "water-meters", "water-leaks"
SECOND = "citizen-reports"  # the domain of the leaks' meters
SEPTEMBER = date(2026, 9, 1)


class KilledError(BaseException):
    """Stands for a -9: nothing in the code handles it."""


def trusted(world: World, period: str, dataset: str = WATER) -> pa.Table:
    """The rows of a period in trusted, bookkeeping of deliveries left out, sorted by what is not a pseudonym."""
    found = read_pointer(world.hub.private, dataset, 1, period)
    assert found is not None
    part = read_manifest(world.hub.private, found[0]).parts[0]
    return pa.Table.from_batches(read_parquet(world.hub.private, part)).drop_columns(list(BOOKKEEPING))


def origins(world: World) -> dict[tuple[str, str, str], Origin]:
    """Dataset, period and column of every pseudonymised column that readers see, with its origin."""
    generations = read_generations(world.hub.private)
    found = {}
    for stored in world.hub.private.list("trusted/"):
        place = parse_pointer_key(stored.key)
        if place is None or place.generation != generations.of(place.dataset):
            continue
        pointer = read_pointer(world.hub.private, place.dataset, place.major, place.period)
        assert pointer is not None
        for field in parquet_schema(world.hub.private, read_manifest(world.hub.private, pointer[0]).parts[0]):
            if b"ardoise.domain" in (field.metadata or {}):
                found[place.dataset, place.period, field.name] = pseudonym_origin(field)
    return found


def epochs(world: World) -> set[tuple[str, int]]:
    """Each domain and epoch that readers see."""
    return {(origin.domain, origin.epoch) for origin in origins(world).values()}


def run_rotation(world: World, domain: str = WATER) -> Rotated:
    return rotate(world.as_role("rotate"), domain, world.run_id())


def leaks(world: World) -> World:
    """The same world with a second dataset: the same operator's files, and the meter's number in another domain."""
    columns = tuple(
        dataclasses.replace(
            column,
            privacy=dataclasses.replace(column.privacy, technique=Technique.PSEUDONYMIZE, domain=Domain(SECOND)),
        )
        if column.name == "compteur"
        else column
        for column in world.water.columns
    )
    other: Contract = dataclasses.replace(world.water, id=DatasetId(LEAKS), columns=columns)
    territory = dataclasses.replace(world.hub.territory, contracts={**world.hub.territory.contracts, other.id: other})
    as_role = world.as_role
    return dataclasses.replace(
        world,
        hub=dataclasses.replace(world.hub, territory=territory),
        as_role=lambda role: dataclasses.replace(as_role(role), territory=territory),
    )


def deliver(world: World, name: str = "releves_a.csv", first: int = 0) -> None:
    """Readings of two months."""
    world.consenting.give(meters(12, first))
    lines = readings(meters(12, first), days(3)) + readings(meters(12, first), days(2, SEPTEMBER))
    world.drop(name, lines)


def until_done(run: Callable[[], Deidentified | Rotated], tries: int = 3) -> None:
    """Run again what ends as an outage, as an orchestrator would."""
    for _ in range(tries):
        try:
            run()
        except OutageError:
            continue
        return
    pytest.fail("it does not end")


class RotationBehaviour:
    """Subclasses give `start_over`: a world with nothing in it whose custody is that of `world`, which is then gone."""

    def test_what_is_carried_equals_what_is_minted_at_the_new_epoch(
        self, world: World, start_over: Callable[[], World]
    ):
        deliver(world)
        world.collect()
        before = {period: trusted(world, period) for period in ("2026-09", "2026-10")}
        epoch = world.start_rotation(WATER)
        assert epochs(world) == {(WATER, epoch - 1)}
        assert rotations_due(world.as_role("rotate")) == [WATER]
        done = run_rotation(world)
        assert (done.epoch, done.datasets, done.periods) == (epoch, (WATER,), 2)
        assert (done.counts.columns, done.counts.rows, done.counts.distinct) == (2, 60, 24)
        assert rotations_due(world.as_role("rotate")) == []
        assert epochs(world) == {(WATER, epoch)}
        after = {period: trusted(world, period) for period in before}
        fresh = start_over()
        deliver(fresh)
        fresh.collect()
        for period, old in before.items():
            new = after[period]
            assert new.equals(trusted(fresh, period), check_metadata=True)
            assert not set(new.column("contrat").to_pylist()) & set(old.column("contrat").to_pylist())
            assert new.drop_columns(["contrat"]).num_rows == old.num_rows

    def test_nothing_is_released_again_for_it(self, world: World):
        deliver(world)
        assert world.collect().dirty == ("2026-09", "2026-10")
        for period in ("2026-09", "2026-10"):
            world.release(period)
        world.start_rotation(WATER)
        run_rotation(world)
        assert world.collect().dirty == ()
        world.drop("releves_b.csv", readings(meters(1), days(1), litres=7, version=2))
        assert world.collect().dirty == ("2026-10",)
        world.release("2026-10")
        assert world.collect().dirty == ()

    def test_what_is_collected_between_start_and_switch_is_carried_too(self, world: World):
        deliver(world)
        world.collect()
        epoch = world.start_rotation(WATER)
        world.drop("releves_b.csv", readings(meters(12), days(1, date(2026, 10, 9))))
        world.collect()
        assert epochs(world) == {(WATER, epoch - 1)}
        run_rotation(world)
        assert epochs(world) == {(WATER, epoch)}
        assert trusted(world, "2026-10").num_rows == 48

    def test_epochs_follow_each_other_and_deliveries_find_the_same_people(self, world: World):
        deliver(world)
        world.collect()
        for _ in range(2):
            epoch = world.start_rotation(WATER)
            run_rotation(world)
            assert epochs(world) == {(WATER, epoch)}
        world.drop("releves_b.csv", readings(meters(12), days(3), litres=900, version=2))
        assert world.collect().counts["duplicates"] == 36
        assert trusted(world, "2026-10").num_rows == 36
        assert epochs(world) == {(WATER, epoch)}

    def test_all_datasets_of_a_domain_are_switched_and_other_domains_stay(self, world: World):
        world = leaks(world)
        deliver(world)
        for contract in (world.water, world.hub.contract(LEAKS)):
            world.collect(contract)
        second = world.start_rotation(SECOND)
        ((_, water),) = {one for one in epochs(world) if one[0] == WATER}
        assert run_rotation(world, SECOND).datasets == (LEAKS,)
        assert epochs(world) == {(WATER, water), (SECOND, second)}
        first = world.start_rotation(WATER)
        done = run_rotation(world)
        assert (done.datasets, done.periods) == ((LEAKS, WATER), 4)
        assert epochs(world) == {(WATER, first), (SECOND, second)}
        mine, theirs = trusted(world, "2026-10"), trusted(world, "2026-10", LEAKS)
        assert anti_join(mine, theirs, "contrat").num_rows == 0

    def test_two_rotations_of_one_dataset_do_not_confuse_each_other(self, world: World):
        world = leaks(world)
        deliver(world)
        world.collect(world.hub.contract(LEAKS))
        first, second = world.start_rotation(WATER), world.start_rotation(SECOND)
        with pytest.raises(KilledError):  # the first is killed once it has written a period
            rotate(disturb(world.as_role("rotate"), Countdown(7, killed)), WATER, "cut")
        run_rotation(world, SECOND)
        assert epochs(world) == {(WATER, first - 1), (SECOND, second)}
        run_rotation(world)
        assert epochs(world) == {(WATER, first), (SECOND, second)}

    def test_columns_of_two_epochs_do_not_join(self, world: World):
        deliver(world)
        world.collect()
        objections = trusted(world, "2026-10").select(["contrat"])
        epoch = world.start_rotation(WATER)
        run_rotation(world)
        with pytest.raises(MixedPseudonymsError, match=f"epoch, {epoch} and {epoch - 1}"):
            anti_join(trusted(world, "2026-10"), objections, "contrat")

    def test_a_domain_without_data_rotates_too(self, world: World):
        epoch = world.start_rotation(WATER)
        done = run_rotation(world)
        assert (done.datasets, done.periods, done.counts.distinct) == ((), 0, 0)
        deliver(world)
        world.collect()
        assert epochs(world) == {(WATER, epoch)}

    def test_nobody_rotates_what_officers_did_not_start(self, world: World):
        with pytest.raises(BadInputError, match="two officers"):
            run_rotation(world, "nowhere")

    def test_a_rotation_run_again_after_its_end_does_nothing(self, world: World):
        deliver(world)
        world.collect()
        world.start_rotation(WATER)
        run_rotation(world)
        after = trusted(world, "2026-10")
        assert run_rotation(world).periods == 0
        assert trusted(world, "2026-10").equals(after)

    def test_withdrawn_consent_still_takes_rows_out(self, world: World):
        deliver(world)
        world.collect()
        epoch = world.start_rotation(WATER)
        run_rotation(world)
        world.clock.forward(timedelta(hours=1))
        world.consenting.withdraw(meters(2))
        _, manifest = current_partition(world.hub, world.water, "2026-10")
        rebuild(world.as_role("deidentify"), world.water, world.run_id(), "2026-10", manifest.deliveries)
        assert trusted(world, "2026-10").num_rows == 30
        assert epochs(world) == {(WATER, epoch)}

    def test_a_day_later_nothing_of_the_old_epoch_is_left(self, world: World):
        deliver(world)
        world.collect()
        world.start_rotation(WATER)
        run_rotation(world)
        hub = world.as_role("rotate")
        assert retire(hub) == 0
        world.clock.forward(timedelta(days=1, hours=1) + (datetime.now(UTC) - world.clock.at))
        before = trusted(world, "2026-10")
        assert retire(hub) >= 6
        assert trusted(world, "2026-10").equals(before)
        parts = [found for found in world.hub.private.list("trusted/") if found.key.endswith(".parquet")]
        assert len(parts) == 2
        assert retire(hub) == 0

    def test_a_zone_that_lacks_periods_is_not_switched(self, world: World):
        deliver(world)
        world.collect()
        epoch = world.start_rotation(WATER)
        pointer = "trusted/water-meters/v1/2026-09/current.json"
        kept = world.hub.private.get(pointer)
        world.hub.private.delete(pointer)
        with pytest.raises(BadInputError, match="1 periods that the trusted zone does not hold, 2026-09 first"):
            run_rotation(world)
        assert epochs(world) == {(WATER, epoch - 1)}
        world.hub.private.put(pointer, kept)
        run_rotation(world)
        assert epochs(world) == {(WATER, epoch)}
        assert trusted(world, "2026-09").num_rows == 24

    def test_what_custody_finished_without_us_is_told(self, world: World):
        deliver(world)
        world.collect()
        world.start_rotation(WATER)
        run_rotation(world)
        world.hub.private.delete("trusted/generations.json")  # as if restored from a backup
        with pytest.raises(BadInputError, match="restored from a backup"):
            run_rotation(world)


def killed() -> None:
    raise KilledError


def outage() -> None:
    raise StoreUnavailableError("the object store does not answer")


class DisturbedRotationBehaviour:
    """A rotation, and a collection, disturbed at each of their writes. Many runs: for a world in memory."""

    @pytest.mark.parametrize("act", [killed, outage])
    def test_killed_at_any_write_and_resumed_nothing_is_lost_or_mixed(
        self, make_world: Callable[[], World], act: Callable[[], None]
    ):
        """One rotation: at each attempt it gets one write further, and what readers see is checked in between."""
        world = make_world()
        deliver(world)
        world.collect()
        epoch = world.start_rotation(WATER)
        before = trusted(world, "2026-10")
        for write in count():
            countdown = Countdown(write, act)
            try:
                rotate(disturb(world.as_role("rotate"), countdown), WATER, f"run-{write}")
            except (KilledError, JourneyError, StoreUnavailableError):
                assert epochs(world) in ({(WATER, epoch - 1)}, {(WATER, epoch)})
                assert trusted(world, "2026-10").num_rows == before.num_rows
                continue
            break
        assert write >= 8  # each attempt finds what the last one did
        assert epochs(world) == {(WATER, epoch)}
        deliver(fresh := make_world())
        fresh.collect()
        for period in ("2026-09", "2026-10"):
            assert trusted(world, period).equals(trusted(fresh, period), check_metadata=True)
        assert world.collect().counts.get("stored", 0) == 0

    def test_killed_at_any_write_then_run_once_more(self, make_world: Callable[[], World]):
        """At each write of a rotation: a world of its own, killed there, then resumed once."""
        for write in count():
            world = make_world()
            deliver(world)
            world.collect()
            epoch = world.start_rotation(WATER)
            countdown = Countdown(write, killed)
            try:
                rotate(disturb(world.as_role("rotate"), countdown), WATER, "killed")
            except KilledError:
                assert len(epochs(world)) == 1
                run_rotation(world)
            assert epochs(world) == {(WATER, epoch)}
            assert [trusted(world, period).num_rows for period in ("2026-09", "2026-10")] == [24, 36]
            if not countdown.done:
                break
        assert write >= 15

    def test_a_rotation_at_any_moment_of_a_collection(self, make_world: Callable[[], World]):
        """A whole rotation happens just before write n of a collection: its rows are carried, or made again."""
        for write in count():
            world = make_world()
            deliver(world)
            world.collect()
            world.drop("releves_b.csv", readings(meters(12), days(3, date(2026, 10, 5))))
            world.drop("releves_c.csv", readings(meters(12), days(1, date(2026, 8, 1))))
            epoch = world.start_rotation(WATER)
            as_role = world.as_role
            countdown = Countdown(write, lambda world=world: run_rotation(world))
            world.as_role = lambda role, as_role=as_role, countdown=countdown: disturb(as_role(role), countdown)
            until_done(world.collect)
            world.as_role = as_role
            if not countdown.done:
                run_rotation(world)
            self.check_whole(world, epoch)
            if not countdown.done:
                break
        assert write >= 15

    def test_a_collection_at_any_moment_of_a_rotation(self, make_world: Callable[[], World]):
        """A whole collection happens just before write n of a rotation: it counts, or it is refused and runs again."""
        often = 0
        for write in count():
            world = make_world()
            deliver(world)
            world.collect()
            world.drop("releves_b.csv", readings(meters(12), days(3, date(2026, 10, 5))))
            world.drop("releves_c.csv", readings(meters(12), days(1, date(2026, 8, 1))))
            epoch = world.start_rotation(WATER)
            refused: list[World] = []

            def collect(world: World = world, refused: list[World] = refused) -> None:
                with contextlib.suppress(OutageError):
                    world.collect()
                    return
                refused.append(world)

            countdown = Countdown(write, collect)
            until_done(lambda world=world, c=countdown: rotate(disturb(world.as_role("rotate"), c), WATER, "run"))
            until_done(world.collect)
            self.check_whole(world, epoch)
            often += len(refused)
            if not countdown.done:
                break
        assert often >= 3  # while the marker is frozen
        assert write >= 15

    def check_whole(self, world: World, epoch: int) -> None:
        """All deliveries are in, once, at one epoch, and the journal agrees with the zone."""
        assert epochs(world) == {(WATER, epoch)}
        rows = {period: trusted(world, period).num_rows for period in ("2026-08", "2026-09", "2026-10")}
        assert rows == {"2026-08": 12, "2026-09": 24, "2026-10": 72}
        assert world.hub.journal.pending_deliveries(WATER) == []
        for period in rows:
            recorded = world.hub.journal.partition(WATER, 1, period)
            _, manifest = current_partition(world.hub, world.water, period)
            assert recorded is not None
            assert recorded.content == manifest.content
