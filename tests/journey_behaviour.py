"""What the journey does, whatever it runs on. Collected through subclasses that give a `world`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from anonymization.pseudonyms import CustodyRefusedError
from pipeline.anonymize import anonymize, current_partition
from pipeline.assess import assess
from pipeline.decide import Decision, decide
from pipeline.deidentification.remember import forget
from pipeline.deidentify import rebuild
from pipeline.errors import (
    BadInputError,
    BadPayloadError,
    ConsentChangedError,
    InvalidDecisionError,
    NotPublishableError,
    RefusedError,
)
from pipeline.forgetting import forget_refused
from pipeline.judging_known import FORGOTTEN
from pipeline.replay import replay
from storage import (
    KnownSet,
    list_known,
    list_rejects,
    read_known,
    read_manifest,
    read_parquet,
    read_pointer,
    rejects_key_id,
)
from storage.errors import StoreUnavailableError
from tests.disturbance import Countdown, disturb
from tests.journey_world import HEADER, World, days, meters, readings


def trusted(world: World, period: str) -> pa.Table:
    """The rows of a period in trusted."""
    found = read_pointer(world.hub.private, "water-meters", 1, period)
    assert found is not None
    return pa.Table.from_batches(read_parquet(world.hub.private, read_manifest(world.hub.private, found[0]).parts[0]))


def known(world: World) -> list[KnownSet]:
    """The keyed sets that are there."""
    return list(list_known(world.hub.private, "water-meters"))


class JourneyBehaviour:
    """Deliveries in, periods out."""

    def test_a_month_of_readings_becomes_an_aggregate(self, world: World):
        world.consenting.give(meters(12))
        world.drop("releves_2026-10.csv", readings(meters(12), days(31)))
        collected = world.collect()
        assert (collected.dirty, collected.counts["rejected"]) == (("2026-10",), 0), collected
        assert collected.counts["rows_in"] == 12 * 31
        release = world.release("2026-10")
        row = world.commune("2026-10")
        assert row["foyers_participants"] == 12
        assert row["consommation_totale_l"] == sum(100 + number for number in range(12)) * 31
        assert row["consommation_moyenne_l"] == round(row["consommation_totale_l"] / 12, 1)
        assert (row["commune"], row["statut"]) == ("Angers", "publié")
        totals = {line["taille"]: line for line in world.published("2026-10").to_pylist() if line is not row}
        assert set(totals) == {"Ensemble", "100 000 habitants et plus"}
        assert {line["consommation_totale_l"] for line in totals.values()} == {row["consommation_totale_l"]}
        assert {file.format for file in release.files} == {"parquet", "csv"}
        assert world.collect().dirty == ()

    def test_trusted_holds_pseudonyms_and_nothing_else_of_a_person(self, world: World):
        world.consenting.give(meters(3))
        world.drop("releves_a.csv", readings(meters(3), days(2)))
        world.collect()
        table = trusted(world, "2026-10")
        assert set(table.column_names).isdisjoint({"compteur", "adresse"})
        field = table.schema.field("contrat")
        assert field.type == pa.binary(16)
        assert field.metadata[b"ardoise.domain"] == b"water-meters"
        assert table.column("contrat").to_pylist() == sorted(table.column("contrat").to_pylist())

    def test_rows_without_consent_are_not_covered(self, world: World):
        world.consenting.give(meters(11))
        world.drop("releves_a.csv", readings(meters(20), days(3)))
        assert world.collect().counts["not_covered"] == 9 * 3
        world.release("2026-10")
        assert world.commune("2026-10")["foyers_participants"] == 11

    def test_thirty_rows_of_one_meter_are_one_unit(self, world: World):
        world.consenting.give(meters(1))
        world.consenting.give(meters(10, first=500))
        world.drop("releves_a.csv", [
            *readings(meters(1), days(31), insee="49020"),
            *readings(meters(10, first=500), days(1)),
        ])  # fmt: skip
        world.collect()
        verdict = world.judge("2026-10")
        assert verdict.counts["cells_A"] == 2  # the commune, and its class of size
        assert verdict.measures["k"] == 10
        world.publish("2026-10", verdict.candidate)
        secret = world.commune("2026-10", "49020")
        assert (secret["statut"], secret["foyers_participants"], secret["consommation_totale_l"]) == (
            "secret",
            None,
            None,
        )
        shown = [row for row in world.published("2026-10").to_pylist() if row["statut"] == "publié"]
        assert {row["foyers_participants"] for row in shown} in ({10}, {11})  # never both: the difference is one meter

    def test_a_cell_that_one_point_dominates_is_not_published(self, world: World):
        world.consenting.give(meters(12))
        world.drop("releves_a.csv", [
            *readings(meters(11), days(2)),
            *readings(meters(1, first=11), days(2), litres=90_000),
        ])  # fmt: skip
        world.collect()
        verdict = world.judge("2026-10")
        assert verdict.word == "refused"
        with pytest.raises(NotPublishableError):
            world.publish("2026-10", verdict.candidate)
        assert world.catalogue.pages == {}

    def test_the_same_delivery_twice_changes_nothing(self, world: World):
        world.consenting.give(meters(10))
        lines = readings(meters(10), days(5))
        world.drop("releves_a.csv", lines)
        world.collect()
        world.release("2026-10")
        before = trusted(world, "2026-10")
        world.drop("releves_b.csv", lines)
        assert world.collect().dirty == ()
        assert trusted(world, "2026-10").num_rows == before.num_rows == 50

    def test_a_delivery_past_its_retention_is_erased(self, world: World):
        world.consenting.give(meters(10))
        world.drop("releves_a.csv", readings(meters(10), days(5)))
        world.collect()
        (old,) = world.hub.journal.deliveries("water-meters")
        world.clock.forward(timedelta(days=31))
        world.drop("releves_b.csv", readings(meters(10), days(5, date(2026, 11, 1))))
        world.collect()
        assert world.hub.private.head(old.ref.key) is None
        assert [found.erased_at is None for found in world.hub.journal.deliveries("water-meters")] == [False, True]
        assert trusted(world, "2026-10").num_rows == 50

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

    def test_the_same_rows_again_are_the_same_release(self, world: World):
        world.consenting.give(meters(12))
        world.drop("releves_10.csv", readings(meters(12), days(2)))
        world.collect()
        first = world.judge("2026-10")
        world.publish("2026-10", first.candidate)
        again = world.judge("2026-10")
        assert again.candidate == first.candidate
        world.publish("2026-10", again.candidate)
        assert len(world.hub.journal.release_history("water-meters")) == 1

    def test_an_older_version_never_replaces_a_newer_one(self, world: World):
        world.consenting.give(meters(10))
        world.drop("releves_a.csv", readings(meters(10), days(1), litres=70, version=3))
        world.collect()
        world.drop("releves_b.csv", readings(meters(10), days(1), litres=10, version=2))
        assert world.collect().dirty == ("2026-10",)  # not released yet, and unchanged
        assert min(trusted(world, "2026-10").column("consommation_l").to_pylist()) == 70

    def test_a_delivery_of_three_periods_touches_three(self, world: World):
        world.consenting.give(meters(10))
        lines = [
            line
            for start in (date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 31))
            for line in readings(meters(10), [start])
        ]
        world.drop("releves_a.csv", lines)
        assert world.collect().dirty == ("2026-08", "2026-09", "2026-10")

    def test_an_open_period_waits_until_it_closes(self, world: World):
        world.consenting.give(meters(10))
        world.drop("releves_a.csv", readings(meters(10), days(2, date(2026, 11, 1))))
        collected = world.collect()
        assert (collected.dirty, collected.still_open) == ((), ("2026-11",))
        world.clock.forward(timedelta(days=28))
        assert world.collect().dirty == ("2026-11",)

    def test_rejected_rows_are_sealed_with_their_reasons_and_the_rest_goes_on(self, world: World):
        world.consenting.give(meters(10))
        good = readings(meters(10), days(1))
        bad = [
            good[0].replace(";100,0;", ";-4,0;"),
            good[1].replace("49007", "75056"),
            good[2].replace("01/10/2026", "31/02/2026"),
            *readings(meters(1), days(1, date(2020, 1, 1))),
            *readings(meters(1), days(1, date(2027, 1, 1))),
        ]
        world.drop("releves_a.csv", [*good, *bad])
        counts = world.collect().counts
        assert counts["rejected"] == len(bad)
        assert counts["stored"] == len(good)
        assert counts["rejected_tooLate"] == counts["rejected_inTheFuture"] == 1
        (key,) = list_rejects(world.hub.private, "water-meters")
        sealed = rejects_key_id(world.hub.private, key)
        replay(world.as_role("deidentify"), world.water, world.run_id())
        (again,) = list_rejects(world.hub.private, "water-meters")
        assert again == key
        assert rejects_key_id(world.hub.private, key) != sealed
        world.clock.forward(world.water.landing_retention + (datetime.now(UTC) - world.clock.at))
        world.collect()
        assert list_rejects(world.hub.private, "water-meters") == []

    def test_a_column_that_vanished_is_named_and_nothing_is_taken(self, world: World):
        world.drop("releves_a.csv", ["A;B;C;49007;01/10/2026;1,0;1"], header=HEADER.replace(";CONSO_L", ""))
        with pytest.raises(BadPayloadError, match="CONSO_L"):
            world.collect()
        assert read_pointer(world.hub.private, "water-meters", 1, "2026-10") is None

    def test_a_delivery_that_can_not_be_read_holds_up_no_other(self, world: World):
        world.consenting.give(meters(10))
        world.drop("releves_a.csv", ["x"], header="RIEN")
        world.drop("releves_b.csv", readings(meters(10), days(1)))
        with pytest.raises(BadPayloadError, match="1 of 2 deliveries"):
            world.collect()
        assert world.collect().dirty == ("2026-10",)
        assert len(list_rejects(world.hub.private, "water-meters")) == 1
        with pytest.raises(BadPayloadError, match="CONTRAT"):
            replay(world.as_role("deidentify"), world.water, world.run_id())

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

    def test_nobody_approves_what_needs_no_approval(self, world: World):
        world.consenting.give(meters(10))
        world.drop("releves_a.csv", readings(meters(10), days(1)))
        world.collect()
        verdict = world.judge("2026-10")
        with pytest.raises(InvalidDecisionError):
            decide(
                world.as_role("decide"),
                world.water,
                world.run_id(),
                "2026-10",
                verdict.candidate,
                Decision(True, "steward"),
            )

    def test_a_period_nobody_delivered_says_so(self, world: World):
        with pytest.raises(BadInputError, match="2026-01"):
            world.judge("2026-01")

    def test_an_unjudged_candidate_is_not_published(self, world: World):
        world.consenting.give(meters(10))
        world.drop("releves_a.csv", readings(meters(10), days(1)))
        world.collect()
        candidate = anonymize(world.as_role("anonymize"), world.water, world.run_id(), "2026-10")
        with pytest.raises(NotPublishableError):
            world.publish("2026-10", candidate)

    def test_stages_stand_in_the_journal_with_counts_and_errors(self, world: World):
        world.drop("releves_a.csv", ["x"], header="RIEN")
        with pytest.raises(BadPayloadError):
            world.collect()
        run = world.hub.journal.run("test__0001")
        assert run is not None
        assert [(stage.stage, stage.status, stage.error_code) for stage in run.stages] == [
            ("ingest", "succeeded", None),
            ("deidentify", "failed", "bad_payload"),
        ]

    def test_no_consent_at_all_covers_nobody(self, world: World):
        world.drop("releves_a.csv", readings(meters(10), days(1)))
        counts = world.collect().counts
        assert (counts["not_covered"], counts["stored"]) == (10, 0)

    def test_custody_that_refuses_stops_the_stage(self, world: World, refusing_custody):
        world.consenting.give(meters(10))
        world.drop("releves_a.csv", readings(meters(10), days(1)))
        with refusing_custody(), pytest.raises(RefusedError):
            world.collect()
        assert read_pointer(world.hub.private, "water-meters", 1, "2026-10") is None
        assert world.collect().counts["stored"] == 10
