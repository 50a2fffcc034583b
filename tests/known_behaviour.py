"""What the journey does with the identifiers it saw, until their period is published. See `journey_behaviour.py`."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from anonymization.pseudonyms import CustodyRefusedError
from pipeline.anonymize import anonymize
from pipeline.assess import assess
from pipeline.decide import Decision, decide
from pipeline.deidentification.remember import forget
from pipeline.errors import (
    NotPublishableError,
)
from pipeline.forgetting import forget_refused
from pipeline.judging_known import FORGOTTEN
from storage import (
    KnownSet,
    list_known,
    read_known,
)
from storage.errors import StoreUnavailableError
from tests.disturbance import Countdown, disturb
from tests.journey_world import World, days, meters, readings


def known(world: World) -> list[KnownSet]:
    """The keyed sets that are there."""
    return list(list_known(world.hub.private, "water-meters"))


class KnownBehaviour:
    """Kept under a key, held against what would be published, forgotten in time."""

    def test_a_known_identifier_in_a_published_column_is_refused(self, world: World):
        """The detector sees nothing in « Ensemble »; but here it is somebody's meter."""
        world.consenting.give(meters(12))
        lines = readings(meters(12), days(2))
        world.drop("releves_a.csv", lines[:12])
        world.collect()
        world.drop("releves_b.csv", [lines[12].replace(";C000000;", ";ENSEMBLE;"), *lines[13:]])
        world.collect()
        assert len(known(world)) == 2
        for _ in range(2):  # made again, it is held against the same
            verdict = world.judge("2026-10")
            assert known(world) == []
            assert verdict.word == "refused"
            told = [reason for reason in verdict.reasons if "identifiant" in reason]
            assert len(told) == 3, verdict.reasons
            assert [reason.split(" ")[3] for reason in told] == ["taille", "code_commune", "commune"]
            assert not any("ensemble" in reason.lower() for reason in told), told
        with pytest.raises(NotPublishableError):
            world.publish("2026-10", verdict.candidate)
        again = world.assess("2026-10", verdict.candidate)  # as an operator might run this stage alone
        assert again.word == "refused"
        assert FORGOTTEN in again.reasons
        for delivery in world.hub.journal.deliveries("water-meters"):
            world.hub.private.delete(delivery.ref.key)
        assert world.judge("2026-10").word == "refused"

    def test_a_person_s_refusal_forgets_and_another_try_remembers_again(self, world: World):
        contract = replace(world.water, approval=True)
        world.consenting.give(meters(12))
        world.drop("releves_a.csv", readings(meters(12), days(2)))
        world.collect(contract)
        verdict = world.judge("2026-10", contract)
        ours, candidate = world.as_role("decide"), verdict.candidate
        decide(ours, contract, world.run_id(), "2026-10", candidate, Decision(False, "steward"))
        assert forget_refused(ours, lambda: world.as_role("deidentify"), contract, "2026-10", candidate) == 1
        assert known(world) == []
        again = world.judge("2026-10", contract)
        assert (again.word, again.candidate) == ("needs_approval", candidate)
        assert len(known(world)) == 1
        assert not any("ne sont plus connus" in reason for reason in again.reasons)

    def test_known_identifiers_are_destroyed_once_their_period_is_published(self, world: World):
        world.consenting.give(meters(12))
        world.drop("releves_a.csv", readings(meters(12), days(2)))
        world.collect()
        (found,) = known(world)
        custody = world.as_role("assess").known_custody()
        assert len(custody.release_key(found.key_id)) == 32
        sealed, opened = world.hub.private.get(found.key), read_known(world.hub.private, custody, found)
        assert opened[:32] not in sealed
        assert opened[32:48] not in sealed
        assert not any(meter.encode() in sealed + opened for meter in meters(12))
        world.release("2026-10")
        assert known(world) == []
        with pytest.raises(CustodyRefusedError, match="destroyed"):
            world.as_role("assess").known_custody().release_key(found.key_id)
        verdict = world.judge("2026-10")
        assert any("ne sont plus connus" in reason for reason in verdict.reasons)

    def test_a_key_that_is_destroyed_closes_a_set_that_is_still_there(self, world: World):
        world.consenting.give(meters(12))
        world.drop("releves_a.csv", readings(meters(12), days(2)))
        world.collect()
        (found,) = known(world)

        def die() -> None:
            raise StoreUnavailableError("killed before the object went")

        hub = disturb(world.as_role("deidentify"), Countdown(0, die))
        with pytest.raises(StoreUnavailableError):
            forget(hub, world.water, "2026-10", [found.delivery])
        assert known(world) == [found]
        assert any("ne sont plus connus" in reason for reason in world.judge("2026-10").reasons)
        assert forget(world.as_role("deidentify"), world.water, "2026-10", [found.delivery]) == 1
        assert known(world) == []

    def test_a_worker_killed_while_it_forgets_a_refusal_opens_no_way_round(self, world: World):
        lines = readings(meters(12), days(2))
        world.consenting.give(meters(12))
        world.drop("releves_a.csv", [lines[0].replace(";C000000;", ";ENSEMBLE;"), *lines[1:]])
        world.collect()

        def die() -> None:
            raise StoreUnavailableError("killed before the object went")

        candidate = anonymize(world.as_role("anonymize"), world.water, world.run_id(), "2026-10")
        ours, killed = world.as_role("assess"), disturb(world.as_role("deidentify"), Countdown(0, die))
        assert assess(ours, world.water, world.run_id(), "2026-10", candidate).word == "refused"
        with pytest.raises(StoreUnavailableError):
            forget_refused(ours, lambda: killed, world.water, "2026-10", candidate)
        assert len(known(world)) == 1  # without its key
        again = world.judge("2026-10")
        assert (again.word, known(world)) == ("refused", [])
        assert FORGOTTEN in again.reasons
        once_more = world.judge("2026-10")
        assert once_more.word == "refused"
        assert FORGOTTEN not in once_more.reasons
        assert any("se lit un identifiant" in reason for reason in once_more.reasons)

    def test_known_identifiers_live_no_longer_than_their_delivery(self, world: World):
        world.consenting.give(meters(12))
        world.drop("releves_a.csv", readings(meters(12), days(2)))
        world.collect()
        (old,) = known(world)
        world.clock.forward(timedelta(days=31))
        world.drop("releves_b.csv", readings(meters(12), days(2, date(2026, 11, 1))))
        world.collect()
        (new,) = known(world)
        assert (old.period, new.period) == ("2026-10", "2026-11")
