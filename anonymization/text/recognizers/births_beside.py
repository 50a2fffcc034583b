"""Dates of birth that no word announces: after a name, after another birth, or told again by a NIR of the same text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from anonymization.text.hit import Hit
from anonymization.text.reading import Reading
from anonymization.text.recognizers.dates import DATE, WHOLE, parsed

_NAMED = 0.4  # from this score on, a name is one
_LONG_AGO = 2012  # a date beside a name that is as old is a birth more often than an event
_BESIDE = re.compile(r"\s?[\s,(;:/|\-–]\s?\(?(?:[fhm]\s?[,/]\s?)?")
_NEARBY = 9  # signs between a name and a date
_IN_BRACKETS = re.compile(r"\s?\(")
_CHILDREN = re.compile(
    r"(?<![^\W_])(?:enfants?|fils|filles?|bebes?|eleves?|ecole|creche|cantine|jumeaux|jumelles|maternelle|fratrie)(?![^\W_])"
)
_LONE_YEAR = re.compile(r"\s?(?:\(|,\s)(?P<year>19[1-9]\d|200\d)(?=\)|,)")
_ONE_MORE = re.compile(
    rf"\s?(?:,|/|;)?\s?(?:et(?:\snon(?:\spas)?)?|ou|puis|au\slieu|plutot\sque|(?:et\s)?moi|(?:et\s)?(?:mon|ma|son|sa)\s[a-z]{{2,10}}|)\s?(?:est\s)?"
    rf"(?:le\s|en\s|du\s|de\s|d'|(?<=\set\s)(?=\d{{4}}))(?P<date>{DATE}|(?:19|20)\d{{2}}(?![\w]|\s?[-/.]\d))"
)
_NIR_DATE = re.compile(r"[1-8]\D{0,2}(\d\s?\d)\D{0,2}(\d\s?\d)")
_COMMEMORATED = frozenset([(8, 5, 1945), (11, 11, 1918), (19, 3, 1962), (14, 7, 1789), (18, 6, 1940)])


def beside(reading: Reading, found: Sequence[Hit]) -> Iterator[Hit]:
    """Yield them, with what was found before; of the names, those that are likely."""
    if reading.digits < 2 or not found:
        return
    names = {hit.end for hit in found if hit.kind == "NOM" and hit.score >= _NAMED}
    nirs = [hit for hit in found if hit.kind == "NIR"]
    yield from _one_more(reading.plain, [hit for hit in found if hit.kind == "NAISSANCE"])
    if reading.digits >= 4 and (names or nirs):
        yield from _dates(reading.plain, names, nirs)
        for end in names:
            if year := _LONE_YEAR.match(reading.plain, end):
                yield Hit("NAISSANCE", *year.span("year"), 0.5, "naissances", "année juste après un nom")


def _dates(plain: str, names: set[int], nirs: Sequence[Hit]) -> Iterator[Hit]:
    numbers = [match.groups() for hit in nirs if (match := _NIR_DATE.match(plain, hit.start))]
    told = {(year.replace(" ", ""), month.replace(" ", "")) for year, month in numbers}
    for match in WHOLE.finditer(plain):
        day, month, year = parsed(match)
        if any(hit.start < match.end() and match.start() < hit.end for hit in nirs) or not 1 <= month <= 12:
            continue
        if (f"{year % 100:02}", f"{month:02}") in told:
            yield Hit("NAISSANCE", *match.span(), 0.85, "naissances", "date que dit aussi le NIR")
        elif (day, month, year) in _COMMEMORATED or not (name := _after(names, plain, match)):
            continue
        elif 1900 < year <= _LONG_AGO:
            yield Hit("NAISSANCE", *match.span(), 0.7, "naissances", "date juste après un nom")
        elif _IN_BRACKETS.fullmatch(plain, name, match.start()) and _CHILDREN.search(plain):
            yield Hit("NAISSANCE", *match.span(), 0.6, "naissances", "date juste après le nom d'un enfant")


def _one_more(plain: str, births: Sequence[Hit]) -> Iterator[Hit]:
    """« nés le 3 mai 2011 et le 4 juin 2014 »."""
    for hit in births:
        end = hit.end
        while more := _ONE_MORE.match(plain, end):
            end = more.end("date")
            yield Hit("NAISSANCE", *more.span("date"), hit.score - 0.1, "naissances", "date après une naissance")


def _after(names: set[int], plain: str, match: re.Match[str]) -> int | None:
    """The end of the name right after which a date stands."""
    start = match.start()
    near = (end for end in range(max(0, start - _NEARBY), start) if end in names)
    return next((end for end in near if _BESIDE.fullmatch(plain, end, start)), None)
