"""Dates of birth in the ways people and forms write them, and the dates that are something else."""

from __future__ import annotations

import pytest

from anonymization.text import RedactionSettings, detect

PATTERNS = RedactionSettings(model=None)

# What stands between braces is the date.
BIRTHS = [
    "je suis né rue de la Loire le {12 mars 1951}",
    "Mon père, né le {12/03/1951}, attend",
    "né le {12.03.1951}",
    "née le {12-03-51}",
    "née le {12 03 1951}",
    "né le {3 4 51} à Cholet",
    "née en {mai 62}",
    "née en {mai 1962}",
    "NEE LE {03 AVR 1951}",
    "DDN {12/03/1951}",
    "D.D.N. : {12/03/1951}",
    "D.N. {12/03/1951}",
    "DN : {12/03/51}",
    "date de naiss. {12/03/1951}",
    "date naiss : {1951-03-12}",
    "Né(e) le : {12/03/1951}",
    "né·e le {1er mai 1988}",
    "mon fils (né en {2014}) est asthmatique",
    "mon fils, né en {2014}, est asthmatique",
    "mon anniversaire est le {3 avril}",
    "son anniversaire, le {3 avril}",
    "je suis du {3 avril 1951}",
    "je suis de {1951}, je marche mal",
    "ma mère est du {3 avril 1938}",
    "de la classe {1948}",
    "je suis de la classe {48}",
    "née le mardi {3 mars 1962}",
    "née le {premier avril mille neuf cent cinquante et un}",
    "née courant {1962}",
    "née vers {1950}",
    "né fin {1962}",
    "né en {62}",
    "natif du {3 avril 1951}",
    "M. Kerbrat ({12/03/1951}) demande",
    "Mme Kerbrat Lucie, {12/03/1951}, demande un badge",
    "KERBRAT Lucie {12/03/1951}",
    "NIR 2 51 03 49 007 123 45, {12 mars 1951}, badge",
    "74 ans ({12/03/1951}), sous oxygène",
    "a eu 80 ans le {3 avril}",
    "date et lieu de naissance : Angers, le {12/03/1951}",
    "Date de naissance (jj/mm/aaaa) : {12/03/1951}",
    "née à Angers le {12 mars 1951}",
    "né à Segré (49) le {12/03/1951}",
    "né le {1 2 / 0 3 / 1 9 5 1}",
    "née le {12 du mois de mars 1951}",
    "venu au monde le {3 avril 2014}",
    "née le {19510312}",
    "date de naissance\n{12/03/1951}",
    "nés les {3 mai 2011} et",
    "les jumelles nées le {3/5/11}",
    "ne le {12 mars 1951} a angers",
    "née Martin le {27 avril 1944}",
    "née en {04/1962}",
    "née le {12/03}",
    "né {12/03/1951}",
]
OTHER_DATES = [
    "Le camion ne passe plus depuis le 12 mars 2024",
    "L'éclairage ne marche plus, en panne le 12 mars 2024",
    "il ne sera là que le 12/03/2024",
    "Le bac n'est pas vidé cette année, le 12/03/2024 non plus",
    "la tournée du 12/03/2024 ne passe pas",
    "acte de naissance demandé le 12/03/2024",
    "mon extrait de naissance, reçu le 12 mars 2024",
    "née à Angers, a déposé plainte le 12 mars 2024",
    "anniversaire de la commune le 14 juillet 2026",
    "l'anniversaire du marché, 3 avril 2026",
    "le courrier, il est du 12/03/2024",
    "facture du 12/03/2024",
    "passeport valable jusqu'au 12/03/2031",
    "M. Kerbrat, 12/03/2024, rappeler",
    "relevé du 3 avril 2024 : 1951",
    "ouverture le 12/03/1951",
    "bâtiment de classe A depuis 1998",
    "je suis de 58 rue",
    "il est de 1951 euros",
    "vu M. Kerbrat le 12 mars 2024",
    "livraison le 3 avril, ne pas laisser dehors",
    "naissance prévue le 12 mars 2026",
    "Rue du 8 mai 1945",
    "Mme Kerbrat, 8 mai 1945 (rue du)",
    "né de la fusion de deux quartiers le 3 mars 2015",
    "je ne suis pas du 3 avril",
    "ligne née le projet en 2015",
    "ils ne le vident que le 12 mars",
    "on ne nous a rien dit avant le 3 avril 2026",
    "une idée née en réunion le 3 avril 2026",
    "le contrat a 3 ans le 12 mars",
    "2 classes de 48 élèves",
    "le pont est du 3 avril 1951",
    "DN 100 fuite le 12/03/2024",
    "la naissance du projet le 3 mai 2019",
    "je suis du 3 avril au 12 mai en vacances",
    "contrat signé par Mme Kerbrat le 12/03/1999",
]


def _births(text: str) -> list[str]:
    (hits,) = detect([text], PATTERNS)
    return [text[hit.start : hit.end] for hit in hits if hit.kind == "NAISSANCE"]


@pytest.mark.parametrize("marked", BIRTHS)
def test_the_date_of_a_birth_is_found_whole(marked: str) -> None:
    wanted = marked.partition("{")[2].partition("}")[0]
    assert _births(marked.replace("{", "").replace("}", "")) == [wanted]


@pytest.mark.parametrize("text", OTHER_DATES)
def test_a_date_of_something_else_is_left(text: str) -> None:
    assert _births(text) == []
