"""Contributions to the Forum: with their authors' consent, naming nobody, and once a person read them."""

from __future__ import annotations

import json
from datetime import date

import pytest

from pipeline.errors import ConsentChangedError, NotApprovedError
from policies.contract import Contract, DatasetId
from stack.operators import forum
from stack.operators.canaries import Canaries, make_canaries
from tests.feeds import approve, hand_over, published
from tests.journey_world import World

OCTOBER = (date(2026, 10, 1), date(2026, 11, 1))
PERIOD = "2026-10"
COUNT = 160


@pytest.fixture
def canaries() -> Canaries:
    return make_canaries(30, 9)


@pytest.fixture
def taken_in(world: World, canaries: Canaries) -> Contract:
    world.consenting.give(forum.signed(COUNT, 1, canaries).to_pylist())
    contract = world.hub.territory.contracts[DatasetId("forum-contributions")]
    found = forum.contributions(*OCTOBER, COUNT, 1, canaries=canaries)
    fed = hand_over(world, contract, json.dumps(found, ensure_ascii=False).encode(), "contributions.json")
    world.collect(fed)
    return fed


def test_nothing_appears_before_a_person_has_read_it(world: World, taken_in: Contract) -> None:
    verdict = world.judge(PERIOD, taken_in)
    assert verdict.word == "needs_approval", verdict.reasons
    with pytest.raises(NotApprovedError):
        world.publish(PERIOD, verdict.candidate, taken_in)
    assert world.catalogue.tables == {}


def test_what_appears_is_of_authors_who_agreed_and_names_nobody(
    world: World, taken_in: Contract, canaries: Canaries
) -> None:
    verdict = world.judge(PERIOD, taken_in)
    approve(world, taken_in, PERIOD, verdict.candidate)
    world.publish(PERIOD, verdict.candidate, taken_in)
    rows = published(world, "forum-contributions", PERIOD)
    agreed = set(forum.signed(COUNT, 1, canaries).to_pylist())
    found = forum.contributions(*OCTOBER, COUNT, 1, canaries=canaries)
    theirs = [one for one in found if one["auteur"] in agreed]
    assert 0 < len(rows) <= len(theirs) < len(found)
    assert set(rows[0]) == {"mois", "theme", "texte"}
    texts = " ".join(row["texte"] for row in rows)
    assert "<COURRIEL>" in texts
    surnames = [name.rpartition(" ")[2] for name in canaries.names]
    assert not [value for value in (*canaries.every(), *surnames) if value in texts]
    authors: dict[str, set[str]] = {}
    for one in theirs:
        authors.setdefault(one["theme"], set()).add(one["auteur"])
    assert all(len(authors[row["theme"]]) >= 5 for row in rows)


def test_an_author_who_withdraws_is_in_no_new_release(world: World, taken_in: Contract, canaries: Canaries) -> None:
    world.consenting.withdraw(forum.signed(COUNT, 1, canaries).to_pylist()[:1])
    with pytest.raises(ConsentChangedError):
        world.judge(PERIOD, taken_in)
