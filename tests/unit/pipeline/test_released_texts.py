"""Redacted text among what is published: looked through twice, and refused for one identifier that somebody brought."""

from __future__ import annotations

import re
from dataclasses import replace

from pipeline.candidate import read_candidate
from policies.contract import Contract, Privacy, PrivacyCategory, Redaction, ReleasedColumn, Technique
from tests.journey_world import World, days, meters, readings
from tests.records_journey import COLUMNS, by_records

NOTES = (
    "un petit portail à Angers",
    "Mme Kerbrat absente, 06 39 98 12 34",
    "compteur au fond, rue Volney",
    "rien à dire",
)


def publishing_notes(world: World) -> Contract:
    """The meters' contract row by row, with what agents write where the address stood."""
    contract = by_records(world.water)
    text = Privacy(PrivacyCategory.FREE_TEXT, Technique.REDACT, redaction=Redaction(model=False))
    columns = tuple(
        replace(column, privacy=text) if column.name == "adresse" else column for column in contract.columns
    )
    release = replace(contract.release, columns=(*COLUMNS, ReleasedColumn("note", ("adresse",), "string")))
    return replace(contract, columns=columns, release=release, approval=True)


def noted(notes: tuple[str, ...]) -> list[str]:
    lines = readings(meters(30), days(2))
    return [
        re.sub(r"\d+ rue de la Loire 49000 Angers", notes[number % len(notes)], line)
        for number, line in enumerate(lines)
    ]


def test_clean_texts_wait_for_somebody_to_read_them(world: World) -> None:
    contract = publishing_notes(world)
    world.drop("releves_10.csv", noted(NOTES))
    world.collect(contract)
    verdict = world.judge("2026-10", contract)
    assert verdict.word == "needs_approval", verdict.reasons
    notes = set(read_candidate(world.hub.private, verdict.candidate, evidence=False).table["note"].to_pylist())
    assert "Mme <NOM> absente, <TELEPHONE>" in notes
    assert not any("Kerbrat" in note for note in notes)


def test_one_identifier_that_the_detector_missed_refuses_and_is_not_quoted(world: World) -> None:
    contract = publishing_notes(world)
    world.drop("releves_10.csv", noted((*NOTES, "à la place du C000017, sans doute", "vu avec le C-000018")))
    world.collect(contract)
    verdict = world.judge("2026-10", contract)
    assert verdict.word == "refused"
    (told,) = (reason for reason in verdict.reasons if "« note »" in reason)
    assert "2 texte(s)" in told
    assert "00001" not in " ".join(verdict.reasons)
