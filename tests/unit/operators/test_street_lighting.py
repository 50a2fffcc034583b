"""Street lighting: what gateways post is what the contract reads, and behaves as lamps do."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.compute as pc

from stack.operators import lighting
from stack.operators.feeds import street_lighting
from tests.unit.operators.support import SPOILT, read, world

EVENING = datetime(2026, 11, 21, 18, tzinfo=UTC)


def test_an_hour_reads_without_a_reject_and_other_attributes_and_events_are_passed_over(tmp_path: Path) -> None:
    (body,) = street_lighting.posts(world(tmp_path), EVENING)
    kinds = [entry["data"] for report in json.loads(body) for entry in report["entries"]]
    assert {one.get("attributeName", one.get("eventType")) for one in kinds} == {
        "activePower",
        "operatingHours",
        "lampFailure",
    }
    table, rejects, _ = read("street-lighting", body)
    assert rejects == []
    assert table.num_rows == 450 * 6
    assert table["code_commune"].to_pylist() == [point[:5] for point in table["point"].to_pylist()]
    assert len(pc.unique(table["code_commune"])) > 20


def test_an_hour_is_the_same_whenever_it_is_asked_and_large_ones_are_cut() -> None:
    lamps = lighting.make_lamps(4_000, 7)
    bodies = lighting.reports(lamps, EVENING, 7)
    assert bodies == lighting.reports(lighting.make_lamps(4_000, 7), EVENING, 7)
    assert sum(len(report["entries"]) for report in json.loads(bodies[0])) == lighting.MOST_ENTRIES
    assert read("street-lighting", *bodies)[0].num_rows == 24_000


def test_lamps_burn_at_night_and_half_as_bright_in_the_middle_of_it() -> None:
    june = [lighting.light(datetime(2026, 6, 21, hour, tzinfo=UTC)) for hour in range(24)]
    december = [lighting.light(datetime(2026, 12, 21, hour, tzinfo=UTC)) for hour in range(24)]
    assert sum(level > 0 for level in june) < 9 < 13 < sum(level > 0 for level in december)
    assert december[1] == 0.5
    assert june[12] == december[12] == 0


def test_spoilt_entries_are_rejected_one_by_one(tmp_path: Path) -> None:
    (body,) = street_lighting.posts(world(tmp_path, SPOILT), EVENING)
    table, rejects, _ = read("street-lighting", body)
    assert table.num_rows + len(rejects) > 450 * 6
    assert {row["code"] for row in rejects} == {"badNumber"}
    assert 0.02 < table["puissance_w"].null_count / table.num_rows < 0.1
