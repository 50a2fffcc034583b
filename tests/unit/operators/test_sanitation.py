"""The sewer network: Windows-1252, decimal commas, the clock on the wall through days of 23 and 25 hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pyarrow.compute as pc
import pytest

from stack.operators.sanitation import csv_file, lines, points
from tests.unit.operators.decoding import SPOILT, as_read, clean_table
from tests.unit.sources.support import codes

MEASURED = points(6, 49007)
DAY = date(2026, 11, 3)


@pytest.mark.parametrize(
    ("day", "hours", "first"),
    [
        (date(2026, 3, 29), 23, datetime(2026, 3, 28, 23, tzinfo=UTC)),
        (date(2026, 10, 25), 25, datetime(2026, 10, 24, 22, tzinfo=UTC)),
        (DAY, 24, datetime(2026, 11, 2, 23, tzinfo=UTC)),
    ],
)
def test_every_instant_of_a_day_is_read_once(day: date, hours: int, first: datetime) -> None:
    table = clean_table("sanitation", csv_file(MEASURED, day, 1))
    assert table.num_rows == 12 * hours * len(MEASURED)
    instants = sorted(set(table["instant"].to_pylist()))
    assert instants == [first + number * timedelta(minutes=5) for number in range(12 * hours)]


def test_values_come_in_the_contract_s_units() -> None:
    table = clean_table("sanitation", csv_file(MEASURED, DAY, 1))
    written = [line.split(";") for line in lines(MEASURED, DAY, 1)]
    millimetres = [float(fields[6].replace(",", ".")) for fields in written]
    litres = [float(fields[7].replace(",", ".")) for fields in written]
    assert table["hauteur_m"].to_pylist() == pytest.approx([value / 1000 for value in millimetres])
    assert table["debit"].to_pylist() == pytest.approx([value * 3.6 for value in litres])


def test_an_overflow_is_told_where_it_rains_hard() -> None:
    days = [date(2026, 11, number) for number in range(1, 15)]
    spilling = [clean_table("sanitation", csv_file(MEASURED[1:2], day, 1)) for day in days]
    found = [table.filter(pc.equal(table["etat"], "déversement")) for table in spilling]
    assert sum(table.num_rows for table in found) > 3
    assert all(set(table["type"].to_pylist()) <= {"déversoir d'orage"} for table in found)
    assert all(pc.all(pc.greater_equal(table["volume_deverse_m3"], 0)).as_py() is not False for table in found)


def test_only_the_planted_defects_are_rejected() -> None:
    sent = lines(MEASURED, DAY, 1, SPOILT)
    table, rejects, _ = as_read("sanitation", csv_file(MEASURED, DAY, 1, SPOILT))
    cut = {position for position, line in enumerate(sent) if line.count(";") < 9}
    flow = {position for position, line in enumerate(sent) if ";HS;" in line}
    assert {(row[0], row[1]) for row in codes(rejects)} == (
        {(position, "columnCount") for position in cut} | {(position, "badNumber") for position in flow}
    )
    assert table.num_rows == len(sent) - len(cut) - len(flow)
    assert table["etat"].null_count > 3
