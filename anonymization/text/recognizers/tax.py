"""Tax reference of a person (SPI, « numéro fiscal »): thirteen digits, the first from 0 to 3, key modulo 511."""

from __future__ import annotations

import re

from anonymization.text import checks
from anonymization.text.recognizers.shapes import Shape, ShapeRecognizer, compact, words

_CONTEXT = words(
    r"spi", r"fiscal(?:e|es)?", r"impots?", r"contribuable", r"dgfip", r"tresor public", r"avis d'imposition", r"imposition", r"taxe \w+",
)  # fmt: skip


def _key(match: re.Match[str]) -> bool:
    return checks.spi(compact(match.group()))


RECOGNIZER = ShapeRecognizer(
    "fiscal",
    [
        Shape(
            "FISCAL",
            re.compile(r"(?<![\w])[0-3](?:[\s.\-]{0,2}\d){12}(?![\w])(?![\s.\-]\d)"),
            "treize chiffres d'un numéro fiscal",
            0.75,
            check=_key,
            failing=0.2,
            context=_CONTEXT,
            boost=0.6,
            digits=13,
            run=13,
            starts="number",
        )
    ],
)
