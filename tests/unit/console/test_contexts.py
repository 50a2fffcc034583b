from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from console.contexts import Links, Reader
from console.periods import latest_closed
from policies import PeriodUnit
from storage import Journal, RunDetail, memory_engine
from tests.unit.console.world import (
    FAILED_RUN,
    NOW,
    RELEASED_RUN,
    WAITING_RUN,
    contract,
    decide,
    journal,
    lineage_of,
    services,
    stage,
    verdict,
)

PARIS = ZoneInfo("Europe/Paris")


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def detail(reader: Reader, dataset: str, run_id: str) -> RunDetail:
    found = reader.journal.run(run_id, dataset)
    assert found is not None
    return found


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
        "Doublons remplacés": "40",
        "Lignes conservées": "5 132",
        "Lignes publiées": "5 132",
    }


def test_a_dataset_that_waits_for_a_person_says_where() -> None:
    card = services().reader.datasets(NOW).cards[2]
    assert card.verdict.text == "à approuver"
    assert card.waiting == (
        "http://127.0.0.1:8080/dags/citizen-reports__release/runs/"
        "asset_triggered__2026-11-04T08%3A00%3A00.012150%2B00%3A00_EINrgRRx/required_actions"
    )
    assert card.catalogue is None


def test_a_decision_ends_the_waiting() -> None:
    world = journal()
    decide(world, "c", True)
    reader = services(journal=world).reader
    card = reader.datasets(NOW).cards[2]
    assert (card.verdict.text, card.waiting) == ("approuvé", None)
    page = reader.run(contract("citizen-reports"), detail(reader, "citizen-reports", WAITING_RUN), NOW)
    assert plain(page.verdicts[0].decision or "") == "Approuvé par steward le 4 novembre 2026 à 11 h 00"
    assert page.waiting is None


def test_a_refusal_by_a_person_is_told_apart_from_one_by_the_rule() -> None:
    world = journal()
    decide(world, "c", False)
    assert services(journal=world).reader.datasets(NOW).cards[2].verdict.text == "refusé par une personne"
    world = journal()
    verdict(world, "citizen-reports", "2026-10", "later", "refused", NOW, "f")
    card = services(journal=world).reader.datasets(NOW).cards[2]
    assert (card.verdict.text, card.waiting) == ("refusé", None)


def test_every_period_that_waits_counts_though_a_later_one_does_not() -> None:
    world = journal()
    verdict(world, "citizen-reports", "2026-11", "later", "publishable", NOW, "f")
    card = services(journal=world).reader.datasets(NOW).cards[2]
    assert card.verdict.text == "publiable"
    assert card.waiting is not None


def test_a_run_that_waits_says_so() -> None:
    reader = services().reader
    page = reader.run(contract("citizen-reports"), detail(reader, "citizen-reports", WAITING_RUN), NOW)
    assert page.line.status.text == "Attend une décision"
    assert page.waiting is not None
    assert page.verdicts[0].reasons
    lines = reader.dataset(contract("citizen-reports"), NOW).runs
    assert [line.status.text for line in lines] == ["Attend une décision", "Terminée"]


def test_a_run_that_failed_tells_its_code_and_what_to_do() -> None:
    reader = services().reader
    page = reader.run(contract("parking"), detail(reader, "parking", FAILED_RUN), NOW)
    assert page.line.status.text == "En échec"
    assert page.stages[0].error_code == "outage"
    assert page.stages[0].error
    assert page.airflow == "http://127.0.0.1:8080/dags/parking/runs/scheduled__2026-11-04T09%3A55%3A00%2B00%3A00"
    assert page.catalogue is None


def test_a_published_run_leads_to_the_catalogue() -> None:
    reader = services().reader
    page = reader.run(contract("parking"), detail(reader, "parking", RELEASED_RUN), NOW)
    assert page.catalogue == "http://127.0.0.1:5000/dataset/parking"
    assert page.airflow == "http://127.0.0.1:8080/dags/parking__release/runs/manual__release-1"
    assert [stage.name for stage in page.stages] == ["Anonymisation", "Évaluation du risque", "Publication"]


