"""Counts by zone: pages that a cursor links, and numbers only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.operators.video import counts, page, zones
from tests.unit.operators.decoding import SPOILT, clean_table, only_the_planted_are_rejected

ZONES = zones(20, 49007)
START = datetime(2026, 11, 3, tzinfo=UTC)


def test_pages_linked_by_a_cursor_hold_everything_once() -> None:
    sent = counts(ZONES, START, START + timedelta(hours=2), 1)
    found: list[dict[str, Any]] = []
    cursor = None
    while answer := page(sent, cursor, 33):
        found += answer["comptages"]
        if (cursor := answer["suivant"]) is None:
            break
    assert found == sent
    with pytest.raises(ValueError, match="no such cursor"):
        page(sent, "-1", 33)


def test_it_is_read_as_counts() -> None:
    table = clean_table("video-protection", page(counts(ZONES, START, START + timedelta(hours=1), 1), None, 1_000))
    assert table.num_rows == 4 * len(ZONES)
    assert all(isinstance(row["pietons"], int) and row["intrusions"] in range(5) for row in table.to_pylist())


def test_only_the_planted_defects_are_rejected() -> None:
    sent = counts(ZONES, START, START + timedelta(hours=1), 1, SPOILT)
    table = only_the_planted_are_rejected("video-protection", sent, {"comptages": sent}, "pietons", "badInteger")
    assert table["velos"].null_count > 3
