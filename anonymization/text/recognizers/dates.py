"""How dates are written in French, whatever they are of: numeric, with the month in letters, spelled, mistyped.

Patterns for folded text. What a date is of is decided elsewhere (:mod:`~anonymization.text.recognizers.births`).
"""

from __future__ import annotations

import re

_NAMES = (
    "janvier",
    "fevrier",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "aout",
    "septembre",
    "octobre",
    "novembre",
    "decembre",
)
MONTH = (
    r"(?:janvier|janv\.?|jan\.?|fevrier|fevr?\.?|mars|mrs|avril|avr\.?|mai|juin|juillet|juil\.?|aout|septembre|sept?\.?|octobre|oct\.?|"
    r"novembre|nov\.?|decembre|dec\.?)"
)
_UNITS = r"(?:un|une|deux|trois|quatre|cinq|six|sept|huit|neuf)"
_DAYS = (
    r"(?:premier|1\s?er|1\s?[°o]|\d{1,2}|un|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|dix[\s-]sept|"
    rf"dix[\s-]huit|dix[\s-]neuf|vingt(?:(?:[\s-]et)?[\s-]{_UNITS})?|trente(?:[\s-]et[\s-]un)?)"
)
_SPELLED = (
    r"(?:et|un|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingts?|trente|quarante|cinquante|soixante|septante|"
    r"octante|huitante|nonante|cents?)"
)
_SPELLED_YEAR = (
    rf"(?:mille|mil|deux[\s-]mille|dix[\s-]neuf[\s-]cents?|quatre[\s-]vingts?|(?:soixante|cinquante|quarante|trente)(?=[\s-]{_SPELLED}))"
    rf"(?:[\s-]{_SPELLED}){{0,8}}"
)
NUMERIC = (
    r"(?:\d{1,2}\s?[/.\-|]\s?\d{1,2}\s?[/.\-|]\s?(?:\d{4}|\d{2})|\d{1,2}\s\d{1,2}\s(?:19|20)\d{2}|(?:19|20)\d{2}[-/.]\d{2}[-/.]\d{2}|"
    r"\d\s\d(?:\s?[/.\-|])?\s\d\s\d(?:\s?[/.\-|])?\s\d\s\d\s\d\s\d|\d{8})"
)
_YEAR = rf"(?:\d{{4}}|'?\d{{2}}(?!\s?[:h]\s?\d)|{_SPELLED_YEAR})"
_LONG = (
    rf"(?:{_DAYS}\s(?:du\smois\sde\s)?{MONTH}\s?,?(?:\s(?:de\sl'an(?:nee)?\s)?{_YEAR})?|"
    rf"\d{{1,2}}(?:\s?er|°)?[\s\-./]?{MONTH}[\s\-./,]{{0,2}}(?:19|20)\d{{2}})"
)
DATE = rf"(?:{NUMERIC}|{_LONG}|{MONTH}\s(?:\d{{4}}|'?\d{{2}}(?!\s?[:h/]))|\d{{1,2}}/(?:19|20)\d{{2}})(?![\w])"
# Right after words that leave no doubt, dates are also written like this; the month may be mistyped (`odd`).
ANNOUNCED = (
    rf"(?:{DATE}|\d{{1,2}}\s\d{{1,2}}\s\d{{2}}(?![\w]|\s\d)|\d{{1,2}}[/.]\d{{1,2}}(?![\w/.])|\d{{6}}(?![\w]|\s\d)|"
    r"\d{1,2}\s(?P<odd>[a-z]{4,10})\s(?:19|20)?\d{2}(?![\w]))"
)
WEEKDAY = r"(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)"
FULL_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
WHOLE = re.compile(
    rf"(?<![\w/.\-])(?:(?P<day>\d{{1,2}})(?:\s?er)?\s?(?:[/.\-]\s?(?P<month>\d{{1,2}})\s?[/.\-]|\s(?P<name>{MONTH}))\s?(?P<year>(?:19|20)\d{{2}}|\d{{2}})|"
    r"(?P<iso>(?:19|20)\d{2})-(?P<iso_month>\d{2})-\d{2})(?![\w/]|[.\-]\d)"
)
_SHORT = ("jan", "fev", "mar", "avr", "mai", "juin", "juil", "aou", "sep", "oct", "nov", "dec")


def mistyped_month(word: str) -> bool:
    """Whether one letter wrong, missing or doubled, or two swapped, make a month of it."""
    return any(_middle(word, name) <= 2 for name in _NAMES if len(name) > 4)


def _middle(one: str, two: str) -> int:
    """How many letters are left in the longer of two words without what they begin and end with alike."""
    least = min(len(one), len(two))
    before = next((place for place in range(least) if one[place] != two[place]), least)
    after = next((place for place in range(least - before) if one[-1 - place] != two[-1 - place]), least - before)
    return max(len(one), len(two)) - before - after


def parsed(match: re.Match[str]) -> tuple[int, int, int]:
    """Day, month, year of a match of :data:`WHOLE`; 0 for a month or a day that is none."""
    if match["iso"]:
        return 0, int(match["iso_month"]), int(match["iso"])
    year = int(match["year"])
    if year < 100:
        year += 1900 if year > 30 else 2000
    name = match["name"]
    named = ("mar" if name == "mrs" else name) if name is not None else ""
    month = int(match["month"]) if name is None else 1 + next(i for i, m in enumerate(_SHORT) if named.startswith(m))
    return int(match["day"]), month, year
