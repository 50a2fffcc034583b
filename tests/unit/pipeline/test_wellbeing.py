"""Answers on well-being: pseudonymised by the operator, recognised here, published as protected figures alone."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from datetime import date

import pyarrow as pa
import pytest

from anonymization.pseudonyms import Action, ClientScope, CustodyRefusedError, MemoryCustodian, to_base32
from pipeline.errors import NotApprovedError
from pipeline.hub import RunCustody, RunRequest
from pipeline.rotation.rotate import rotate
from policies.contract import Contract, DatasetId
from stack.operators import wellbeing
from storage import list_rejects, read_manifest, read_parquet, read_pointer
from tests.feeds import approve, hand_over, published
from tests.journey_world import World

OCTOBER = (date(2026, 10, 1), date(2026, 11, 1))
PERIOD = "2026-10"
PEOPLE = 400


@pytest.fixture
def contract(world: World) -> Contract:
    return world.hub.territory.contracts[DatasetId("wellbeing")]


@pytest.fixture
def at_source(custodian: MemoryCustodian, world: World) -> wellbeing.AtSource:
    """What the operator does, with a token for its domain alone."""
    scope = ClientScope(frozenset({Action.PSEUDONYMIZE}), frozenset({wellbeing.DOMAIN}))
    operator = custodian.with_token(custodian.add_client(scope, quota=10_000))

    def ask(identifiers: Sequence[str]) -> Sequence[str]:
        answers = operator.pseudonymize(wellbeing.DOMAIN, [pa.array(identifiers, pa.string())])
        texts = [text for answer in answers for text in to_base32(answer).to_pylist()]
        return [f"{wellbeing.DOMAIN}:{answers.origin.epoch}:{text}" for text in texts]

    return ask


def trusted(world: World) -> pa.Table:
    found = read_pointer(world.hub.private, "wellbeing", 1, PERIOD)
    assert found is not None
    parts = read_manifest(world.hub.private, found[0]).parts
    return pa.Table.from_batches([batch for part in parts for batch in read_parquet(world.hub.private, part)])


def test_pseudonyms_made_at_source_are_the_ones_custody_would_make(
    world: World, contract: Contract, at_source: wellbeing.AtSource, custodian: MemoryCustodian
) -> None:
    people = [one.account for one in wellbeing.make_participants(20, 1)]
    fed = hand_over(world, contract, wellbeing.answers(*OCTOBER, 20, 1, at_source), "reponses_2026-10.json")
    counts = world.collect(fed).counts
    assert (counts["rows_in"], counts["rejected"], counts["stored"]) == (20, 0, 20)
    run = custodian.with_token(custodian.create_run("r", "d", domains=[wellbeing.DOMAIN], quota=20))
    (expected,) = run.pseudonymize(wellbeing.DOMAIN, [pa.array(people)])
    rows = trusted(world)
    assert set(rows["participant"].to_pylist()) == set(expected.to_pylist())
    assert rows.schema.field("participant").metadata[b"ardoise.domain"] == b"wellbeing"


def test_the_hubs_run_may_have_nothing_pseudonymised(
    world: World, contract: Contract, at_source: wellbeing.AtSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[RunRequest] = []
    give = world.hub.run_custody

    def noted(request: RunRequest) -> RunCustody:
        asked.append(request)
        return give(request)

    hub = dataclasses.replace(world.hub, run_custody=noted)
    monkeypatch.setattr(world, "as_role", lambda role: hub)
    fed = hand_over(world, contract, wellbeing.answers(*OCTOBER, 20, 1, at_source), "reponses_2026-10.json")
    world.collect(fed)
    (run,) = [request for request in asked if request.domains]
    assert (run.domains, run.quota) == (("wellbeing",), 0)
    with pytest.raises(CustodyRefusedError, match="identifiers"):
        list(give(run).pseudonymize(wellbeing.DOMAIN, [pa.array(["epic-001-00001"])]))


def test_only_protected_figures_leave_and_only_once_a_person_agreed(
    world: World, contract: Contract, at_source: wellbeing.AtSource
) -> None:
    fed = hand_over(world, contract, wellbeing.answers(*OCTOBER, PEOPLE, 1, at_source), "reponses_2026-10.json")
    world.collect(fed)
    verdict = world.judge(PERIOD, fed)
    assert verdict.word == "needs_approval", verdict.reasons
    with pytest.raises(NotApprovedError):
        world.publish(PERIOD, verdict.candidate, fed)
    approve(world, fed, PERIOD, verdict.candidate)
    world.publish(PERIOD, verdict.candidate, fed)
    rows = published(world, "wellbeing", PERIOD)
    assert {row["statut"] for row in rows} == {"publié", "secret"}
    shown = [row for row in rows if row["statut"] == "publié"]
    assert len(shown) > 5
    assert all(row["participants"] >= 10 and 0 <= row["moral_moyen"] <= 10 for row in shown)
    assert all(row["moral_points"] is None for row in rows if row["statut"] == "secret")
    assert not set(rows[0]) & {"participant", "date", "sommeil", "activite", "moral"}


def test_a_name_in_place_of_a_pseudonym_goes_to_quarantine_and_no_further(
    world: World, contract: Contract, at_source: wellbeing.AtSource
) -> None:
    def careless(identifiers: Sequence[str]) -> Sequence[str]:
        texts = list(at_source(identifiers))
        other = texts[1].replace("wellbeing:0", "field-visits:0")
        late = texts[2].replace(":0:", ":7:")
        return ["Camille Lebreton", other, late, texts[3].lower(), texts[4][:-1] + "B", *texts[5:]]

    fed = hand_over(world, contract, wellbeing.answers(*OCTOBER, 30, 1, careless), "reponses_2026-10.json")
    counts = world.collect(fed).counts
    assert (counts["rejected_badPseudonym"], counts["rejected_otherEpoch"]) == (4, 1)
    assert counts["stored"] == 25
    assert trusted(world).num_rows == 25
    assert list(list_rejects(world.hub.private, "wellbeing"))


def test_what_the_operator_should_not_have_sent_is_not_kept(
    world: World, contract: Contract, at_source: wellbeing.AtSource
) -> None:
    data = wellbeing.answers(*OCTOBER, 20, 1, at_source, named=True)
    assert "nom" in json.loads(data)["reponses"][0]
    assert world.collect(hand_over(world, contract, data, "reponses_2026-10.json")).counts["stored"] == 20
    assert "nom" not in trusted(world).column_names


def test_after_a_rotation_pseudonyms_of_before_are_rejected_and_new_ones_taken(
    world: World, contract: Contract, at_source: wellbeing.AtSource
) -> None:
    before = wellbeing.answers(*OCTOBER, 20, 1, at_source)
    world.start_rotation("wellbeing")
    rotate(world.as_role("rotate"), "wellbeing", world.run_id())
    fed = hand_over(world, contract, before, "reponses_2026-10.json")
    assert world.collect(fed).counts["rejected_otherEpoch"] == 20
    hand_over(world, contract, wellbeing.answers(*OCTOBER, 20, 1, at_source), "reponses_2026-10b.json")
    assert world.collect(fed).counts["stored"] == 20
