"""Drop-off containers: key-values, levels that rise until a round empties them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from stack.operators.defects import NO_DEFECTS
from stack.operators.waste import containers, levels
from tests.unit.operators.decoding import SPOILT, clean_table, only_the_planted_are_rejected

PLACED = containers(60, 49007)
START = datetime(2026, 11, 2, tzinfo=UTC)


def test_both_forms_give_the_same_rows() -> None:
    simple, normalized = (
        clean_table("waste-containers", levels(PLACED, START, START, 1, NO_DEFECTS, form))
        for form in ("keyValues", "normalized")
    )
    assert simple == normalized
    assert simple.num_rows == len(PLACED)


def test_a_container_fills_until_its_round() -> None:
    table = clean_table("waste-containers", levels(PLACED[:8], START, START + timedelta(days=30), 1))
    histories: dict[str, list[tuple[float, datetime]]] = {}
    for row in table.to_pylist():
        histories.setdefault(row["conteneur"], []).append((row["remplissage"], row["dernier_vidage"]))
        assert row["dernier_vidage"] <= row["instant"] < row["prochain_passage"]
    for history in histories.values():
        for (level, emptied), (later, emptied_later) in pairwise(history):
            assert later >= level - 0.021 if emptied_later == emptied else later < 0.1
    assert max(level for history in histories.values() for level, _ in history) <= 1


def test_only_the_planted_defects_are_rejected() -> None:
    sent = levels(PLACED, START, START + timedelta(hours=8), 1, SPOILT)
    table = only_the_planted_are_rejected("waste-containers", sent, sent, "fillingLevel")
    assert table["instant"].null_count > 3
