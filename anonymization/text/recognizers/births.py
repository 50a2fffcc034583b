"""Dates of birth: numeric, spelled, « né le premier mars mille neuf cent soixante », after a word that says what they are.

A date that nothing calls a birth is not one. Only the date is the hit, not the words before it.
"""

from __future__ import annotations

import re

from anonymization.text.recognizers.shapes import Shape, ShapeRecognizer

_MONTH = (
    r"(?:janvier|janv\.?|jan\.?|fevrier|fevr?\.?|mars|avril|avr\.?|mai|juin|juillet|juil\.?|aout|septembre|sept?\.?|octobre|oct\.?|"
    r"novembre|nov\.?|decembre|dec\.?)"
)
_DAYS = (
    r"(?:premier|1\s?er|\d{1,2}|un|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|dix[\s-]sept|"
    r"dix[\s-]huit|dix[\s-]neuf|vingt(?:(?:[\s-]et)?[\s-](?:un|une|deux|trois|quatre|cinq|six|sept|huit|neuf))?|trente(?:[\s-]et[\s-]un)?)"
)
_SPELLED_TAIL = r"(?:mille|mil|deux[\s-]mille|dix[\s-]neuf[\s-]cents?)(?:[\s-](?:et|un|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingts?|trente|quarante|cinquante|soixante|septante|octante|huitante|nonante|cents?)){0,8}"  # fmt: skip
_NUMERIC = r"(?:\d{1,2}\s?[/.\-]\s?\d{1,2}\s?[/.\-]\s?(?:\d{4}|\d{2})|\d{1,2}\s\d{1,2}\s(?:19|20)\d{2}|(?:19|20)\d{2}-\d{2}-\d{2}|\d{8})"
_LONG = rf"{_DAYS}\s{_MONTH}\s?,?(?:\s(?:de\sl'an(?:nee)?\s)?(?:\d{{4}}|'?\d{{2}}|{_SPELLED_TAIL}))?"
_DATE = rf"(?:{_NUMERIC}|{_LONG}|{_MONTH}\s\d{{4}})(?![\w])"
_BORN = (
    r"(?:(?<![\w])n[e][e]?s?(?:\s?[(.·\-/]\s?e\s?[).]?s?)?|naissance|naiss\.?|ddn|d\.d\.n\.?|date de naiss\w*|naquit|anniversaire|nais|nait|"
    r"nee?\.?)"
)
_SPEAKS = re.compile(r"n(?<![^\W_]n)(?:ee?s?(?![^\W_])|ai[st]|aquit)|ddn|d\.d\.n|anniversaire")


def _speaks_of_birth(plain: str) -> bool:
    """A first look for the words that announce a birth, far cheaper than looking for what they announce."""
    return _SPEAKS.search(plain) is not None


RECOGNIZER = ShapeRecognizer(
    "naissances",
    [
        Shape(
            "NAISSANCE",
            re.compile(rf"{_BORN}[\s:,=]{{0,4}}(?:(?:est|etant|a|au|en|du|le|ce|c'est|soit|a\s[a-z\-]{{2,20}})[\s:,]{{1,2}}){{0,4}}(?P<date>{_DATE})"),
            "date annoncée comme une naissance", 0.93, group="date", when=_speaks_of_birth,
        ),
        Shape(
            "NAISSANCE",
            re.compile(rf"{_BORN}\s[^.\n\d]{{2,44}}?,?\s(?:le\s)?(?P<date>{_DATE})"),
            "date annoncée comme une naissance", 0.85, group="date", digits=1, when=_speaks_of_birth,
        ),
        Shape(
            "NAISSANCE",
            re.compile(rf"(?<![\w])(?P<date>{_NUMERIC})\s?(?:\(|,|-)?\s?(?:date de naissance|de naissance|naissance|ddn)(?![\w])"),
            "date annoncée comme une naissance", 0.8, group="date", digits=4, marks=("naissance", "ddn"),
        ),
        Shape(
            "NAISSANCE",
            re.compile(r"(?<![\w])(?:nee?s?(?:\(e\))?\sen|annee de naissance\s?:?)\s(?P<date>(?:19|20)\d{2})(?![\w])"),
            "année de naissance", 0.6, group="date", digits=4, when=_speaks_of_birth,
        ),
    ],
)  # fmt: skip
