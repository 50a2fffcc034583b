from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stack.airflow_client import SETTLING, _rests


def question(state: str, *, first_asked: timedelta, started: timedelta | None) -> dict[str, object]:
    now = datetime.now(UTC)
    start = None if started is None else (now - started).isoformat()
    return {"created_at": (now - first_asked).isoformat(), "task_instance": {"state": state, "start_date": start}}


@pytest.mark.parametrize(
    ("state", "first_asked", "started", "rests"),
    [
        ("awaiting_input", 2 * SETTLING, 2 * SETTLING, True),
        ("awaiting_input", timedelta(0), None, False),
        ("awaiting_input", timedelta(hours=1), timedelta(0), False),  # asked again
        ("running", timedelta(hours=1), timedelta(hours=1), False),
    ],
)
def test_a_question_rests_once_its_task_has_stood_still(
    state: str, first_asked: timedelta, started: timedelta | None, rests: bool
) -> None:
    assert _rests(question(state, first_asked=first_asked, started=started)) is rests
