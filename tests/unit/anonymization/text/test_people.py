"""Names of people: what is one, and what only looks like one. No name here is anybody's."""

from __future__ import annotations

import pytest

from anonymization.text import RedactionSettings, detect

DEFAULT = RedactionSettings()

NAMES = [
    ("Bonjour, je suis {}, j'habite ici.", "Maryvonne Le Goff"),
    ("mon voisin mr {} fait du bruit", "le bihan"),
    ("Mon voisin, M. {}, jette ses encombrants.", "Petit"),
    ("votre collègue {} a confirmé", "Rose"),
    ("Merci d'avance.\n{}", "Boulanger Odile"),
    ("Je m'appelle {} et je signale une fuite", "Nguyễn Thị Hồng Vân"),
    ("La fuite vue par {} ce matin", "Joaquim Ferreira da Silva"),
    ("les parents de {} attendent", "Fatiha Benyahia"),
    ("Signalé par {} hier", "Gwenaëlle Kerbrat-Le Hir"),
    ("vu avec {} du service", "J. Pineau"),
    ("APPELER MONSIEUR {} AVANT MIDI", "TRAORE IBRAHIMA"),
    ("le chien de {} aboie la nuit", "kevin dupont"),
    ("Il a prévenu {} au 06 39 98 12 34", "Chevrier"),
    ("Cordialement, {}", "Hervé B."),
    ("rappeler {} svp", "Jerome Lefevre"),
    ("Madame {} est tombée", "d'Hérouville"),
]

NOT_NAMES = [
    "L'école Marie-Talet et le stade Raymond-Kopa sont fermés.",
    "Panneau tombé square Olympe-de-Gouges, arrêt « Jacques Tati ».",
    "Monsieur le Maire, la rue Victor-Hugo est sale.",
    "La rose du jardin, le petit boulanger et la pierre du mur.",
    "LE LAMPADAIRE DE LA RUE EST CASSE DEPUIS TROIS JOURS",
    "une Clio et un Master blanc devant Leclerc",
    "Mon chien s'appelle Gaston, il a disparu à Avrillé.",
    "le marié est parti, Noël approche, Mars aussi",
    "Trottoir défoncé à Trélazé, près de Saint-Serge.",
]


@pytest.mark.parametrize(("frame", "name"), NAMES)
@pytest.mark.parametrize("model", [DEFAULT.model, None])
def test_names(frame: str, name: str, model: str | None) -> None:
    text = frame.format(name)
    found = [
        text[hit.start : hit.end] for hit in detect([text], RedactionSettings(model=model))[0] if hit.kind == "NOM"
    ]
    assert found == [name]


@pytest.mark.parametrize("text", NOT_NAMES)
@pytest.mark.parametrize("model", [DEFAULT.model, None])
def test_not_names(text: str, model: str | None) -> None:
    hits = detect([text], RedactionSettings(model=model))[0]
    assert [text[hit.start : hit.end] for hit in hits if hit.kind == "NOM"] == []


def test_public_figures_of_the_territory_are_known_unless_a_title_says_otherwise() -> None:
    known = RedactionSettings(known=("Joachim du Bellay",))
    assert detect(["Un vers de Joachim du Bellay sur le mur"], known)[0] == []
    assert detect(["Un vers de Joachim du Bellay sur le mur"], DEFAULT)[0] != []
    assert detect(["Voir M. Joachim du Bellay au guichet"], known)[0] != []


def test_the_model_has_its_say_where_the_lists_are_in_doubt() -> None:
    text = "Les noms sur la boîte : Abgrall, Da Costa, El Mansouri, Pham. Vu Ascensoriste à 9 h."
    asked, alone = (detect([text], RedactionSettings(model=model))[0] for model in (DEFAULT.model, None))
    assert any("modèle" in hit.reason for hit in asked)
    assert not any("modèle" in hit.reason for hit in alone)
