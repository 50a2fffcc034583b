"""What a steward reads before deciding."""

from __future__ import annotations

from dataclasses import replace

from dags.texts import approval_body, approval_subject, number_text, period_text
from policies.contract import Contract, ReleasedColumn


def test_periods_are_written_as_one_says_them() -> None:
    assert period_text("2026-08") == "août 2026"
    assert period_text("2026-10-31") == "31 octobre 2026"
    assert period_text("2026-11-01") == "1er novembre 2026"
    assert period_text("2026-W44") == "semaine du 26 octobre 2026"


def test_figures_are_written_in_french() -> None:
    assert number_text(12345) == "12\u202f345"
    assert number_text(0.125) == "0,125"
    assert number_text(0.2) == "0,2"
    assert number_text(5.0) == "5"


def test_the_question_names_the_dataset_and_its_period(reports: Contract) -> None:
    assert approval_subject(reports, "2026-10") == f"Octobre 2026 : publier « {reports.title} » ?"


def test_the_question_tells_counts_risk_and_where_to_look(reports: Contract) -> None:
    judged = {
        "candidate": {"digest": "c" * 64},
        "verdict": "needs_approval",
        "reasons": ["Le contrat contient du texte libre."],
        "counts": {"published_rows": 12_345, "suppressed_rows": 12},
        "measures": {"k": 5.0, "prosecutor_risk": 0.2},
    }
    body = approval_body(reports, "2026-10", judged, "http://127.0.0.1:8702/runs/x", "http://127.0.0.1:8702/texts")
    assert "Lisez d'abord" not in body, "it publishes no text"
    for expected in (
        "12\u202f345",
        "Lignes retirées",
        "| Plus petit groupe, en individus (k) | 5 |",
        "| 20 % |",
        "- Le contrat contient du texte libre.",
        "(http://127.0.0.1:8702/runs/x)",
        f"au moins {reports.release.k} personnes",
        "sans retour possible",
    ):
        assert expected in body


def test_the_question_sends_to_the_texts_where_some_would_be_published(reports: Contract) -> None:
    text = ReleasedColumn("texte", ("texte",), "string")
    published = replace(reports, release=replace(reports.release, columns=(*reports.release.columns, text)))
    judged = {"candidate": {}, "verdict": "needs_approval", "reasons": [], "counts": {}, "measures": {}}
    body = approval_body(published, "2026-10", judged, "http://run", "http://127.0.0.1:8702/jeux-de-donnees/x/textes/y")
    assert "Lisez d'abord les textes" in body
    assert "(`texte`)" in body
    assert body.index("(http://127.0.0.1:8702/jeux-de-donnees/x/textes/y)") < body.index("Ce qui serait publié")
