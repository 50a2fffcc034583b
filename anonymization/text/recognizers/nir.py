"""Social security numbers (NIR). Sources: decree 82-103; Insee for the parts and the key.

Sex, year, month (20 and over where it is not known), department (2A and 2B in Corsica, 99 abroad), commune, order, key.
People copy the key wrongly more often than not: then the hit is less sure, and still a hit.
"""

from __future__ import annotations

import re

from anonymization.text import checks
from anonymization.text.recognizers.shapes import Shape, ShapeRecognizer, compact, words

_GAP = r"[\s.\-/]{0,2}"
_BODY = rf"[12378]{_GAP}\d{{2}}{_GAP}(?:0[1-9]|1[0-2]|[2-9]\d){_GAP}(?:2[ab]|\d{{2}}){_GAP}\d{{3}}{_GAP}\d{{3}}"
_CONTEXT = words(
    r"nir", r"n\.i\.r", r"insee", r"secu(?:rite sociale)?", r"ss", r"s\.s", r"carte vitale", r"vitale", r"immatriculation sociale", r"assure(?:e)?",
    r"cpam", r"ameli", r"msa",
)  # fmt: skip


def _key(match: re.Match[str]) -> bool:
    return checks.nir(compact(match["body"]), match["key"])


RECOGNIZER = ShapeRecognizer(
    "nir",
    [
        Shape(
            "NIR",
            re.compile(
                rf"(?<![\w])(?P<body>{_BODY})[\s.\-/(]{{0,3}}(?:cle\s{{0,2}}:?\s{{0,2}})?(?P<key>\d{{2}})(?!\d)"
            ),
            "numéro de sécurité sociale avec sa clé",
            0.97,
            check=_key,
            failing=0.5,
            context=_CONTEXT,
            digits=14,
            run=5,
            starts="number",
        ),
        Shape(
            "NIR",
            re.compile(rf"(?<![\w]){_BODY}(?!\d)(?![\s.\-]{{0,2}}\d{{2}}(?!\d))"),
            "numéro de sécurité sociale sans clé",
            0.5,
            context=_CONTEXT,
            boost=0.45,
            digits=12,
            run=5,
            starts="number",
        ),
        Shape(
            "NIR",
            re.compile(r"(?<![\w])[12](?:[\s.\-]?[0-9]){8,13}(?:[\s.\-]?[ab])?(?:[\s.\-]?[0-9]){0,8}(?![\w])"),
            "numéro de sécurité sociale mal recopié",
            0.1,
            context=_CONTEXT,
            boost=0.5,
            needs_context=True,
            digits=9,
            run=5,
            starts="number",
        ),
    ],
)
