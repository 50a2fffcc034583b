"""Bills and forms that people typed: dialects of spreadsheets, and what an agent writes about people."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from sources import decoder
from stack.operators import bills, visits
from stack.operators.canaries import make_canaries
from stack.operators.defects import NO_DEFECTS
from stack.operators.feeds import communal_bills, field_visits
from stack.operators.territory import places
from stack.operators.world import Size, World
from tests.unit.sources.support import TERRITORY, contract, decode

OCTOBER = (date(2026, 10, 1), date(2026, 11, 1))


def test_amounts_are_written_as_a_french_spreadsheet_does() -> None:
    assert bills.written(12345.6) == "12 345,60"
    assert bills.written(0.5) == "0,50"


def test_bills_are_read_with_their_accents_and_amounts() -> None:
    data = bills.bills(places()[0], *OCTOBER, 1)
    table, rejects, _ = decode(decoder(contract("communal-bills"), TERRITORY), "communal-bills", data)
    assert rejects == []
    rows = table.to_pylist()
    assert {row["fluide"] for row in rows} == {"Électricité", "Gaz", "Eau"}
    assert max(row["quantite"] for row in rows) > 1_000  # « 12 345,60 » was read whole
    assert all(OCTOBER[0] <= row["fin"] < OCTOBER[1] and row["debut"] < row["fin"] for row in rows)
    assert len({row["facture"] for row in rows}) == len(rows)


def test_visits_are_read_and_a_dash_is_nothing() -> None:
    data = visits.visits(*OCTOBER, 60, 1)
    table, rejects, _ = decode(decoder(contract("field-visits"), TERRITORY), "field-visits", data)
    assert (table.num_rows, rejects) == (60, [])
    assert table["observations"].null_count > 0
    assert len(set(table["dossier"].to_pylist())) == 40


def test_visits_are_the_same_again_and_hold_people_in_their_remarks() -> None:
    canaries = make_canaries(30, 9)
    first, again = (visits.visits(*OCTOBER, 60, 1, canaries=canaries) for _ in range(2))
    assert first == again != visits.visits(*OCTOBER, 60, 2, canaries=canaries)
    remarks = [line.rpartition(";")[2] for line in first.decode("cp1252").splitlines()]
    planted = [value for value in canaries.every() if any(value in remark for remark in remarks)]
    assert len(planted) > 10


def test_defects_are_of_their_rates() -> None:
    spoilt = visits.visits(*OCTOBER, 400, 1, defects=NO_DEFECTS.changed({"unreadable": 0.2})).decode("cp1252")
    assert 40 < spoilt.count(";illisible;") < 120


def test_files_are_dropped_once(tmp_path: Path) -> None:
    world = World(1, Size(10, 300, 0.01), tmp_path, TERRITORY.folder, lambda: datetime(2026, 11, 22, 11, tzinfo=UTC))
    for feed in (communal_bills, field_visits):
        feed.files(world)
    found = {path.relative_to(tmp_path).as_posix(): path.stat().st_mtime_ns for path in tmp_path.rglob("*.csv")}
    assert "field-visits/visites_2026-10.csv" in found
    assert 10 < sum(name.startswith("communal-bills/") for name in found) < 29  # some communes send nothing
    for feed in (communal_bills, field_visits):
        feed.files(world)
    assert {path.relative_to(tmp_path).as_posix(): path.stat().st_mtime_ns for path in tmp_path.rglob("*.csv")} == found
