"""Delivery points and meters. Sources: Enedis (PRM or PDL, fourteen digits); GRDF (PCE, fourteen digits or GI and six).

Fourteen digits that are no SIRET are most often a delivery point. Meters, badges and bins have no common shape: here the
word before the number decides; a contract that knows its own numbers declares their patterns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from anonymization.text.recognizers.shapes import Shape, ShapeRecognizer, words

_FOURTEEN = r"(?<![\w])\d{2}(?:[\s.\-]?\d){12}(?![\w])(?![\s.\-]\d)"
_POWER = words(
    r"prm",
    r"pdl",
    r"points? de livraison",
    r"linky",
    r"enedis",
    r"electri\w*",
    r"edf",
    r"point reference mesure",
    r"compteur",
)
_GAS = words(r"pce", r"gaz", r"grdf", r"gazpar", r"point de comptage", r"point de comptage et d'estimation")
_THING = (
    r"(?:compteurs?|linky|gazpar|badges?|puces?|rfid|bacs?|tag|carte (?:de )?dechet\w*|carte (?:d'acces|sodemel|atout)|matricule|"
    r"conteneurs?|composteurs?|telereleve|module radio)"
)
_THINGS = (
    "compteur", "compteurs", "linky", "gazpar", "badge", "badges", "puce", "puces", "rfid", "bac", "bacs", "tag", "carte", "matricule", "conteneur",
    "conteneurs", "composteur", "composteurs", "telereleve", "module",
)  # fmt: skip
_NEAR = words(
    r"compteurs?", r"linky", r"gazpar", r"badges?", r"puces?", r"rfid", r"bacs?", r"tag", r"carte (?:de )?dechet\w*", r"carte d'acces", r"carte sodemel",
    r"carte atout", r"matricule", r"conteneurs?", r"composteurs?", r"telereleve", r"module radio",
)  # fmt: skip
_CODE = r"(?=[a-z0-9\-]{0,24}\d)[a-z]{0,4}[\-]?[0-9a-f]{2,24}(?:-[0-9a-z]{1,12}){0,4}"
_NUMBER = r"(?:numero|num\.?|n\s?[°o]\.?|no\.?|ref\.?|reference|matricule|serie|id|identifiant|puce|rfid)"


def _long_enough(match: re.Match[str]) -> bool:
    code = match["code"].replace("-", "").replace(" ", "")
    return len(code) >= 6 and sum(sign.isdigit() for sign in code) >= 3


ENERGY = ShapeRecognizer(
    "energie",
    [
        Shape("PRM", re.compile(_FOURTEEN), "quatorze chiffres d'un point de livraison", 0.42, context=_POWER, boost=0.55, digits=14, run=14, starts="number"),
        Shape("PCE", re.compile(_FOURTEEN), "quatorze chiffres d'un point de comptage", 0.41, context=_GAS, boost=0.57, digits=14, run=14, starts="number"),
        Shape("PCE", re.compile(r"(?<![\w])gi\s?\d{3}\s?\d{3}(?![\w])"), "GI et six chiffres", 0.75, context=_GAS, digits=6, starts="code", marks=("gi",)),
    ],
)  # fmt: skip

METERS = ShapeRecognizer(
    "compteurs",
    [
        Shape(
            "COMPTEUR",
            re.compile(rf"(?<![\w]){_THING}(?:\s[a-z']{{1,14}}){{0,3}}?[\s:(,]{{0,3}}(?:{_NUMBER}[\s:.]{{0,3}}){{0,2}}(?P<code>{_CODE})(?![\w])"),
            "numéro annoncé d'un compteur, d'un badge ou d'une puce", 0.75, check=_long_enough, group="code", digits=3, marks=_THINGS, starts="words",
        ),
        Shape(
            "COMPTEUR",
            re.compile(r"(?<![\w])[a-z]\d{2}[a-z]{2}\d{6}[a-z]?(?![\w])"),
            "numéro de compteur d'eau", 0.7, digits=8, run=6, starts="code",
        ),
        Shape(
            "COMPTEUR",
            re.compile(rf"(?<![\w]){_THING}\s?[:(]?\s?(?:{_NUMBER}[\s:.]{{0,3}})?(?P<code>\d{{2,4}}\s[a-z]{{2,3}}\s\d{{4,8}}|\d{{3,4}}(?:\s\d{{3,4}}){{1,4}})(?![\w])"),
            "numéro annoncé d'un compteur", 0.7, group="code", digits=6, marks=_THINGS, starts="words",
        ),
        Shape(
            "COMPTEUR",
            re.compile(r"(?<![\w])n\s?[°o]\.?\s?:?\s?(?P<code>\d(?:[\s.]?\d){6,15})(?![\w])"),
            "numéro annoncé d'un compteur", 0.2, group="code", context=_NEAR, boost=0.4, needs_context=True, digits=7, run=7, marks=("n", "no"), starts="words",
        ),
        Shape(
            "COMPTEUR",
            re.compile(r"(?<![\w])(?=[a-f]{0,7}\d)(?=\d{0,7}[a-f])(?:[0-9a-f]{8}|[0-9a-f]{14})(?![\w])"),
            "numéro d'une puce", 0.25, context=words(r"rfid", r"badges?", r"puces?", r"uid", r"nfc", r"cartes?", r"bacs?"), boost=0.5,
            needs_context=True, digits=1, starts="both", marks=("rfid", "badge", "puce", "uid", "nfc", "carte", "bac"),
        ),
        Shape(
            "COMPTEUR",
            re.compile(r"(?<![\w:])[0-9a-f]{2}(?::[0-9a-f]{2}){3}(?::[0-9a-f]{2}(?::[0-9a-f]{2}:[0-9a-f]{2})?|(?::[0-9a-f]{2}){6})?(?![\w:])"),
            "numéro d'une puce RFID", 0.5, context=words(r"rfid", r"badge", r"puce", r"uid", r"nfc"), boost=0.45, needs_context=True,
            digits=2, marks=(":",),
        ),
    ],
)  # fmt: skip


def declared(patterns: Sequence[str]) -> ShapeRecognizer:
    """A recognizer of the meter, badge or bin numbers whose patterns a contract declares (on folded, lower-case text)."""
    shapes = [
        Shape(
            "COMPTEUR",
            re.compile(rf"(?<![\w])(?:{pattern})(?![\w])", re.IGNORECASE),
            "forme déclarée par le contrat",
            0.95,
        )
        for pattern in patterns
    ]
    return ShapeRecognizer("compteurs_declares", shapes)
