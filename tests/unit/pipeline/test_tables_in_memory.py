"""Protected tables in the journey: what is remembered of them, how long, and what certificate and file say."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from anonymization.secrecy import check
from pipeline.assess import assess
from pipeline.candidate import read_candidate
from pipeline.errors import NotPublishableError
from pipeline.rotation.retire import retire
from pipeline.rotation.rotate import rotate
from storage import Part, Zone, write_manifest, write_parquet
from tests.journey_world import World, days, meters, readings

PERIOD = "2026-10"


@pytest.fixture
def released(world: World) -> World:
    """A month of four communes, one of them with too few meters; out."""
    world.consenting.give(meters(80))
    lines = []
    for first, count, insee in ((0, 30, "49007"), (30, 25, "49020"), (55, 6, "49129"), (61, 19, "49214")):
        lines += readings(meters(count, first), days(2), insee=insee)
    world.drop("releves_a.csv", lines)
    world.collect()
    world.release(PERIOD)
    return world


def memories(world: World) -> list[str]:
    return [found.key for found in world.hub.private.list("memory/")]


def correct(world: World, count: int, *, name: str, version: int = 2) -> None:
    world.drop(name, readings(meters(count), days(2), litres=300, version=version))
    world.collect()


def test_the_certificate_and_the_file_tell_how_to_check(released: World):
    assert released.commune(PERIOD, "49129")["statut"] == "secret"
    key = next(found.key for found in released.hub.open.list("water-meters/") if found.key.endswith("certificat.json"))
    certificate = json.loads(released.hub.open.get(key))
    (section,) = certificate["sections"]
    told = " ".join(section["sentences"])
    for words in ("moins de 10 unités", "optimal", "Un attaquant", "anonymization.secrecy.check"):
        assert words in told, words
    assert "1 secrète(s) parce que trop peu d'unités y sont" in told
    assert not {"rows_in", "suppressed_rows"} & set(certificate["counts"])
    assert "suppressed_share" not in certificate["measures"]
    file = next(found.key for found in released.hub.open.list("water-meters/") if found.key.endswith("10.parquet"))
    found = check.check_published(pq.read_table(io.BytesIO(released.hub.open.get(file))))
    assert {(one.figure, one.secret) for one in found} == {("consommation_totale_l", 2), ("foyers_participants", 2)}


def test_a_candidate_that_gives_a_cell_away_is_not_published(released: World):
    """Somebody writes a candidate by hand: the cell hidden for another is shown."""
    verdict = released.judge(PERIOD)
    candidate = json.loads(released.hub.private.get(verdict.candidate.key))
    made = read_candidate(released.hub.private, verdict.candidate, evidence=True)
    rows = made.table.to_pylist()
    small = next(row for row in rows if row["code_commune"] == "49129")
    hidden = next(row for row in rows if row["statut"] == "secret" and row is not small)
    litres = [200 + 2 * n for n in range(30)]
    place = {"49007": 30, "49020": 25, "49214": 19}[hidden["code_commune"]]
    total = sum(litres[:place])
    shown = {"foyers_participants": place, "consommation_totale_l": total, "statut": "publié"}
    hidden |= {**shown, "consommation_moyenne_l": round(total / place, 1)}
    table = made.table.from_pylist(rows, schema=made.table.schema)
    part = write_parquet(
        released.hub.private, "candidate/water-meters/v1/2026-10/forged.parquet", [table], table.schema
    )
    parts = (part.part, *(Part(**one) for one in candidate["parts"][1:]))
    fields = {**candidate, "zone": Zone.CANDIDATE, "parts": parts, "content": part.content}
    fields |= {name: tuple(fields[name]) for name in ("inputs", "deliveries")}
    fields.pop("format")
    ref = write_manifest(released.hub.private, type(made.manifest)(**fields))
    forged = assess(released.as_role("assess"), released.water, "run", PERIOD, ref)
    assert forged.word == "refused"
    assert any("se déduisent" in reason for reason in forged.reasons), forged.reasons
    with pytest.raises(NotPublishableError):
        released.publish(PERIOD, ref)


def test_what_is_remembered_is_forgotten_once_nothing_can_be_corrected(released: World):
    assert len(memories(released)) == 1
    before = released.published(PERIOD)
    released.clock.forward(released.water.corrections + timedelta(days=2))
    released.consenting.give(meters(1, 900))
    released.drop("releves_b.csv", readings(meters(30), days(2, released.clock.at.date() - timedelta(days=40))))
    collected = released.collect()
    other = next(period for period in (*collected.dirty, *collected.still_open) if period != PERIOD)
    released.judge(other)
    assert all(PERIOD not in key for key in memories(released))
    assert released.published(PERIOD).equals(before)


def test_after_a_rotation_the_table_stays_as_it_was_published(released: World):
    before = released.published(PERIOD)
    released.start_rotation("water-meters")
    rotate(released.as_role("rotate"), "water-meters", released.run_id())
    correct(released, 30, name="releves_b.csv")
    for name in ("un", "deux"):
        verdict = released.judge(PERIOD)
        assert any("une rotation a changé les pseudonymes depuis" in reason for reason in verdict.reasons), name
        released.publish(PERIOD, verdict.candidate)
        assert released.published(PERIOD).equals(before)
    released.clock.forward(timedelta(days=2))
    retire(released.as_role("rotate"))
    assert memories(released) == []
    correct(released, 30, name="releves_c.csv", version=3)
    verdict = released.judge(PERIOD)
    assert any("figé" in reason for reason in verdict.reasons), verdict.reasons
    released.publish(PERIOD, verdict.candidate)
    assert released.published(PERIOD).equals(before)


def test_a_release_run_again_writes_nothing_new(released: World):
    correct(released, 30, name="releves_b.csv")
    released.release(PERIOD)
    known = {found.key for found in released.hub.private.list("candidate/")} | set(memories(released))
    first = released.judge(PERIOD)
    assert released.judge(PERIOD).candidate == first.candidate
    assert {found.key for found in released.hub.private.list("candidate/")} | set(memories(released)) == known