def test_a_rotation_leads_to_the_dag_that_rotates_all_datasets() -> None:
    reader = services().reader
    released = detail(reader, "parking", RELEASED_RUN)
    rotated = replace(released, overview=replace(released.overview, stages=("rotate",)))
    page = reader.run(contract("parking"), rotated, NOW)
    assert page.airflow == "http://127.0.0.1:8080/dags/rotate_keys/runs/manual__release-1"


def test_an_unknown_code_leads_to_the_log() -> None:
    world = Journal(memory_engine())
    stage(world, "parking", "run", "publish", NOW, error="E999")
    reader = services(journal=world).reader
    assert "Airflow" in (reader.run(contract("parking"), detail(reader, "parking", "run"), NOW).stages[0].error or "")


def test_risks_are_percentages_and_what_was_not_measured_says_so() -> None:
    reader = services().reader
    page = reader.run(contract("citizen-reports"), detail(reader, "citizen-reports", WAITING_RUN), NOW)
    assert {figure.label: plain(figure.value) for figure in page.verdicts[0].measures} == {
        "Plus petit groupe (unités protégées)": "11",
        "Risque de reconnaître une personne connue": "9,1 %",
        "Plus petite cellule (lignes)": "sans objet",
    }


def test_a_collection_that_brought_nothing_does_not_blank_the_figures() -> None:
    world = journal()
    stage(world, "parking", "empty", "ingest", NOW)
    stage(world, "parking", "empty", "deidentify", NOW, rows_in=0)
    card = services(journal=world).reader.datasets(NOW).cards[1]
    assert plain(card.figures[0].value) == "5 184"


@pytest.mark.parametrize(
    ("unit", "lateness", "now", "expected"),
    [
        (PeriodUnit.DAY, timedelta(0), datetime(2026, 11, 4, 10, tzinfo=UTC), "2026-11-03"),
        (PeriodUnit.DAY, timedelta(hours=6), datetime(2026, 11, 4, 3, tzinfo=UTC), "2026-11-02"),
        (PeriodUnit.DAY, timedelta(0), datetime(2026, 11, 3, 23, 30, tzinfo=UTC), "2026-11-03"),
        (PeriodUnit.WEEK, timedelta(0), datetime(2026, 11, 4, 10, tzinfo=UTC), "2026-W44"),
        (PeriodUnit.WEEK, timedelta(days=3), datetime(2026, 11, 4, 10, tzinfo=UTC), "2026-W43"),
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
    page = services(journal=Journal(memory_engine()), lineage=lineage_of()).reader.dataset(
        contract("water-meters"), NOW
    )
    assert page.picture is None
    assert page.provenances == ()
    assert page.card.last_run is None


def test_links_escape_what_they_are_given() -> None:
    links = Links("http://a/")
    run = "asset_triggered__2026-11-22T12:23:01.012150+00:00_EINrgRRx"
    assert links.run("d", run) == f"http://a/dags/d/runs/{run.replace(':', '%3A').replace('+', '%2B')}"
    assert links.run("d", "manual__x/../y?z") == "http://a/dags/d/runs/manual__x%2F..%2Fy%3Fz"
    assert links.run("d", "of the command line") == "http://a/dags/d"


def test_a_stage_tells_why_rows_were_rejected_most_frequent_first() -> None:
    reader = services().reader
    page = reader.run(contract("parking"), detail(reader, "parking", "collect-parking"), NOW)
    assert [(one.value, one.label) for one in page.stages[1].rejections] == [
        ("8", "la ligne arrive après le délai de correction"),
        ("4", "une valeur obligatoire manque"),
    ]
    assert not any("rejected_" in figure.label for figure in page.stages[1].figures)


def test_a_stage_tells_what_was_masked_in_free_text_by_kind() -> None:
    reader = services().reader
    page = reader.run(contract("parking"), detail(reader, "parking", "collect-parking"), NOW)
    assert [(one.value, one.label) for one in page.stages[1].found] == [("9", "TELEPHONE"), ("3", "NOM")]
    assert not any("found_" in figure.label for figure in page.stages[1].figures)
