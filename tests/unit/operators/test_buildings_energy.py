"""Communal buildings: powers by phase, energies in kWh or MWh, INSEE codes as spreadsheets leave them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow.compute as pc
import pytest

from stack.operators.buildings import buildings, measurements
from stack.operators.defects import NO_DEFECTS
from tests.unit.operators.decoding import SPOILT, clean_table, only_the_planted_are_rejected

METERED = buildings(40, 49007)
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


def test_both_forms_give_the_same_rows_in_the_contract_s_units() -> None:
    read = [
        clean_table("buildings-energy", measurements(METERED, NOON, NOON, 1, NO_DEFECTS, form))
        for form in ("normalized", "keyValues")
    ]
    for one, other in zip(*(table.to_pylist() for table in read), strict=True):
        figures = {name: pytest.approx(value, abs=0.01) for name, value in other.items() if isinstance(value, float)}
        assert one == other | figures
    normalized = read[0]
    assert {one.large for one in METERED} == {True, False}
    assert set(normalized["code_insee"].to_pylist()) == {one.insee for one in METERED}
    assert pc.min(normalized["energie_kwh"]).as_py() > 1_000


def test_one_phase_or_three() -> None:
    table = clean_table("buildings-energy", measurements(METERED, NOON, NOON, 1))
    for row in table.to_pylist():
        three = row["branchement"] == "threePhase"
        powers = [row[f"puissance_{phase}_kw"] for phase in ("l1", "l2", "l3")]
        assert [power is not None for power in powers] == [three] * 3
        assert (row["puissance_monophasee_kw"] is None) == three
    assert {True, False} == {one.three_phase for one in METERED}


def test_an_index_never_goes_back() -> None:
    table = clean_table("buildings-energy", measurements(METERED[:5], NOON, NOON + timedelta(days=3), 1))
    by_meter: dict[str, list[float]] = {}
    for row in table.to_pylist():
        by_meter.setdefault(row["compteur"], []).append(row["energie_kwh"])
    assert all(later[-1] > later[0] for later in by_meter.values())
    assert all(len(readings) == 6 * 24 + 1 for readings in by_meter.values())


def test_only_the_planted_defects_are_rejected() -> None:
    sent = measurements(METERED, NOON, NOON + timedelta(hours=1), 1, SPOILT)
    table = only_the_planted_are_rejected("buildings-energy", sent, sent, "totalActiveEnergyImport")
    assert table["energie_kwh"].null_count > 3
