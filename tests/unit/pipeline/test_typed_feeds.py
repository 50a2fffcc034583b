"""Bills of communes and visits of agents, from what was typed to what is published."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.errors import NotApprovedError
from policies.contract import DatasetId
from stack.operators import bills, visits
from stack.operators.canaries import make_canaries
from stack.operators.territory import places
from storage import read_manifest, read_parquet, read_pointer
from tests.feeds import approve, hand_over, published
from tests.journey_world import World

OCTOBER = (date(2026, 10, 1), date(2026, 11, 1))
PERIOD = "2026-10"


def test_bills_of_communes_are_published_as_they_are(world: World) -> None:
    contract = world.hub.territory.contracts[DatasetId("communal-bills")]
    for place in places()[:3]:
        hand_over(world, contract, bills.bills(place, *OCTOBER, 1), f"factures_{place.insee}.csv")
    collected = world.collect(contract)
    assert collected.counts["rejected"] == 0
    world.release(PERIOD, contract)
    rows = published(world, "communal-bills", PERIOD)
    assert len(rows) == collected.counts["rows_in"] > 30
    assert {row["commune"] for row in rows} == {place.name for place in places()[:3]}
    assert "facture" not in rows[0]


def test_visits_wait_for_a_person_and_hide_communes_under_ten_homes(world: World) -> None:
    contract = world.hub.territory.contracts[DatasetId("field-visits")]
    hand_over(world, contract, visits.visits(*OCTOBER, 300, 1), "visites.csv")
    world.collect(contract)
    verdict = world.judge(PERIOD, contract)
    assert verdict.word == "needs_approval", verdict.reasons
    with pytest.raises(NotApprovedError):
        world.publish(PERIOD, verdict.candidate, contract)
    approve(world, contract, PERIOD, verdict.candidate)
    world.publish(PERIOD, verdict.candidate, contract)
    rows = published(world, "field-visits", PERIOD)
    assert {row["statut"] for row in rows} == {"publié", "secret"}
    assert all(row["foyers"] >= 10 for row in rows if row["statut"] == "publié")
    assert all((row["foyers"], row["visites"]) == (None, None) for row in rows if row["statut"] == "secret")
    assert any(row["code_commune"] == "49007" and row["statut"] == "publié" for row in rows)


def test_remarks_are_kept_without_those_they_name(world: World) -> None:
    contract = world.hub.territory.contracts[DatasetId("field-visits")]
    canaries = make_canaries(40, 9)
    hand_over(world, contract, visits.visits(*OCTOBER, 60, 1, canaries=canaries), "visites.csv")
    world.collect(contract)
    found = read_pointer(world.hub.private, "field-visits", 1, PERIOD)
    assert found is not None
    (part,) = read_manifest(world.hub.private, found[0]).parts
    rows = [row for batch in read_parquet(world.hub.private, part) for row in batch.to_pylist()]
    texts = " ".join(row["observations"] or "" for row in rows)
    assert "<NOM>" in texts
    assert not [value for value in canaries.every() if value in texts]
    assert set(rows[0]).isdisjoint({"nom", "telephone", "adresse", "agent"})
