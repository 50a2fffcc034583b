"""Licence plates. Sources: order of 9 February 2009 (SIV, AA-123-AA, no I, O or U); the departments' series before it (FNI).

In a text in small letters « de 100 km » has the shape of a plate: pairs that are words need something said of a vehicle.
"""

from __future__ import annotations

import re

from anonymization.text.recognizers.shapes import Shape, ShapeRecognizer, words

_PAIR = r"[a-hj-np-tv-z]{2}"
_WORDS = frozenset(
    [
        "de",
        "le",
        "la",
        "et",
        "en",
        "je",
        "ce",
        "se",
        "me",
        "te",
        "ne",
        "sa",
        "ma",
        "ta",
        "es",
        "as",
        "ans",
        "st",
        "ca",
        "ra",
        "pk",
        "rd",
        "rn",
    ]
)
_UNITS = frozenset(
    [
        "km",
        "kg",
        "cm",
        "mm",
        "ml",
        "dl",
        "ha",
        "kw",
        "mb",
        "gb",
        "hz",
        "db",
        "mn",
        "sec",
        "ere",
        "eme",
        "me",
        "et",
        "de",
        "le",
        "la",
        "les",
        "des",
        "en",
    ]
)
_VEHICLE = words(
    r"plaques?", r"immat\w*", r"vehicules?", r"voitures?", r"auto", r"camions?", r"camionnettes?", r"fourgon\w*", r"utilitaire", r"moto",
    r"scooter", r"berline", r"clio", r"megane", r"twingo", r"scenic", r"kangoo", r"master", r"trafic", r"renault", r"peugeot", r"citroen",
    r"dacia", r"sandero", r"duster", r"fiat", r"ford", r"fiesta", r"opel", r"corsa", r"volkswagen", r"golf", r"polo", r"bmw", r"audi",
    r"mercedes", r"toyota", r"yaris", r"nissan", r"berlingo", r"partner", r"kia", r"seat", r"skoda", r"tesla", r"remorque", r"caravane",
    r"gar(?:e|ee|er)", r"stationn\w*", r"epave", r"ventouse", r"numero",
)  # fmt: skip


def _no_word(match: re.Match[str]) -> bool:
    return match["one"] not in _WORDS and match["two"] not in _UNITS


def _department(match: re.Match[str]) -> bool:
    letters = match["letters"]
    return (
        letters not in {"rue", "bis", "ter", "mai", "les", "des", "par", "eme", "ans", "kms", "kwh"}
        and letters not in _UNITS
    )


RECOGNIZER = ShapeRecognizer(
    "plaques",
    [
        Shape(
            "PLAQUE",
            re.compile(rf"(?<![\w\-]){_PAIR}-\d{{3}}-{_PAIR}(?![\w]|-\w)"),
            "plaque d'immatriculation", 0.95, digits=3, starts="code", run=3, marks=("-",),
        ),
        Shape(
            "PLAQUE",
            re.compile(rf"(?<![\w])(?P<one>{_PAIR})[\s.\-_·/]{{0,3}}\d{{3}}[\s.\-_·/]{{0,3}}(?P<two>{_PAIR})(?![\w])"),
            "plaque d'immatriculation", 0.75, check=_no_word, failing=0.2, context=_VEHICLE, boost=0.4, digits=3, run=3, starts="code",
        ),
        Shape(
            "PLAQUE",
            re.compile(r"(?<![\w])ww?[\s\-]\d{3}[\s\-][a-hj-np-tv-z]{2}(?![\w])"),
            "plaque provisoire", 0.85, digits=3, run=3, starts="code",
        ),
        Shape(
            "PLAQUE",
            re.compile(r"(?<![\w])\d{1,4}[\s.\-]?(?P<letters>[a-hj-np-tv-z]{2,3})[\s.\-]?(?:0[1-9]|[1-8]\d|9[0-5]|2[ab]|97[1-6])(?![\w])"),
            "plaque d'avant 2009", 0.3, check=_department, context=_VEHICLE, boost=0.5, digits=3, starts="number",
        ),
    ],
)  # fmt: skip
