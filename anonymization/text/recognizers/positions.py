"""Positions: decimal and sexagesimal degrees, plus codes. Sources: ISO 6709; Open Location Code (its twenty signs).

Two decimals are a kilometre and no door: a position needs three. A short plus code is read with the commune that follows it.
"""

from __future__ import annotations

import re

from anonymization.text.recognizers.shapes import Shape, ShapeRecognizer, words

_CODE = r"[23456789cfghjmpqrvwx]"
_CONTEXT = words(
    r"gps",
    r"positions?",
    r"coordonnees?",
    r"coord\.?",
    r"latitude",
    r"longitude",
    r"lat",
    r"lon",
    r"long",
    r"geoloc\w*",
)
_DEGREE = r"(?:°|º|deg|d)"


_DEGREES = re.compile(r"\d\s?(?:[°º]|deg|d)")
_GAPS = re.compile(r"\s+")
_DECIMALS = re.compile(r"\d[.,]\d{3}")


def _degrees(plain: str) -> bool:
    return _DEGREES.search(plain) is not None


def _decimals(plain: str) -> bool:
    return _DECIMALS.search(plain) is not None


def _on_earth(match: re.Match[str]) -> bool:
    latitude, longitude = (abs(float(_GAPS.sub("", match[name]).replace(",", "."))) for name in ("lat", "lon"))
    return latitude <= 90 and longitude <= 180


RECOGNIZER = ShapeRecognizer(
    "positions",
    [
        Shape(
            "POSITION",
            re.compile(
                r"(?<![\w.,])(?:lat(?:itude)?\.?\s?[:=]?\s?|[ns]\s?)?(?P<lat>[+-]?\d{1,2}[.,]\d{3,9})\s?°?\s?[ns]?\s?[,;/|\s]\s{0,2}"
                r"(?:et\s)?(?:lon(?:g(?:itude)?)?\.?\s?[:=]?\s?|[eow]\s?)?(?P<lon>[+-]?\s?\d{1,3}[.,]\d{3,9})(?:\s?°)?(?:\s?[eow](?![\w]))?(?![\w]|[.,]\d)"
            ),
            "latitude et longitude", 0.85, check=_on_earth, context=_CONTEXT, digits=8, starts="both", when=_decimals,
        ),
        Shape(
            "POSITION",
            re.compile(
                rf"(?<![\w])[ns]?\s?\d{{1,2}}\s?{_DEGREE}\s?\d{{1,2}}(?:[.,]\d+)?\s?['′m]\s?(?:\d{{1,2}}(?:[.,]\d+)?\s?(?:\"|″|''|s)?\s?)?[nsNS]?"
                rf"\s?[,;/]?\s{{0,2}}(?:et\s)?[eow]?\s?\d{{1,3}}\s?{_DEGREE}\s?\d{{1,2}}(?:[.,]\d+)?\s?['′m]\s?(?:\d{{1,2}}(?:[.,]\d+)?\s?(?:\"|″|''|s)?\s?)?[eow]?"
            ),
            "degrés et minutes", 0.9, digits=5, starts="both", when=_degrees,
        ),
        Shape(
            "POSITION",
            re.compile(rf"(?<![\w+]){_CODE}{{4,8}}\+{_CODE}{{2,3}}(?![\w+])(?:,?\s(?!et\b|ou\b|est\b|sur\b|ne\b|pas\b|merci\b|pour\b|il\b|un\b|une\b|le\b|la\b|les\b|je\b)[a-z]+(?:-[a-z']+){{0,5}}(?=[\s.,;)!?]|$))?"),
            "plus code", 0.9, marks=("+",), digits=1,
        ),
    ],
)  # fmt: skip
