"""A certificate, for machines and for people."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from catalog import certify
from catalog.certificate_facts import facts
from catalog.certificate_figures import french_date, french_period, integer, of_period, share
from catalog.treatments import treatments
from policies import DatasetId, Technique
from tests.catalog_pages import NOON, page, territory, water


def outcomes(dataset: str) -> dict[str, str]:
    return {each.column: each.outcome for each in treatments(territory().contracts[DatasetId(dataset)])}


def test_every_sensitive_column_is_accounted_for() -> None:
    told = outcomes("water-meters")
    assert told["contrat"] == "un pseudonyme à sens unique en tient lieu, et n'est pas publié"
    assert told["compteur"] == "rien n'en est conservé"
    assert told["date"] == "seul le mois en est publié"
    assert told["consommation_l"] == "seuls des totaux ou des moyennes en sont publiés"
    assert told["index_m3"] == "sert au calcul ; rien n'en est publié"


def test_free_text_and_places_are_accounted_for() -> None:
    told = outcomes("citizen-reports")
    texts = [column.name for column in territory().contracts[DatasetId("citizen-reports")].columns
             if column.privacy.technique is Technique.REDACT]  # fmt: skip
    assert texts
    assert all("sont retirés" in told[name] for name in texts)
    assert "seul un carreau de 200 mètres en est publié" in told.values()


def test_the_same_release_gives_the_same_bytes() -> None:
    assert page(water()).certificate.to_json() == page(water()).certificate.to_json()
    assert json.loads(page(water()).certificate.to_json())["format"] == "ardoise-certificate/1"


def test_the_page_stands_alone_and_escapes() -> None:
    shown = replace(page(water()).certificate, title="<script>alert(1)</script>").to_html().decode()
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
    assert "http" not in shown.replace("https://", "http://").split("<main>")[0]
    assert "Chaque chiffre publié porte sur au moins 10 points de livraison." in shown


def test_an_approval_is_dated_and_names_a_function_not_a_person() -> None:
    contract = territory().contracts[DatasetId("citizen-reports")]
    certificate = certify(
        contract,
        territory(),
        "2026-10",
        candidate_digest="00",
        counts={},
        measures={},
        judged_at=NOON,
        approved_at=NOON,
    )
    assert "Publication approuvée le 3 novembre 2026 par une personne responsable des données." in certificate.to_text()
    assert not any(author in certificate.to_text() for author in contract.authors)


def test_without_an_approval_the_strategy_answers() -> None:
    assert "la stratégie du territoire" in page(water()).certificate.main_lines()[-1]


def test_data_about_nobody_says_so() -> None:
    parking = territory().contracts[DatasetId("parking")]
    certificate = certify(
        parking, territory(), "2026-10-03", candidate_digest="00", counts={}, measures={}, judged_at=NOON
    )
    assert certificate.promises == ("Ces données ne concernent aucune personne : elles sont publiées telles quelles.",)
    assert "aucune colonne ne dit quoi que ce soit" in certificate.to_html().decode()


@pytest.mark.parametrize(
    ("period", "text"),
    [
        ("2026-10", "octobre 2026"),
        ("2026-10-01", "1er octobre 2026"),
        ("2026-08-15", "15 août 2026"),
        ("2026-W44", "semaine du 26 octobre 2026"),
    ],
)
def test_periods_in_french(period: str, text: str) -> None:
    assert french_period(period) == text


@pytest.mark.parametrize(
    ("period", "text"),
    [
        ("2026-10", "d'octobre 2026"),
        ("2026-05", "de mai 2026"),
        ("2026-10-03", "du 3 octobre 2026"),
        ("2026-W44", "de la semaine du 26 octobre 2026"),
    ],
)
def test_periods_after_a_noun(period: str, text: str) -> None:
    assert of_period(period) == text


def test_figures_in_french() -> None:
    assert french_date(datetime(2026, 2, 1, tzinfo=UTC)) == "1er février 2026"
    assert integer(1234567.0) == "1\u202f234\u202f567"
    assert share(1 / 12) == "8,3\u00a0%"
    assert share(1.0) == "100\u00a0%"


def test_the_document_is_tagged_the_same_twice_and_evaluates_nothing() -> None:
    certificate = replace(page(water()).certificate, title='#panic("x") *gras* $a$ <b> @nul', purpose='#read("/etc")')
    written = certificate.to_pdf()
    assert written == certificate.to_pdf()
    assert written.startswith(b"%PDF-1.7")
    assert b"/StructTreeRoot" in written
    assert b"pdfuaid:part" in written


def test_the_page_is_told_what_the_certificate_says() -> None:
    certificate = page(water()).certificate
    told = json.loads(facts(certificate, "http://open.example/certificat.html"))
    assert told["pdf"] == "http://open.example/certificat.pdf"
    assert told["digest"] == sha256(certificate.to_json()).hexdigest()
    assert told["proof"] is None
    columns = {name: (sources, how) for name, _, sources, how in told["columns"]}
    assert columns["foyers_participants"] == (["contrat"], "nombre d'unités distinctes")
    assert columns["mois"] == (["date"], "seul le mois en est publié")
    assert columns["statut"] == ([], "ajoutée par l'anonymisation")
