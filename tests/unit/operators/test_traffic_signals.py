"""Faults of traffic signals: DATEX II, versions that grow, one document renewed whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from stack.operators.signals import faults, intersections, publication
from tests.unit.operators.decoding import SPOILT, as_read, clean_table
from tests.unit.sources.support import codes

CONTROLLED = intersections(180, 49007)
SINCE, NOW = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 5, 8, tzinfo=UTC)


def test_the_document_is_read_as_it_was_made() -> None:
    table = clean_table("traffic-signals", publication(CONTROLLED, SINCE, NOW, 1))
    known = faults(CONTROLLED, SINCE, NOW, 1)
    assert len(known) > 60
    assert [
        (row["panne"], row["carrefour"], row["nature"], row["debut"], row["fin"], row["version"], row["longitude"])
        for row in table.to_pylist()
    ] == [
        (
            f"{one.identifier}-1",
            one.at.code,
            one.kind,
            one.began,
            one.ended,
            1 if one.ended is None else 2,
            one.at.longitude,
        )
        for one in known
    ]


def test_a_fault_that_is_mended_comes_again_under_a_larger_version() -> None:
    during = faults(CONTROLLED, SINCE, NOW, 1)[-1].began + timedelta(minutes=2)
    lasting = [one for one in faults(CONTROLLED, SINCE, during, 1) if one.ended is None]
    later = {one.identifier: one for one in faults(CONTROLLED, SINCE, during + timedelta(days=20), 1)}
    assert lasting
    assert all(later[one.identifier].ended is not None for one in lasting)
    assert all(later[one.identifier].began == one.began for one in lasting)


def test_the_same_moment_gives_the_same_bytes_and_nothing_new_changes_none() -> None:
    document = publication(CONTROLLED, SINCE, NOW, 1)
    newest = max(one.ended or one.began for one in faults(CONTROLLED, SINCE, NOW, 1))
    assert document == publication(CONTROLLED, SINCE, newest, 1)


def test_only_the_planted_defects_are_rejected() -> None:
    document = publication(CONTROLLED, SINCE, NOW, 1, SPOILT)
    records = document.count(b"<situationRecord ")
    planted = document.count(b"<overallStartTime>en panne")
    table, rejects, positions = as_read("traffic-signals", document)
    assert planted > 3
    column = "validityTimeSpecification.overallStartTime"
    assert {(code, name) for _, code, name in codes(rejects)} == {("badTimestamp", column)}
    assert len(rejects) == planted
    assert sorted([*positions, *(row["position"] for row in rejects)]) == list(range(records))
    assert table["debut"].null_count > 3
    assert records > len(faults(CONTROLLED, SINCE, NOW, 1))  # some came twice
