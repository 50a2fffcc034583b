"""Dates of birth: numeric, spelled, « né le premier mars mille neuf cent soixante », after a word that says what they are.

A date that nothing calls a birth is not one: a letter's, a delivery's, a passport's. Folding makes « né » and the « ne »
of a negation one word: only a date right after it, or a place and then a date, make it a birth. Only the date is the
hit, not the words before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from anonymization.text.hit import Hit
from anonymization.text.reading import Reading
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
_NUMERIC = (
    r"(?:\d{1,2}\s?[/.\-|]\s?\d{1,2}\s?[/.\-|]\s?(?:\d{4}|\d{2})|\d{1,2}\s\d{1,2}\s(?:19|20)\d{2}|(?:19|20)\d{2}[-/.]\d{2}[-/.]\d{2}|"
    r"\d\s\d(?:\s?[/.\-|])?\s\d\s\d(?:\s?[/.\-|])?\s\d\s\d\s\d\s\d|\d{8})"
)
_LONG = rf"{_DAYS}\s(?:du\smois\sde\s)?{_MONTH}\s?,?(?:\s(?:de\sl'an(?:nee)?\s)?(?:\d{{4}}|'?\d{{2}}(?!\s?[:h]\s?\d)|{_SPELLED_TAIL}))?"
_DATE = rf"(?:{_NUMERIC}|{_LONG}|{_MONTH}\s(?:\d{{4}}|'?\d{{2}}(?!\s?[:h/]))|\d{{1,2}}/(?:19|20)\d{{2}})(?![\w])"
_RIGHT_AFTER = rf"(?:{_DATE}|\d{{1,2}}\s\d{{1,2}}\s\d{{2}}(?![\w]|\s\d)|\d{{1,2}}[/.]\d{{1,2}}(?![\w/.]))"
_NEE = r"nee?s?(?:\s?[(.·\-/]\s?e\s?[).]?\s?[.·(]?s?\)?)?"
_BORN = (
    rf"(?<![\w])(?:{_NEE}|naissance|naiss\.?|ddn|d\.?\s?d\.\s?n\.?|d\.?n\.?|date de naiss\w*|naquit|anniversaire|nais|nait|nati(?:f|ve)|"
    r"venue?s?\sau\smonde)"
)
_WEEKDAY = r"(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)"
_TO_DATE = rf"(?:est|etant|a|au|en|du|le|ce|un|c'est|soit|vers|courant|fin|debut|{_WEEKDAY}|a\s[a-z\-]{{2,20}})"
_KIN = (
    r"(?:mon|ma|son|sa|notre)\s(?:mere|pere|maman|papa|fils|fille|mari|femme|epou(?:x|se)|frere|soeur|conjointe?|compagn(?:on|e)|"
    r"grand[\s-](?:mere|pere))\sest"
)
_SPEAKS = re.compile(
    r"(?<![^\W_])(?:n(?:ee?s?(?![^\W_])|ai[st]|aquit|ati(?:f|ve)\s)|d\.?n(?![^\W_])|ddn|d\.?\s?d\.\s?n|venue?s?\sau)|naiss|anniversaire"
)
# What has a beginning and is nobody.
_THING = (
    r"(?:idee|projet|association|collectif|ligne|conflit|litige|societe|entreprise|club|marche|quartier|commune|ville|festival|service|"
    r"reseau|polemique|fusion|metropole|region|ecole|mariage|deces|mort|armistice|liberation|victoire|inauguration|creation|ouverture|equipe|"
    r"pont|place|fete|comite|parc)s?"
)
_OF_A_THING = re.compile(rf"(?<![\w]){_THING}\s(?:est\s|etait\s)?$|(?:fete|soiree|repas|gouter|musique|cause)\sd'$")
_EVENT = re.compile(
    rf"(?<![\w])(?:{_THING}|ne|n'|que|qui|depos\w+|signal\w+|demand\w+|deliv\w+|recue?s?|retir\w+|command\w+|prevue?s?|attendue?s?|reunion|depuis|avant|"
    r"apres|jusqu\w*|factur\w+|courrier|lettre|livr\w+|rendez|rdv|plainte|vole\w*|tomb\w+|chut\w+|appel\w+|pass[eo]\w*|faite?s?|valable|expir\w+|envoy\w+|"
    r"decede\w*|hospitalis\w+|arriv\w+|inscri\w+|sign\w+|transmis\w*|etablie?|obtenue?s?)(?![\w])|"
    r",\s(?:a|est|ai|ont|sont|etait|avait|j'|il|elle|je|nous|on)(?![\w])"
)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_LONG_AGO = 2012  # a date beside a name or an age that is as old is a birth more often than an event


def _speaks_of_birth(plain: str) -> bool:
    """A first look for the words that announce a birth, far cheaper than looking for what they announce."""
    return _SPEAKS.search(plain) is not None


def _of_someone(match: re.Match[str]) -> bool:
    """Whether nothing says that what is born is a thing, or that the date is of something else."""
    if _OF_A_THING.search(match.string, max(0, match.start() - 30), match.start()):
        return False
    gap = match.string[match.end("born") : match.start("date")]
    return _EVENT.search(gap) is None


def _old(match: re.Match[str]) -> bool:
    year = _YEAR.search(match["date"])
    return year is not None and int(year.group()) <= _LONG_AGO


RECOGNIZER = ShapeRecognizer(
    "naissances",
    [
        Shape(
            "NAISSANCE",
            re.compile(rf"(?P<born>{_BORN})[\s:,=(\-]{{0,4}}(?:{_TO_DATE}[\s:,]{{1,2}}){{0,4}}(?P<date>{_RIGHT_AFTER})"),
            "date annoncée comme une naissance", 0.93, check=_of_someone, group="date", when=_speaks_of_birth,
        ),
        Shape(
            "NAISSANCE",
            re.compile(
                rf"(?<![\w])(?P<born>nee(?:\(s\)|s)?|nes|ne(?=\s(?:a|au|aux|en|dans|sous|rue|place|prematur\w+|francais)\s)|(?:(?<=suis\s)|(?<=est\s)|(?<=tait\s))ne|ne\s?[(.·\-/]e[).]?s?|"
                rf"naissance|naiss\.|anniversaire)\s(?:[^.\n\d;]|\(\d{{2,3}}\)|\d{{5}}(?=[\s,])){{2,44}}?,?\s(?:le\s)?(?P<date>{_DATE})"
            ),
            "date annoncée comme une naissance", 0.85, check=_of_someone, group="date", digits=1, when=_speaks_of_birth,
        ),
        Shape(
            "NAISSANCE",
            re.compile(rf"(?<![\w])(?P<date>{_NUMERIC})\s?(?:\(|,|-)?\s?(?:date de naissance|de naissance|naissance|ddn)(?![\w])"),
            "date annoncée comme une naissance", 0.8, group="date", digits=4, marks=("naissance", "ddn"),
        ),
        Shape(
            "NAISSANCE",
            re.compile(
                rf"(?<![\w])(?P<born>{_NEE}|annee de naissance|nati(?:f|ve))\s?:?\s(?:(?:en|vers|courant|fin|debut|de|l'an|autour de)\s(?:l'annee\s)?)?"
                r"(?P<date>(?:19|20)\d{2}|(?<=\sen\s)'?\d{2}(?!\s?(?:[/.:h%€-]\s?\d|h\b|ans|jours|min|rue|heures|euros)))(?![\w]|\s?[-/.]\d)"
            ),
            "année de naissance", 0.6, check=_of_someone, group="date", digits=2, when=_speaks_of_birth,
        ),
        Shape(
            "NAISSANCE",
            re.compile(
                rf"(?<![\w])(?:je\ssuis|nous\ssommes|{_KIN}|elle\sest|il\sest)\s(?:du|de|d')\s?"
                rf"(?P<date>{_DATE}|19\d{{2}}|20[01]\d)(?![\w]|\s(?:au|a|euros?|€|km|m|habitants|rue)(?![\w]))"
            ),
            "date de naissance dite en passant", 0.65, check=_old, group="date", digits=4, marks=("suis d", "sommes d", "est d"),
        ),
        Shape(
            "NAISSANCE",
            re.compile(r"(?<![\w])(?:(?:suis|est|sommes|etait)\s)de\sla\sclasse\s(?P<date>(?:19|20)?\d{2})(?![\w])"),
            "classe d'âge", 0.6, group="date", digits=2, marks=("classe",),
        ),
        Shape(
            "NAISSANCE",
            re.compile(r"(?<![\w])(?:(?:ma|sa|de la)\s)?classe\s(?P<date>19\d{2})(?![\w])"),
            "classe d'âge", 0.5, group="date", digits=4, marks=("classe",),
        ),
        Shape(
            "NAISSANCE",
            re.compile(rf"(?<![\w])1?\d{{1,2}}\sans\s?[,(;:\-]{{1,2}}\s?(?P<date>{_DATE})"),
            "date après un âge", 0.7, check=_old, group="date", digits=5, marks=(" ans",),
        ),
        Shape(
            "NAISSANCE",
            re.compile(rf"(?<![\w])(?:eu|aurai?|fete[rs]?|fetera|fetons)\s(?:ses\s|mes\s|leurs\s)?\d{{1,2}}\sans\s(?:le|ce)\s(?:{_WEEKDAY}\s)?(?P<date>{_DATE})"),
            "jour d'un anniversaire", 0.65, group="date", digits=1, marks=(" ans l", " ans c"),
        ),
    ],
)  # fmt: skip

_NAMED = 0.4  # from this score on, a name is one
_MONTHS = ("jan", "fev", "mar", "avr", "mai", "juin", "juil", "aou", "sep", "oct", "nov", "dec")
_WHOLE = re.compile(
    rf"(?<![\w/.\-])(?:(?P<day>\d{{1,2}})(?:\s?er)?\s?(?:[/.\-]\s?(?P<month>\d{{1,2}})\s?[/.\-]|\s(?P<name>{_MONTH}))\s?(?P<year>(?:19|20)\d{{2}}|\d{{2}})|"
    r"(?P<iso>(?:19|20)\d{2})-(?P<iso_month>\d{2})-\d{2})(?![\w/]|[.\-]\d)"
)
_BESIDE = re.compile(r"\s?[\s,(;:\-–]\s?\(?")
_NIR_DATE = re.compile(r"[1-8]\D{0,2}(\d\s?\d)\D{0,2}(\d\s?\d)")
_COMMEMORATED = frozenset([(8, 5, 1945), (11, 11, 1918), (19, 3, 1962), (14, 7, 1789), (18, 6, 1940)])


def beside(reading: Reading, found: Sequence[Hit]) -> Iterator[Hit]:
    """Dates that nothing announces: right after a person's name and old, or told again by a NIR of the same text."""
    names = {hit.end for hit in found if hit.kind == "NOM" and hit.score >= _NAMED}
    nirs = [hit for hit in found if hit.kind == "NIR"]
    if reading.digits < 4 or not (names or nirs):
        return
    plain = reading.plain
    numbers = [match.groups() for hit in nirs if (match := _NIR_DATE.match(plain, hit.start))]
    told = {(year.replace(" ", ""), month.replace(" ", "")) for year, month in numbers}
    for match in _WHOLE.finditer(plain):
        day, month, year = _parsed(match)
        if any(hit.start < match.end() and match.start() < hit.end for hit in nirs) or not 1 <= month <= 12:
            continue
        if (f"{year % 100:02}", f"{month:02}") in told:
            yield Hit("NAISSANCE", *match.span(), 0.85, "naissances", "date que dit aussi le NIR")
        elif 1900 < year <= _LONG_AGO and (day, month, year) not in _COMMEMORATED and _follows(names, plain, match):
            yield Hit("NAISSANCE", *match.span(), 0.7, "naissances", "date juste après un nom")


def _follows(names: set[int], plain: str, match: re.Match[str]) -> bool:
    return any(
        end in names and _BESIDE.fullmatch(plain, end, match.start())
        for end in range(max(0, match.start() - 4), match.start())
    )


def _parsed(match: re.Match[str]) -> tuple[int, int, int]:
    """Day, month, year; 0 for a month that is none."""
    if match["iso"]:
        return 0, int(match["iso_month"]), int(match["iso"])
    year = int(match["year"])
    if year < 100:
        year += 1900 if year > 30 else 2000
    name = match["name"]
    month = int(match["month"]) if name is None else 1 + next(i for i, m in enumerate(_MONTHS) if name.startswith(m))
    return int(match["day"]), month, year
