"""What the journey does when rows change after they were published. See `journey_behaviour.py`."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pipeline.anonymize import current_partition
from pipeline.deidentify import rebuild
from pipeline.errors import (
    ConsentChangedError,
)
from tests.journey_behaviour import trusted
from tests.journey_world import World, days, meters, readings


class CorrectionsBehaviour:
    """Late corrections, older versions, withdrawn consent."""

    def test_a_late_correction_releases_only_its_period(self, world: World):
        world.consenting.give(meters(10))
        world.drop("releves_09.csv", readings(meters(10), days(2, date(2026, 9, 1))))
        world.drop("releves_10.csv", readings(meters(10), days(2)))
        assert world.collect().dirty == ("2026-09", "2026-10")
        world.release("2026-09")
        world.release("2026-10")
        corrected = readings(meters(10), days(1, date(2026, 9, 2)), litres=40, version=2)
        world.drop("releves_correction.csv", corrected)
        assert world.collect().dirty == ("2026-09",)
        total = world.commune("2026-09")["consommation_totale_l"]
        world.release("2026-09")
        assert world.commune("2026-09")["consommation_totale_l"] == total - 600
        assert trusted(world, "2026-09").num_rows == 20

    def test_a_correction_of_too_few_meters_stays_out_of_what_is_published(self, world: World):
        world.consenting.give(meters(12))
        world.drop("releves_10.csv", readings(meters(12), days(2)))
        world.collect()
        world.release("2026-10")
        before = world.published("2026-10")
        world.drop("releves_correction.csv", readings(meters(9), days(1), litres=40, version=2))
        assert world.collect().dirty == ("2026-10",)
        verdict = world.judge("2026-10")
        assert any("gardent leur valeur" in reason for reason in verdict.reasons), verdict.reasons
        world.publish("2026-10", verdict.candidate)
        assert world.published("2026-10").equals(before)
        assert world.collect().dirty == ()
        world.drop("releves_suite.csv", readings(meters(12)[9:], days(1), litres=40, version=2))
        world.collect()
        world.release("2026-10")  # the twelve together may show
        assert world.commune("2026-10")["consommation_totale_l"] < before.column("consommation_totale_l")[0].as_py()

    def test_a_withdrawal_after_publication_does_not_show_by_difference(self, world: World):
        world.consenting.give(meters(30))
        world.drop("releves_a.csv", readings(meters(30), days(2)))
        world.collect()
        world.release("2026-10")
        before = world.published("2026-10")
        for gone, shows in ((1, False), (12, True)):
            world.clock.forward(timedelta(hours=1))
            world.consenting.withdraw(meters(gone))
            _, manifest = current_partition(world.hub, world.water, "2026-10")
            rebuild(world.as_role("deidentify"), world.water, world.run_id(), "2026-10", manifest.deliveries)
            world.release("2026-10")
            assert trusted(world, "2026-10").num_rows == (30 - gone) * 2
            assert world.published("2026-10").equals(before) != shows
        assert world.commune("2026-10")["foyers_participants"] == 18

    def test_an_older_version_never_replaces_a_newer_one(self, world: World):
        world.consenting.give(meters(10))
        world.drop("releves_a.csv", readings(meters(10), days(1), litres=70, version=3))
        world.collect()
        world.drop("releves_b.csv", readings(meters(10), days(1), litres=10, version=2))
        assert world.collect().dirty == ("2026-10",)  # not released yet, and unchanged
        assert min(trusted(world, "2026-10").column("consommation_l").to_pylist()) == 70

    def test_withdrawn_consent_holds_a_release_until_the_period_is_made_again(self, world: World):
        world.consenting.give(meters(12))
        world.drop("releves_a.csv", readings(meters(12), days(2)))
        world.collect()
        verdict = world.judge("2026-10")
        world.clock.forward(timedelta(hours=1))
        world.consenting.withdraw(meters(1))
        with pytest.raises(ConsentChangedError):
            world.publish("2026-10", verdict.candidate)
        with pytest.raises(ConsentChangedError):
            world.judge("2026-10")
        _, manifest = current_partition(world.hub, world.water, "2026-10")
        rebuild(world.as_role("deidentify"), world.water, world.run_id(), "2026-10", manifest.deliveries)
        world.release("2026-10")
        assert world.commune("2026-10")["foyers_participants"] == 11
        assert trusted(world, "2026-10").num_rows == 22
