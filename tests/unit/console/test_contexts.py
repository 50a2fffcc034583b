from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from console.contexts import Links
from console.periods import latest_closed
from console.records import StageRecord
from policies import PeriodUnit
from tests.unit.console.world import NOW, MemoryJournal, contract, journal, lineage_of, services, verdict

PARIS = ZoneInfo("Europe/Paris")


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_the_list_shows_every_contract_and_sums_up() -> None:
    page = services().reader.datasets(NOW)
    assert [card.address.rpartition("/")[2] for card in page.cards] == ["water-meters", "parking", "citizen-reports"]
    assert plain(page.summary) == "3 jeux de données, 1 attend une décision, 1 en échec"


def test_figures_come_from_the_latest_run_that_counted_them() -> None:
    page = services().reader.datasets(NOW)
    figures = {figure.label: plain(figure.value) for figure in page.cards[1].figures}
    assert figures == {
        "Lignes reçues": "5 184",
        "Lignes rejetées": "12",
        "Doublons écartés": "40",
        "Lignes conservées": "5 132",
        "Lignes publiées": "812",
    }


def test_a_dataset_that_waits_for_a_person_says_where() -> None:
    card = services().reader.datasets(NOW).cards[2]
    assert card.verdict.text == "À approuver"
    assert card.waiting == ("http://127.0.0.1:8080/dags/citizen-reports__release/runs/release-reports/required_actions")
    assert card.catalogue is None


def test_a_decision_ends_the_waiting() -> None:
    world = journal()
    decided = replace(world.all_runs[3].verdicts[0], approved=True, decided_by="steward", decided_at=NOW)
    world.all_runs[3] = replace(world.all_runs[3], verdicts=(decided,))
    reader = services(journal=world).reader
    card = reader.datasets(NOW).cards[2]
    assert (card.verdict.text, card.waiting) == ("Approuvé", None)
    page = reader.run(contract("citizen-reports"), world.all_runs[3], NOW)
    assert plain(page.verdicts[0].decision or "") == "Approuvé par steward le 4 novembre 2026 à 11 h 00"


def test_a_run_that_failed_tells_its_code_and_what_to_do() -> None:
    given = services()
    run = given.reader.journal.run("parking", "scheduled__2026-11-04T09:55:00+00:00")
    assert run is not None
    page = given.reader.run(contract("parking"), run, NOW)
    assert page.line.status.text == "En échec"
    assert page.stages[0].error_code == "SourceUnavailableError"
    assert page.stages[0].error
    assert page.airflow == "http://127.0.0.1:8080/dags/parking/runs/scheduled__2026-11-04T09%3A55%3A00%2B00%3A00"
    assert page.catalogue is None


def test_a_stage_that_was_run_again_counts_as_its_last_try() -> None:
    given = services()
    run = given.reader.journal.run("parking", "collect-parking")
    assert run is not None
    failed = StageRecord("deidentify", "failed", NOW, None, 1.0, {}, "CustodyUnavailableError")
    again = replace(run, stages=(run.stages[0], failed, run.stages[1]))
    assert given.reader.run(contract("parking"), again, NOW).line.status.text == "Terminée"


def test_an_unknown_code_leads_to_the_log() -> None:
    world = MemoryJournal()
    run = replace(journal().all_runs[0], stages=(StageRecord("publish", "failed", NOW, None, 1.0, {}, "E999"),))
    page = services(journal=world).reader.run(contract("parking"), run, NOW)
    assert "Airflow" in (page.stages[0].error or "")


def test_risks_are_percentages() -> None:
    given = services()
    run = given.reader.journal.run("citizen-reports", "release-reports")
    assert run is not None
    panel = given.reader.run(contract("citizen-reports"), run, NOW).verdicts[0]
    assert [plain(figure.value) for figure in panel.measures] == ["11", "9,1 %"]
    assert panel.reasons


@pytest.mark.parametrize(
    ("unit", "lateness", "now", "expected"),
    [
        (PeriodUnit.DAY, timedelta(0), datetime(2026, 11, 4, 10, tzinfo=UTC), "2026-11-03"),
        (PeriodUnit.DAY, timedelta(hours=6), datetime(2026, 11, 4, 3, tzinfo=UTC), "2026-11-02"),
        (PeriodUnit.DAY, timedelta(0), datetime(2026, 11, 3, 23, 30, tzinfo=UTC), "2026-11-03"),
        (PeriodUnit.MONTH, timedelta(days=2), datetime(2026, 11, 4, 10, tzinfo=UTC), "2026-10"),
        (PeriodUnit.MONTH, timedelta(days=5), datetime(2026, 11, 4, 10, tzinfo=UTC), "2026-09"),
        (PeriodUnit.MONTH, timedelta(0), datetime(2026, 1, 1, 0, tzinfo=UTC), "2025-12"),
    ],
)
def test_the_period_expected_by_now(unit: PeriodUnit, lateness: timedelta, now: datetime, expected: str) -> None:
    assert latest_closed(replace(contract("parking"), period=unit, lateness=lateness), now, PARIS) == expected


def test_freshness_follows_the_expected_period() -> None:
    reader = services().reader
    assert reader.datasets(NOW).cards[1].freshness.text == "À jour"
    late = reader.datasets(NOW + timedelta(days=3)).cards[1].freshness
    assert late.tone == "wait"
    assert reader.datasets(NOW).cards[0].freshness.text == "Pas encore publié"


def test_a_dataset_page_gathers_identity_lineage_releases_and_runs() -> None:
    page = services().reader.dataset(contract("parking"), NOW)
    assert {fact.label for fact in page.facts} >= {"Base légale", "Version du contrat"}
    assert page.picture is not None
    assert [one.column for one in page.provenances] == [c.name for c in contract("parking").release.columns]
    assert [line.period for line in page.releases] == ["3 novembre 2026"]
    assert len(page.runs) == 3
    assert page.filters


def test_a_dataset_without_any_trace_has_a_page_too() -> None:
    page = services(journal=MemoryJournal(), lineage=lineage_of()).reader.dataset(contract("water-meters"), NOW)
    assert page.picture is None
    assert page.provenances == ()
    assert page.card.last_run is None


def test_links_escape_what_they_are_given() -> None:
    links = Links("http://a/", "http://c/")
    assert links.run("d", "x/../y?z") == "http://a/dags/d/runs/x%2F..%2Fy%3Fz"
    assert links.page("parking") == "http://c/dataset/parking"


def test_a_refusal_is_told_apart_from_a_verdict_of_refusal() -> None:
    world = journal()
    for record, text in (
        (verdict("refused", "2026-10"), "Refusé"),
        (verdict("needs_approval", "2026-10", approved=False), "Refusé par une personne"),
    ):
        world.all_runs[3] = replace(world.all_runs[3], verdicts=(record,))
        assert services(journal=world).reader.datasets(NOW).cards[2].verdict.text == text
