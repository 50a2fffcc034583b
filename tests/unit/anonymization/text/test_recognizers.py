"""Each family of recognizers: what it finds, whole and under the right kind, and what it leaves alone."""

from __future__ import annotations

import pytest

from anonymization.text import RedactionSettings, detect

PATTERNS = RedactionSettings(model=None)

FOUND = [
    ("NIR", "Mon numéro de sécu est {}, merci", "2 55 08 99 999 999 66"),
    ("NIR", "né en Corse, NIR {}.", "1 69 01 2B 004 123 27"),
    ("NIR", "assurée {} (clé fausse)", "285054900712345"),
    ("NIR", "sécurité sociale : {}", "2 85 05 49 007 123"),
    ("SIREN", "la société, SIREN {}, a répondu", "732 829 320"),
    ("SIRET", "artisan (SIRET {})", "732 829 320 00074"),
    ("SIRET", "bureau de poste {}", "35600000049837"),
    ("TVA", "TVA {}", "FR 83 404 833 048"),
    ("FISCAL", "n° fiscal {}", "14 24 467 285 108"),
    ("FISCAL", "mon numéro fiscal : {}", "0123456789012"),
    ("PASSEPORT", "passeport {} perdu", "12AB34567"),
    ("CNI", "carte d'identité {}", "880692310285"),
    ("CNI", "ma CNI, {}, est périmée", "X4RTBPFW4"),
    ("SEJOUR", "titre de séjour {}", "9926123456"),
    ("PERMIS", "permis de conduire {}", "13AA00002"),
    ("PERMIS", "permis n° {}", "871075200123"),
    ("PLAQUE", "une voiture {} garée là", "AB-123-CD"),
    ("PLAQUE", "clio grise {} devant le garage", "dq 595 nb"),
    ("PLAQUE", "vieille camionnette immatriculée {}", "1234 AB 49"),
    ("IBAN", "virer sur {}", "FR14 2004 1010 0505 0001 3M02 606"),
    ("IBAN", "IBAN {} (mal recopié)", "FR15 2004 1010 0505 0001 3M02 606"),
    ("IBAN", "compte belge {}", "BE68 5390 0754 7034"),
    ("CARTE", "débit sur la carte {}", "4970 1012 3456 7890"),
    ("CARTE", "payé avec {}", "4111 1111 1111 1111"),
    ("TELEPHONE", "appelez le {}", "06 39 98 12 34"),
    ("TELEPHONE", "tel{}", "0639981234"),
    ("TELEPHONE", "au {} le soir", "+33 (0)6 39 98 12 34"),
    ("TELEPHONE", "à la Réunion : {}", "+262 692 12 34 56"),
    ("TELEPHONE", "numéro belge {}", "+32 470 12 34 56"),
    ("TELEPHONE", "mon numéro : {}", "02.61.91.22.33"),
    ("COURRIEL", "écrire à {} svp", "lou.exemple@courriel.example"),
    ("COURRIEL", "mon mail : {}", "lou arobase exemple point fr"),
    ("COURRIEL", "contact {}", "lou.exemple (at) boite.example"),
    ("PRM", "linky, PRM {}", "07223293291438"),
    ("PCE", "compteur gaz, PCE {}", "GI123456"),
    ("PCE", "point de comptage {}", "21 123 456 789 012"),
    ("COMPTEUR", "compteur d'eau n° {}", "C21FA939520"),
    ("COMPTEUR", "le badge {} ne marche plus", "17ACA61B"),
    ("NAISSANCE", "né le {} à Nantes", "12/03/1975"),
    ("NAISSANCE", "née le {}", "premier mars mille neuf cent soixante"),
    ("NAISSANCE", "née le {}", "3 février 1981"),
    ("NAISSANCE", "Date de naissance : {}", "1988-04-12"),
    ("POSITION", "au point {} environ", "47.47361, -0.55415"),
    ("POSITION", "position {}", "47°28'25.3\"N 0°33'16.8\"W"),
    ("POSITION", "plus code {}", "FCFV+8X Bouchemaine"),
    ("IP", "connexion depuis {}", "192.0.2.17"),
    ("IP", "connexion depuis {}", "2001:db8::8a2e:370:7334"),
    ("MAC", "borne {}", "00:00:5e:00:53:af"),
    ("APPAREIL", "IMEI {}", "490154203237518"),
    ("APPAREIL", "appli, {}", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
    ("COMPTE", "sur insta, {}", "@lou_exemple49"),
    ("LIEN", "voir {}", "https://reseau.example/users/lou.exemple"),
    ("LIEN", "son profil {}", "facebook.com/lou.exemple.9"),
    ("ADRESSE", "j'habite {}, merci", "12 bis, rue des Lices, 49100 Angers"),
    ("ADRESSE", "au {} depuis lundi", "7 allée des Tilleuls, appt 32, Trélazé"),
    ("ADRESSE", "VENIR AU {}.", "25 BD ROBERT D'ARBRISSEL 49000 ANGERS"),
    ("ADRESSE", "demeurant {}.", "La Petite Roche, 49170 Béhuard"),
    ("ADRESSE", "livrer {} svp", "résidence Les Lilas, bât C, 3e étage"),
]  # fmt: skip

LEFT = [
    "le 12/03/2024 14 h, ligne 9, dossier 88213, lampadaire 4512",
    "roulé à 50 km/h sur 100 m le 12.03.2024",
    "appelez le 15 ou le 3977, ou le 0 800 12 34 56",
    "La rue est sale, la place aussi, le 3 rue comme ailleurs",
    "version 10.4.2.1000 du logiciel",
    "Le parc de Balzac et l'école Jean-Rostand, avenue Jean Jaurès",
    "coût : 1 250 000 euros en 2024, 12 000 en 2025",
    "https://www.angers.example/travaux/tramway",
    "de 100 km à 200 km, le 123 le matin",
    "réunion le 3 février 1981, anniversaire de la mairie",
    "10 % de 49 000 habitants",
]


@pytest.mark.parametrize(("kind", "frame", "value"), FOUND)
def test_found_whole(kind: str, frame: str, value: str) -> None:
    text = frame.format(value)
    found = [(hit.kind, text[hit.start : hit.end]) for hit in detect([text], PATTERNS)[0]]
    assert (kind, value) in found, found


@pytest.mark.parametrize("text", LEFT)
def test_left_alone(text: str) -> None:
    assert detect([text], PATTERNS)[0] == []


@pytest.mark.parametrize(
    ("kind", "text"), [("NIR", "sécu 2 55 08 99 999 999 65"), ("SIRET", "SIRET 732 829 320 00075")]
)
def test_a_wrong_key_is_a_hit_less_sure(kind: str, text: str) -> None:
    (hit,) = detect([text], PATTERNS)[0]
    right = detect([text.replace(" 65", " 66").replace("75", "74")], PATTERNS)[0][0]
    assert hit.kind == right.kind == kind
    assert 0.4 <= hit.score < right.score
    assert "clé fausse" in hit.reason


def test_every_hit_says_who_found_it_why_and_how_sure() -> None:
    text = "Mme Le Gall, 06 39 98 12 34, née le 12/03/1975, 3 rue Volney, AB-123-CD"
    hits = detect([text], PATTERNS)[0]
    assert [hit.kind for hit in hits] == ["NOM", "TELEPHONE", "NAISSANCE", "ADRESSE", "PLAQUE"]
    for hit in hits:
        assert hit.recognizer
        assert hit.reason
        assert 0 < hit.score <= 1
        assert text[hit.start : hit.end] not in hit.reason


def test_meters_that_a_contract_declares() -> None:
    text = "voir ALM-7781 merci"
    assert detect([text], PATTERNS)[0] == []
    settings = RedactionSettings(model=None, meters=(r"ALM-\d{4}",))
    assert [hit.kind for hit in detect([text], settings)[0]] == ["COMPTEUR"]


def test_a_siret_is_never_a_card() -> None:
    # Fourteen digits that pass Luhn and begin like a card, spoken of as one.
    text = "carte bancaire 36250000100007"
    assert [hit.kind for hit in detect([text], PATTERNS)[0]] == ["SIRET"]


def test_thresholds_and_kinds_are_a_contract_s_to_choose() -> None:
    text = "dossier 12345678, 06 39 98 12 34"
    wider = RedactionSettings(model=None, thresholds={"REFERENCE": 0.2})
    assert [hit.kind for hit in detect([text], wider)[0]] == ["REFERENCE", "TELEPHONE"]
    narrow = RedactionSettings(model=None, kinds=("COURRIEL",))
    assert detect([text], narrow)[0] == []
    stricter = RedactionSettings(model=None, thresholds={"TELEPHONE": 0.999})
    assert detect([text], stricter)[0] == []
