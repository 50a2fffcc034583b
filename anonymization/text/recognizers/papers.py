"""Passports, identity cards, residence permits, driving licences. Sources: ANTS; order of 20 March 2007 for licences.

Passport and new driving licence are written alike (12AB34567): the word beside the number decides, and without one it is a
passport. The identity card of 2021 has nine signs without vowels; the older one twelve digits that begin with year and
month. None is accepted without something in favour of it: many references look the same.
"""

from __future__ import annotations

import re

from anonymization.text.recognizers.shapes import Shape, ShapeRecognizer, words

_PASSPORT = words(r"passeports?", r"passport", r"pspt")
_CARD = words(
    r"cni",
    r"cnie",
    r"(?:cartes?|pieces?|titres?) (?:nationale? )?d'? ?identite",
    r"identite",
    r"carte nationale",
    r"ci",
)
_PERMIT = words(
    r"sejour", r"resident", r"recepisse", r"titre", r"agdref", r"etrangers?",
    r"prefecture",
)  # fmt: skip
_LICENCE = words(r"permis(?: de conduire| b| a| n)?", r"conduire", r"neph", r"conducteur", r"conductrice", r"licence")
_NEW_CARD = re.compile(r"(?<![\w])(?=[a-z0-9]{0,8}\d)(?=[a-z0-9]{0,8}[a-z])[0-9b-df-hj-np-tv-z]{9}(?![\w])")
_LONE = r"(?<![\w\-])\d{2}\s?[a-z]{2}\s?\d{5}(?![\w\-])"


def _month(match: re.Match[str]) -> bool:
    return 1 <= int(match["month"]) <= 12


RECOGNIZER = ShapeRecognizer(
    "titres",
    [
        Shape("PASSEPORT", re.compile(_LONE), "deux chiffres, deux lettres, cinq chiffres", 0.55, context=_PASSPORT, digits=7, starts="number"),
        Shape(
            "PASSEPORT",
            re.compile(r"(?<![\w])[a-z]{1,2}\s?\d{6,8}(?![\w])"), "passeport étranger", 0.35, context=_PASSPORT, boost=0.55,
            needs_context=True, digits=6, starts="code",
        ),
        Shape("PERMIS", re.compile(_LONE), "forme d'un permis de conduire", 0.4, context=_LICENCE, boost=0.55, needs_context=True, digits=7, starts="number"),
        Shape(
            "PERMIS",
            re.compile(r"(?<![\w])\d{2}(?:[\s.\-]?\d){10}(?![\w])(?![\s.\-]\d)"),
            "douze chiffres d'un permis de conduire", 0.35, context=_LICENCE, boost=0.6, needs_context=True, digits=12, run=12, starts="number",
        ),
        Shape("CNI", _NEW_CARD, "neuf signes d'une carte d'identité", 0.3, context=_CARD, boost=0.65, digits=1, starts="both", needs_context=True, marks=("cni", "ci", "identite", "nationale")),
        Shape(
            "CNI",
            re.compile(r"(?<![\w])\d{2}\s?(?P<month>\d{2})(?:[\s.\-]?[0-9a-z]){2}(?:[\s.\-]?\d){6}(?![\w])(?![\s.\-]\d)"),
            "douze chiffres d'une carte d'identité", 0.3, check=_month, failing=0.15, context=_CARD, boost=0.65, digits=10, run=4, starts="number",
        ),
        Shape(
            "SEJOUR",
            re.compile(r"(?<![\w])(?=[a-z0-9]{0,11}\d)(?:[0-9]{10}|[0-9]{2}\s?[a-z]{2}\s?[0-9]{5}|[a-z]{2}\s?[0-9]{7,8}|[0-9a-z]{3}[0-9]{6,9}|[0-9a-z]{9})(?![\w])"),
            "numéro d'un titre de séjour", 0.3, context=_PERMIT, boost=0.65, needs_context=True, digits=5, starts="both",
        ),
        Shape(
            "SEJOUR",
            re.compile(r"(?<![\w])\d{2}(?:\s\d{2}){4}(?!\s?\d)|(?<![\w])\d{4}\s\d{3}\s\d{3}(?!\s?\d)"),
            "numéro d'un titre de séjour", 0.3, context=_PERMIT, boost=0.65, needs_context=True, digits=10, run=10, starts="number",
        ),
    ],
)  # fmt: skip
