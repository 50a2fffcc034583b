"""Sectors of the water network: litres and cubic metres, and nights that show the leaks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stack.operators.defects import NO_DEFECTS
from stack.operators.network import consumptions, sectors
from tests.unit.operators.decoding import SPOILT, as_read, clean_table, only_the_planted_are_rejected

METERED = sectors(32, 49007)
START = datetime(2026, 11, 3, tzinfo=UTC)


def test_litres_and_cubic_metres_become_the_contract_s_units() -> None:
    table = clean_table("water-network", consumptions(METERED, START, START, 1))
    by_code = {one.code: one for one in METERED}
    assert {one.litres for one in METERED} == {True, False}
    for row in table.to_pylist():
        sector = by_code[row["secteur"]]
        assert row["debit_minimal"] < row["volume_m3"] < row["debit_maximal"]
        assert sector.leak * 0.99 < row["debit_minimal"] < row["volume_m3"] < sector.homes * 0.1
        assert row["alerte_fuite"] == int(sector.leak > 0.003 * sector.homes)


def test_a_sector_is_never_a_single_home() -> None:
    assert min(one.homes for one in sectors(48, 1)) >= 300


def test_the_instant_is_that_of_the_measure_which_key_values_do_not_tell() -> None:
    one = consumptions(METERED[:1], START, START, 1, NO_DEFECTS, "keyValues")
    table, _, _ = as_read("water-network", one)
    assert table["instant"].to_pylist() == [None]
    assert clean_table("water-network", consumptions(METERED[:1], START, START, 1))["instant"].to_pylist() == [START]


@pytest.mark.parametrize("hours", [1, 24])
def test_only_the_planted_defects_are_rejected(hours: int) -> None:
    sent = consumptions(METERED, START, START + timedelta(hours=hours), 1, SPOILT)
    table = only_the_planted_are_rejected("water-network", sent, sent, "waterConsumption")
    assert table["code_insee"].null_count > 3
