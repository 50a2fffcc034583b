from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from cli.summary import summarize, table
from storage.database import METADATA, memory_engine
from storage.journal import Journal

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def journal() -> Journal:
    engine = memory_engine()
    METADATA.create_all(engine)
    return Journal(engine)


def collect(journal: Journal, run: str, at: datetime, **counts: int) -> None:
    journal.start_stage(run, "water-meters", None, "deidentify", at)
    journal.finish_stage(run, "water-meters", None, "deidentify", counts, 2.5, "succeeded", None)


def test_runs_since_the_start_are_added_up(journal: Journal) -> None:
    collect(journal, "before", NOW - timedelta(days=1), rows_in=7)
    collect(journal, "a", NOW, rows_in=1_000, rejected=10, not_covered=300)
    collect(journal, "b", NOW + timedelta(minutes=1), rows_in=500, rejected=1)
    line = summarize(journal, "water-meters", NOW)
    assert (line.rows_in, line.rejected, line.not_covered, line.seconds) == (1_500, 11, 300, 5.0)
    assert (line.published, line.verdict) == (0, "aucun")


def test_the_table_says_it_in_french(journal: Journal) -> None:
    collect(journal, "a", NOW, rows_in=1_350_000)
    screen = io.StringIO()
    console = Console(file=screen, width=120)
    console.print(table([summarize(journal, "water-meters", NOW)]))
    text = screen.getvalue()
    assert "non couvertes" in text
    assert "1 350 000" in text
