"""E-mail addresses, as they are typed: « jeanne (at) orange point fr », « jeanne arobase exemple.fr », `.example` domains.

Source: RFC 5322 for the plain form, shortened; the others are what people write to escape robots, or dictate.
"""

from __future__ import annotations

import re

from anonymization.text.recognizers.shapes import Shape, ShapeRecognizer

_AT = r"(?:@|%40|[(\[{<]\s?(?:at|a|arobase|arobas|@)\s?[)\]}>])"
_AT_MARKS = ("@", "%40", "(", "[", "{", "<")
_AT_SIGN = re.compile(rf"{_AT}|\s(?:at|arobase?|arobas|arrobase|arobaz)\s")
_SAID = r"(?:\s(?:at|arobase|arobas|arrobase|arobaz)\s)"
_DOT = r"(?:\s?\.\s?|\s?[(\[{]\s?(?:point|dot|\.)\s?[)\]}]\s?|\s(?:point|dot)\s)"
_LABEL = r"[a-z0-9][a-z0-9_\-]{0,62}"
_PROVIDER = (
    r"(?:gmail|googlemail|orange|wanadoo|free|hotmail|yahoo|laposte|sfr|outlook|live|icloud|proton(?:mail)?|bbox|neuf|numericable|aol|"
    r"courriel|boite|exemple|example)"
)
_LOCAL = r"[a-z0-9][\w.+'\-]{0,63}"
_DICTATED = r"[a-z0-9][\w\-]{0,40}(?:(?:\.|\s(?:point|tiret|underscore|tiret du bas)\s)[\w\-]{1,40}){0,4}"


def _at(plain: str) -> bool:
    return _AT_SIGN.search(plain) is not None


RECOGNIZER = ShapeRecognizer(
    "courriels",
    [
        Shape(
            "COURRIEL",
            re.compile(rf"(?<![\w.+\-]){_LOCAL}@{_LABEL}(?:\.{_LABEL}){{1,5}}"),
            "adresse électronique", 0.99, marks=("@",),
        ),
        Shape(
            "COURRIEL",
            re.compile(rf"(?<![\w.+\-])[a-z0-9][\w+\-]{{0,40}}(?:\s?\.\s?[\w+\-]{{1,40}}){{0,4}}(?:\s?{_AT}\s|{_AT}){_LABEL}(?:{_DOT}{_LABEL}){{0,3}}{_DOT}[a-z]{{2,10}}(?![\w])"),
            "adresse électronique espacée", 0.95, marks=_AT_MARKS, when=_at,
        ),
        Shape(
            "COURRIEL",
            re.compile(rf"(?<![\w.+\-]){_DICTATED}{_SAID}{_LABEL}(?:{_DOT}{_LABEL}){{1,4}}"),
            "adresse électronique dictée", 0.95, marks=("at", "arob", "arrob"),
        ),
        Shape(
            "COURRIEL",
            re.compile(rf"(?<![\w.+\-]){_DICTATED}(?:\s?{_AT}\s?|{_SAID}){_PROVIDER}(?:{_DOT}|\s)?(?:com|fr|net|org|me|eu|example)?(?![\w])"),
            "adresse électronique dictée", 0.9, marks=(*_AT_MARKS, "at", "arob", "arrob"), when=_at,
        ),
        Shape(
            "COURRIEL",
            re.compile(rf"(?<![\w.+\-])[a-z0-9][\w.+\-]{{0,63}}@\s?{_LABEL}(?:\s\.\s?|\.\s|,|\s){_LABEL}(?![\w])"),
            "adresse électronique mal tapée", 0.6, marks=("@",),
        ),
        Shape("COURRIEL", re.compile(rf"(?<![\w.+\-]){_LOCAL}@{_LABEL}"), "adresse électronique incomplète", 0.55, marks=("@",)),
    ],
)  # fmt: skip
