from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from storage import LineageEvent, LineageEvents, database_engine, memory_engine

NOW = datetime(2026, 11, 4, 10, 0, tzinfo=UTC)


def event(stage: str = "ingest", minutes: int = 0, state: str = "COMPLETE", **body: Any) -> LineageEvent:
    return LineageEvent(
        NOW + timedelta(minutes=minutes),
        state,
        UUID(int=7),
        "ardoise://angers",
        f"parking.{stage}",
        "parking",
        stage,
        "run",
        None,
        {"stage": stage, "minutes": minutes, "state": state} | body,
    )


@pytest.fixture(params=["memory", "postgresql"])
def events(request: pytest.FixtureRequest) -> Iterator[LineageEvents]:
    engine: Engine
    if request.param == "memory":
        engine = memory_engine()
    else:
        engine = database_engine(request.getfixturevalue("migrated_database")())
    yield LineageEvents(engine)
    engine.dispose()


def test_the_same_event_is_kept_once(events: LineageEvents) -> None:
    events.record(event(), NOW)
    events.record(event(), NOW + timedelta(hours=1))
    events.record(event(minutes=1), NOW)
    assert events.count() == 2


def test_the_latest_good_end_of_each_stage_is_read_oldest_first(events: LineageEvents) -> None:
    for one in (
        event("deidentify", 5),
        event("ingest", 1),
        event("ingest", 9, "FAIL"),
        event("ingest", 3),
        event("ingest", 2),
        event("publish", 7, "START"),
        replace(event("publish", 8), dataset=None, stage=None),
        replace(event("publish", 8, other=1), dataset="water-meters"),
    ):
        events.record(one, NOW)
    found = [(body["stage"], body["minutes"]) for body in events.latest("parking")]
    assert found == [("ingest", 3), ("deidentify", 5)]
    assert events.latest("nothing") == []
