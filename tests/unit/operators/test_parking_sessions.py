"""Parking sessions: a file a day that the contract reads, with plates that come back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow.compute as pc

from anonymization.pseudonyms import canonicalize
from policies.contract import CanonicalForm
from stack.operators import sessions
from stack.operators.canaries import make_canaries
from stack.operators.feeds import parking_sessions
from tests.unit.operators.support import SPOILT, read, world

DAY = date(2026, 11, 20)


def test_the_days_that_are_over_are_sent_once_each(tmp_path: Path) -> None:
    here = world(tmp_path)
    parking_sessions.files(here)
    found = sorted((tmp_path / "accounts" / "stationnement-angers" / "sessions").iterdir())
    assert [file.name for file in found] == [f"sessions_2026-11-{day}.csv" for day in range(19, 22)]
    before = found[0].stat().st_mtime_ns
    parking_sessions.files(here)
    assert found[0].stat().st_mtime_ns == before
    table, rejects, _ = read("parking-sessions", found[0].read_bytes())
    assert rejects == []
    assert table.num_rows == 1_500
    assert table["duree_min"].null_count == table["plaque"].null_count == 0
    assert table["usager"].null_count == 1_500  # not even read


def test_plates_are_plates_and_come_back() -> None:
    days = [sessions.day_file(date(2026, 11, day), 600, ["Gare"], 7) for day in (19, 20)]
    plates = [canonicalize(CanonicalForm.PLATE, read("parking-sessions", day)[0]["plaque"]) for day in days]
    first, second = (set(found.combine_chunks().to_pylist()) for found in plates)
    assert None not in first | second
    assert len(first & second) > 50


def test_spoilt_lines_are_rejected_one_by_one_and_canaries_are_there(tmp_path: Path) -> None:
    canaries = make_canaries(30, seed=9)
    text = sessions.day_file(DAY, 1_000, ["Gare"], 7, defects=SPOILT, canaries=canaries)
    table, rejects, _ = read("parking-sessions", text)
    assert {row["code"] for row in rejects} == {"badInteger", "columnCount"}
    assert table["plaque"].null_count > 0
    assert len(set(canaries.plates) & set(table["plaque"].to_pylist())) == 30
    assert len(pc.unique(table["ticket"])) < table.num_rows
