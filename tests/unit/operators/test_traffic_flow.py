"""Counted lanes: both forms of NGSI-LD, two makes of sensors, days of 23 and 25 hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow.compute as pc
import pytest

from stack.operators.defects import NO_DEFECTS
from stack.operators.traffic import PARIS, lanes, observations
from tests.unit.operators.decoding import SPOILT, clean_table, only_the_planted_are_rejected

LANES = lanes(12, 49007)
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


def test_both_forms_give_the_same_rows_in_the_contract_s_units() -> None:
    normalized, simple = (
        clean_table("traffic-flow", observations(LANES, NOON, NOON + timedelta(hours=1), 1, NO_DEFECTS, form))
        for form in ("normalized", "keyValues")
    )
    assert normalized.num_rows == 4 * len(LANES)
    rows = zip(normalized.to_pylist(), simple.to_pylist(), strict=True)
    for one, other in rows:
        assert one == other | {name: pytest.approx(other[name], abs=0.03) for name in ("occupation", "vitesse_moyenne")}
    assert {lane.metric for lane in LANES} == {True, False}  # metres a second and percent are among what was read
    assert 10 < pc.min(normalized["vitesse_moyenne"]).as_py() <= pc.max(normalized["vitesse_moyenne"]).as_py() <= 70


def test_only_the_planted_defects_are_rejected() -> None:
    sent = observations(LANES, NOON, NOON + timedelta(hours=2), 1, SPOILT)
    table = only_the_planted_are_rejected("traffic-flow", sent, sent, "intensity", "badInteger")
    assert table["vehicules"].null_count > 3  # missing: for the contract's check to tell
    assert table.num_rows > 96 * 0.8


def test_an_observation_is_the_same_whatever_was_asked_for() -> None:
    long = observations(LANES, NOON, NOON + timedelta(hours=2), 1)
    assert observations(LANES, NOON + timedelta(hours=1), NOON + timedelta(hours=2), 1) == long[48:]
    assert observations(LANES, NOON, NOON + timedelta(hours=2), 2) != long


@pytest.mark.parametrize(("day", "quarters"), [((2026, 3, 29), 92), ((2026, 10, 25), 100), ((2026, 11, 3), 96)])
def test_a_day_of_the_territory_has_its_quarters_of_an_hour(day: tuple[int, int, int], quarters: int) -> None:
    start = datetime(*day, tzinfo=PARIS)
    end = datetime(start.year, start.month, start.day + 1, tzinfo=PARIS)
    sent = observations(LANES[:1], start.astimezone(UTC), end.astimezone(UTC), 1)
    assert len({one["id"] for one in sent}) == len(sent) == quarters
