"""Redaction of free text, with the real model: what must go, and what may stay."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
from typing import Any

import pyarrow as pa
import pytest

from anonymization.errors import RedactionError, TextModelError
from anonymization.text import FINDINGS_SCHEMA, RedactionSettings, redact
from anonymization.text.reading import read

KEEP = RedactionSettings(known=("Angers", "Trélazé"), thresholds={"LIEU": 0.25, "REFERENCE": 0.2, "LIEN": 0.1})


def _redacted(*texts: str) -> list[Any]:
    answer: list[Any] = redact(pa.array(texts, pa.string()), KEEP).texts.to_pylist()
    return answer


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("jeanne.martin@example.org", "COURRIEL"),
        ("jeanne . martin @ example . org", "COURRIEL"),
        ("Jeanne.Martin＠example.org", "COURRIEL"),
        ("jeanne.martin (at) orange point fr", "COURRIEL"),
        ("jeanne point martin arobase gmail com", "COURRIEL"),
        ("jeanne.martin[at]free[dot]fr", "COURRIEL"),
        ("jeanne.martin%40free.fr", "COURRIEL"),
        ("jea\u200bnne@fr\u00adee.fr", "COURRIEL"),
        ("0612345678", "TELEPHONE"),
        ("06 12 34 56 78", "TELEPHONE"),
        ("06.12.34.56.78", "TELEPHONE"),
        ("06-12-34-56-78", "TELEPHONE"),
        ("06/12/34/56/78", "TELEPHONE"),
        ("+33 6 12 34 56 78", "TELEPHONE"),
        ("+33(0)6 12 34 56 78", "TELEPHONE"),
        ("0033612345678", "TELEPHONE"),
        ("+33612345678", "TELEPHONE"),
        ("O6 12 34 56 78", "TELEPHONE"),
        ("０６ １２ ３４ ５６ ７８", "TELEPHONE"),
        ("zéro six douze trente-quatre cinquante-six soixante-dix-huit", "TELEPHONE"),
        ("2 85 05 49 007 123 45", "NIR"),
        ("285054900712345", "NIR"),
        ("1 69 10 2A 004 123 11", "NIR"),
        ("FR76 3000 6000 0112 3456 7890 189", "IBAN"),
        ("AB-123-CD", "PLAQUE"),
        ("ab 123 cd", "PLAQUE"),
        ("12 rue des Lices", "ADRESSE"),
        ("12 bis, rue des Lices, 49100 Angers", "ADRESSE"),
        ("8 allée des tilleuls", "ADRESSE"),
        ("3 RUE PASTEUR", "ADRESSE"),
        ("25 bd du maréchal foch", "ADRESSE"),
        ("44 rue du Four à chaux 49100 Angers", "ADRESSE"),
        ("avenue Montaigne", "LIEU"),
        ("place du ralliement", "LIEU"),
        ("https://exemple.fr/jeanne", "LIEN"),
        ("C0012345", "REFERENCE"),
        ("compteur 1234567", "COMPTEUR"),
        ("né le 12/03/1975", "NAISSANCE"),
    ],
)
def test_identifiers_with_a_shape_are_masked_whole(text: str, tag: str) -> None:
    (redacted,) = _redacted(f"bonjour, voir {text}, merci")
    assert f"<{tag}>" in redacted
    left = redacted.replace(f"<{tag}>", "")
    assert not any(sign.isdigit() for sign in left), left
    assert "martin" not in left.lower()
    assert "merci" in left


@pytest.mark.parametrize(
    "text",
    [
        "Je suis Jean Dupont.",
        "je m'appelle kevin dupont",
        "mon voisin JEAN DUPONT fait du bruit",
        "Monsieur dupont stationne là",
        "M. Dupont stationne là",
        "MME DUPONT SE PLAINT DU BRUIT",
        "LE LAMPADAIRE DEVANT CHEZ JEAN DUPONT EST CASSÉ",
        "J. Dupont a appelé",
        "Dupont Jean, locataire",
        "le chien de dupont aboie",
        "le chien de Marie-Claude Dupont-Le Gall aboie",
        "Signé : jean dupont",
        "Nom : Dupont Prénom : Jean",
        "Merci.\nCordialement,\nJean DUPONT",
        "Merci, cordialement Jean Dupont",
        "Ｄｕｐｏｎｔ Jean",
        "Du\u200dpont Jean",
        "De\u0301pont Dupont",
    ],
)
def test_names_are_masked_however_they_are_written(text: str) -> None:
    (redacted,) = _redacted(text)
    folded = read(redacted).plain
    for name in ("dupont", "jean", "kevin", "marie", "gall", "depont"):
        assert name not in folded, redacted
    assert "<NOM>" in redacted


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Pierre a signalé la panne.", "Pierre"),
        ("Rose aussi.", "Rose"),
        ("le chien de mme rose aboie", "rose"),
        ("M. Petit est venu", "Petit"),
        ("appelez kevin boucher", "boucher"),
        ("la voiture de Zyxandre Qorvalec gêne", "Qorvalec"),
        ("la voiture de zyxandre qorvalec gêne", "qorvalec"),
        ("La famille Blanc demande", "Blanc"),
        ("Monsieur Angers est venu", "Angers"),
        ("voisin : BLANC", "BLANC"),
    ],
)
def test_names_that_are_words_or_that_nobody_knows_are_masked(text: str, name: str) -> None:
    assert name not in _redacted(text)[0]


@pytest.mark.parametrize(
    "text",
    [
        "Poubelle qui déborde depuis trois jours, rats dans la rue. Merci d'intervenir rapidement !",
        "Le lampadaire est éteint à Angers, près de la mairie de Trélazé.",
        "NID DE POULE DANGEREUX SUR LA CHAUSSEE",
        "l'éclairage public est en panne sur tout le boulevard",
        "Arbre tombé sur la chaussée, branches dangereuses pour les enfants de l'école",
        "Aujourd'hui encore, le banc du parc est cassé depuis le mois de Mars. 3 jours, c'est trop long",
        "La rue est sale et le trottoir aussi",
        "Lampadaire qui clignote. Potelet couché. Bouche d'égout bouchée. Dépôt sauvage de cartons.",
        "Poubelles renversées, feuilles mortes ; elles débordaient et bloquaient les passants",
        "",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert _redacted(text) == [text]


def test_the_result_follows_the_column() -> None:
    texts = pa.chunked_array([["Jean est venu", None], ["rien", "Jean est venu"], pa.array([], pa.string())])
    result = redact(texts, KEEP)
    assert result.texts.to_pylist() == ["<NOM> est venu", None, "rien", "<NOM> est venu"]
    assert result.findings.schema == FINDINGS_SCHEMA
    assert result.findings.select(["row", "type", "start", "end"]).to_pylist() == [
        {"row": 0, "type": "NOM", "start": 0, "end": 4},
        {"row": 3, "type": "NOM", "start": 0, "end": 4},
    ]
    assert result.counts() == {"NOM": 2}


@pytest.mark.parametrize("column", [pa.array([], pa.string()), pa.array([None, None], pa.string())])
def test_a_column_without_text_needs_no_model(column: pa.Array) -> None:
    result = redact(column, RedactionSettings(model="no_such_model"))
    assert result.texts.equals(column)
    assert result.findings.num_rows == 0


def test_a_text_too_long_to_be_read_is_masked_whole() -> None:
    settings = RedactionSettings(known=KEEP.known, longest_text=20)
    assert redact(pa.array(["x" * 21, "rien"]), settings).texts.to_pylist() == ["<TEXTE>", "rien"]


def test_a_model_that_is_not_installed_is_an_error_and_is_never_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("no connection is to be made")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(TextModelError, match="no_such_model"):
        redact(pa.array(["rien"]), RedactionSettings(model="no_such_model"))


def test_no_connection_is_made_and_no_value_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("no connection is to be made")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with caplog.at_level(logging.DEBUG):
        redact(pa.array(["Jeanne Qorvalec, jeanne@example.org, 0612345678, EDF à Nantes"]), KEEP)
    for secret in ("Qorvalec", "jeanne@", "0612345678", "Nantes"):
        assert secret not in caplog.text


def test_what_fails_inside_is_told_without_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    from anonymization.text.recognizers.people import PeopleRecognizer

    def fail(*_: object) -> None:
        raise ValueError("bad text: Qorvalec")

    monkeypatch.setattr(PeopleRecognizer, "hits", fail)
    with pytest.raises(RedactionError) as caught:
        redact(pa.array(["Qorvalec"]), KEEP)
    assert "Qorvalec" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_importing_the_room_loads_nothing_heavy() -> None:
    code = (
        "import sys, anonymization, anonymization.text, anonymization.text.redaction;"
        "print(sorted({'spacy', 'presidio_analyzer', 'polars', 'thinc'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_folded_places_lead_back_to_the_text() -> None:
    text = "Œuvre ÉTÉ İstanbul ß ﬁn 𝔘, Du\u200dpont"
    reading = read(text)
    assert len(reading.plain) == len(reading.cased)
    assert read("Évêché").plain == "eveche"
    start = reading.plain.index("dupont")
    assert text[slice(*reading.place(start, start + 6))] == "Du\u200dpont"
