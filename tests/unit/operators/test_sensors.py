"""Air and soil: messages are arrays of entities that the contract reads; what is broken spoils itself alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow.compute as pc
import pytest

from stack.operators.feeds import air_quality, irrigation
from tests.unit.operators.support import SPOILT, read, world

AT = datetime(2026, 11, 21, 18, tzinfo=UTC)
FEEDS = [("air-quality", air_quality, 6, "nox"), ("irrigation", irrigation, 12, "humidite")]


@pytest.mark.parametrize(("dataset", "feed", "count", "main"), FEEDS)
def test_messages_read_without_a_reject(tmp_path: Path, dataset: str, feed, count: int, main: str) -> None:
    sent = list(feed.messages(world(tmp_path), AT))
    assert sent == list(feed.messages(world(tmp_path), AT))
    batch = b"".join(message + b"\n" for _, message in sent)
    table, rejects, _ = read(dataset, batch, name="messages.ndjson")
    assert rejects == []
    assert table.num_rows == count
    assert pc.unique(table["horodatage"]).to_pylist() == [AT]
    assert not any(column.null_count for column in table.columns)


@pytest.mark.parametrize(("dataset", "feed", "count", "main"), FEEDS)
def test_a_broken_entity_spoils_itself_alone(tmp_path: Path, dataset: str, feed, count: int, main: str) -> None:
    spoilt = world(tmp_path, SPOILT)
    days = [AT.replace(hour=hour) for hour in range(24)]
    batch = b"".join(message + b"\n" for at in days for _, message in feed.messages(spoilt, at))
    table, rejects, _ = read(dataset, batch, name="messages.ndjson")
    assert table.num_rows + len(rejects) == 24 * count
    assert {row["code"] for row in rejects} == {"notEntity", "badNumber"}
    assert table[main].null_count > 0
