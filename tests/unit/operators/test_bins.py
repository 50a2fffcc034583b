"""Bins' chips over a week: read by the contract, planted, spoilt."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from sources import decoder
from stack.operators import bins
from stack.operators.canaries import make_canaries
from stack.operators.defects import NO_DEFECTS
from stack.operators.feeds import household_bin_lifts
from stack.operators.world import Size, World
from tests.unit.sources.support import TERRITORY, contract, decode

MONDAY = date(2026, 10, 19)  # of the week whose Sunday has 25 hours


def test_lifts_are_read_in_the_hours_of_paris() -> None:
    made = contract("household-bin-lifts")
    table, rejects, _ = decode(decoder(made, TERRITORY), "household-bin-lifts", bins.lifts(MONDAY, 50, 1))
    assert rejects == []
    times = table["instant"].to_pylist()
    assert all(datetime(2026, 10, 19, tzinfo=UTC) <= at < datetime(2026, 10, 25, tzinfo=UTC) for at in times)
    assert all(3 <= at.hour < 9 for at in times)  # from five o'clock on in Paris, in summer time
    chips = table["puce"].to_pylist()
    assert len(chips) == table.num_rows > len(set(chips)) > 30


def test_lifts_are_the_same_again_and_bins_are_planted() -> None:
    canaries = make_canaries(5, 9)
    first, again = (bins.lifts(MONDAY, 40, 1, canaries=canaries) for _ in range(2))
    assert first == again != bins.lifts(MONDAY, 40, 2, canaries=canaries)
    assert set(canaries.chips) <= {one.chip for one in bins.make_bins(40, 1, canaries)}


def test_a_chip_spelt_otherwise_is_the_same_chip() -> None:
    plain = bins.lifts(MONDAY, 60, 1).decode("latin-1").splitlines()[1:]
    spelt = bins.lifts(MONDAY, 60, 1, defects=NO_DEFECTS.changed({"misspelt": 1.0})).decode("latin-1").splitlines()[1:]
    chips = [[line.partition(";")[0] for line in lines] for lines in (plain, spelt)]
    assert chips[0] != chips[1]
    assert chips[0] == [chip.replace(" ", "").upper() for chip in chips[1]]


def test_the_weeks_that_are_over_are_sent_once(tmp_path: Path) -> None:
    account = tmp_path / "account"
    now = datetime(2026, 11, 22, 11, tzinfo=UTC)
    world = World(1, Size(10, 300, 0.001), tmp_path, TERRITORY.folder, lambda: now, account=account)
    household_bin_lifts.files(world)
    found = {path.name: path.stat().st_mtime_ns for path in account.rglob("*.csv")}
    assert set(found) == {"levees_2026-W45.csv", "levees_2026-W46.csv"}
    household_bin_lifts.files(world)
    assert {path.name: path.stat().st_mtime_ns for path in account.rglob("*.csv")} == found
