"""What the journey does, whatever it runs on. Collected through subclasses that give a `world`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from pipeline.anonymize import anonymize
from pipeline.decide import Decision, decide
from pipeline.errors import (
    BadInputError,
    BadPayloadError,
    InvalidDecisionError,
    NotPublishableError,
    RefusedError,
)
from pipeline.replay import replay
from storage import (
    list_rejects,
    read_manifest,
    read_parquet,
    read_pointer,
    rejects_key_id,
)
from tests.journey_world import HEADER, World, days, meters, readings


def trusted(world: World, period: str) -> pa.Table:
    """The rows of a period in trusted."""
    found = read_pointer(world.hub.private, "water-meters", 1, period)
    assert found is not None
    return pa.Table.from_batches(read_parquet(world.hub.private, read_manifest(world.hub.private, found[0]).parts[0]))


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
