"""Residents' reports as the simulated operator delivers them, from landing to what is open."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from stack.operators import reports
from tests.journey_world import World

NOW = datetime(2026, 11, 5, 8, tzinfo=UTC)


def test_residents_reports_are_published_by_place_without_who_sent_them(world: World) -> None:
    month = reports.month_of_reports(NOW.date().replace(month=10, day=1), 400, 49007, NOW)
    world.take_in("citizen-reports", json.dumps(month).encode(), part="requests/0001.json")
    verdict, table = world.publish_approved("citizen-reports", "2026-10")
    assert verdict.word == "needs_approval"
    assert 250 < table.num_rows < 400
    assert not {"compte", "texte", "numero"} & set(table.column_names)
