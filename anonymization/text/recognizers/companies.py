"""Companies and establishments: SIREN, SIRET, intra-community VAT. Sources: Insee (Luhn); CGI annexe II, article 242 bis A.

A SIRET is a SIREN and five digits, Luhn as a whole except for La Poste, whose establishments add up to a multiple of five.
"""

from __future__ import annotations

import re

from anonymization.text import checks
from anonymization.text.recognizers.shapes import Shape, ShapeRecognizer, compact, words

_GAP = r"[\s.\-]{0,2}"
_SIREN = rf"\d{{3}}{_GAP}\d{{3}}{_GAP}\d{{3}}"
_COMPANY = words(
    r"siren", r"rcs", r"r\.c\.s", r"societe", r"entreprise", r"sarl", r"sasu?", r"immatriculee?", r"siege", r"artisan"
)
_ESTABLISHMENT = words(
    r"siret", r"siren", r"etablissement", r"societe", r"entreprise", r"sarl", r"sasu?", r"artisan", r"association"
)
_VAT = words(r"tva", r"t\.v\.a", r"intracom\w*", r"intra-communautaire", r"vat")


def _siren(match: re.Match[str]) -> bool:
    return checks.siren(compact(match.group()))


def _siret(match: re.Match[str]) -> bool:
    return checks.siret(compact(match.group()))


def _vat(match: re.Match[str]) -> bool:
    return checks.vat(match["key"], compact(match["siren"]))


RECOGNIZER = ShapeRecognizer(
    "entreprises",
    [
        Shape(
            "SIRET",
            re.compile(rf"(?<![\w]){_SIREN}{_GAP}\d{{3}}\s?\d{{2}}(?![\w])"),
            "quatorze chiffres d'établissement",
            0.85,
            check=_siret,
            failing=0.2,
            context=_ESTABLISHMENT,
            digits=14, run=14, starts="number",
        ),
        Shape(
            "SIREN",
            re.compile(rf"(?<![\w]){_SIREN}(?![\w]|[\s.]\d{{3}})"),
            "neuf chiffres d'entreprise",
            0.45,
            check=_siren,
            failing=0.15,
            context=_COMPANY,
            boost=0.5,
            digits=9, run=9, starts="number",
        ),
        Shape(
            "TVA",
            re.compile(rf"(?<![\w])fr{_GAP}(?P<key>[0-9a-hj-np-z]{{2}}){_GAP}(?P<siren>{_SIREN})(?![\w])"),
            "numéro de TVA français",
            0.95,
            check=_vat,
            failing=0.5,
            context=_VAT,
            digits=9, run=9, starts="code",
        ),
        Shape(
            "TVA",
            re.compile(r"(?<![\w])(?:at|be|bg|cy|cz|de|dk|ee|el|es|fi|hr|hu|ie|it|lt|lu|lv|mt|nl|pl|pt|ro|se|si|sk)\s?[0-9a-z]?\d{7,11}[a-z]?(?![\w])"),
            "numéro de TVA européen",
            0.2,
            context=_VAT,
            boost=0.6,
            needs_context=True,
            digits=7, starts="code",
        ),
    ],
)  # fmt: skip
