"""Dates of birth: numeric, spelled, « né le premier mars mille neuf cent soixante », after a word that says what they are.

A date that nothing calls a birth is not one: a letter's, a delivery's, a passport's. Folding makes « né » and the « ne »
of a negation one word: only a date right after it, or a place and then a date, make it a birth. Only the date is the
hit, not the words before it. Dates that stand beside something else are in
:mod:`~anonymization.text.recognizers.births_beside`.
"""

from __future__ import annotations

import re

from anonymization.text.recognizers.dates import ANNOUNCED, DATE, FULL_YEAR, NUMERIC, WEEKDAY, mistyped_month
from anonymization.text.recognizers.shapes import Shape, ShapeRecognizer

_NEE = r"nee?s?(?:\s?[(.·\-/]\s?(?:nee|e)\s?[).]?\s?[.·(]?s?\)?)?"
_FORM = (
    r"naissances?|naiss\.?|nais\.?(?=\s)|nce|d\.?\s?d\.?\s?n\.?|d\.?n\.?|d\.?o\.?b\.?|date\sde\snais\w*\.?|born|birth|birthday|nata|nato|geboren|nacid[oa]|"
    r"anniv(?:ersaires?)?\.?"
)
_BORN = rf"(?<![\w])(?:{_NEE}|{_FORM}|n\.?(?=\sle\s\d)|naquit|nais|nait|nati(?:f|ve)|venue?s?\sau\smonde|accouchee?)"
_OPENERS = (
    "ne", "nee", "nes", "nees", "naissance", "naissances", "naiss", "ddn", "d", "dn", "date", "naquit", "anniversaire", "anniversaires", "anniv", "nais",
    "nait", "natif", "native", "venu", "venue", "venus", "venues", "annee", "n", "nce", "dob", "born", "birth", "birthday", "nata", "nato", "geboren",
    "nacido", "nacida", "accouche", "accouchee", "dd", "do",
)  # fmt: skip
_TO_DATE = (
    r"(?:est|etait|etant|sera|bien|a|au|en|du|le|les|ce|un|on|il|am|el|c'est|soit|vers|courant|fin|debut|hier|respectivement|la\sdate\sdu|l'an(?:nee)?|"
    rf"(?:tous|toutes)\sles\s(?:deux|trois)|il\sy\sa\s\d{{1,3}}\sans|{WEEKDAY}|a\s[a-z\-]{{2,20}})"
)
_FIRST = r"(?:19|20)\d{2}"
_KIN = (
    r"(?:fils|filles?|enfants?|garcons?|bebes?|jumea?u?x?|jumelles?|ainee?s?|cadet(?:te)?s?|benjamine?|petite?s?[\s-](?:fils|filles?)|mere|pere|maman|papa|mari|"
    r"femme|epou(?:x|se)|freres?|soeurs?|conjointe?|compagn(?:on|e)|grand[\s-](?:mere|pere)|neveux?|nieces?)"
)
_OWN = r"(?:mon|ma|mes|son|sa|ses|notre|nos|leurs?|votre|vos)"
_SOMEONE = (
    r"(?:dame|monsieur|madame|usagere?|patiente?|personne|residente?|locataire|homme|femme|retraitee?|habitante?|beneficiaire|riveraine?|proprietaire|"
    rf"{_OWN}\s{_KIN}(?:\sest)?)"
)
# What has a beginning and is nobody.
_THING = (
    r"(?:idee|projet|association|collectif|ligne|conflit|litige|societe|entreprise|club|marche|quartier|commune|ville|festival|service|"
    r"reseau|polemique|fusion|metropole|region|ecole|mariage|deces|mort|armistice|liberation|victoire|inauguration|creation|ouverture|equipe|"
    r"pont|place|fete|comite|parc|tramway|chaton|chiot|prime|conge|acte|certificat|extrait|declaration)s?"
)
_OF_A_THING = re.compile(
    rf"(?<![\w])(?:{_THING}(?:\s[a-z0-9])?|(?:association|collectif|projet|club|idee),)\s(?:est\s|etait\s|de\s)?$|(?:fete|soiree|repas|gouter|musique|cause)\sd'$"
)
_EVENT = re.compile(
    rf"(?<![\w])(?:{_THING}|ne|n'|que|qui|depos\w+|signal\w+|demand(?:ee?s?|er|ons|ez|ais|ait)|deliv\w+|recue?s?|retir\w+|command\w+|prevue?s?|attendue?s?|reunion|depuis|avant|"
    r"apres|jusqu\w*|factur\w+|courrier|lettre|livr\w+|rendez|rdv|plainte|vole\w*|tomb\w+|chut\w+|appel\w+|pass[eo]\w*|faite?s?|valable|expir\w+|envoy\w+|"
    r"decede\w*|hospitalis\w+|arriv\w+|inscri\w+|sign\w+|transmis\w*|etablie?|obtenue?s?|versee?s?|partir|relanc\w*|mairie|manqu\w*|creee?s?)(?![\w])|"
    r",\s(?:a|est|ai|ont|sont|etait|avait|j'|il|elle|je|nous|on)(?![\w])"
)
_OWNERS = ("mon", "ma", "mes", "son", "sa", "ses", "notre", "nos", "leur", "leurs", "votre", "vos")
_SOMEONE_OPENS = (
    "dame", "monsieur", "madame", "usager", "usagere", "patient", "patiente", "personne", "resident", "residente", "locataire", "homme", "femme", "retraite",
    "retraitee", "habitant", "habitante", "beneficiaire", "riverain", "riveraine", "proprietaire",
)  # fmt: skip
_LONG_AGO = 2012  # a date beside a name or an age that is as old is a birth more often than an event


def _of_someone(match: re.Match[str]) -> bool:
    """Whether nothing says that what is born is a thing, or that the date is of something else."""
    odd = match.groupdict().get("odd")
    if odd is not None and not mistyped_month(odd):
        return False
    if _OF_A_THING.search(match.string, max(0, match.start() - 30), match.start()):
        return False
    gap = match.string[match.end("born") : match.start("date")]
    return _EVENT.search(gap) is None


def _brackets(plain: str) -> bool:
    return "(" in plain


def _old(match: re.Match[str]) -> bool:
    year = FULL_YEAR.search(match["date"])
    return year is not None and int(year.group()) <= _LONG_AGO


RECOGNIZER = ShapeRecognizer(
    "naissances",
    [
        Shape(
            "NAISSANCE",
            re.compile(rf"(?P<born>{_BORN})[\s:,=(|>/\-]{{0,4}}(?:{_TO_DATE}(?:[\s:,]{{1,2}}|(?=\d))){{0,4}}(?P<date>{ANNOUNCED})"),
            "date annoncée comme une naissance", 0.93, check=_of_someone, group="date", marks=_OPENERS, starts="words",
        ),
        Shape(
            "NAISSANCE",
            re.compile(
                rf"(?<![\w])(?P<born>nee(?:\(s\)|s)?|nes|ne(?=\s(?:a|au|aux|en|dans|sous|rue|place|prematur\w+|francais|il\sy\sa)\s)|(?:(?<=suis\s)|(?<=est\s)|(?<=tait\s))ne|ne\s?[(.·\-/]e[).]?s?|"
                rf"{_FORM})\s(?:[^.\n\d;]|\(\d{{2,3}}\)|\d{{5}}(?=[\s,])|\d{{2,3}}(?=\sans,)|(?<=nees\s)\d0){{2,44}}?[,:(]?\s?(?:le\s|un\s)?(?<![\w])(?P<date>{DATE})"
            ),
            "date annoncée comme une naissance", 0.85, check=_of_someone, group="date", digits=1, marks=_OPENERS, starts="words",
        ),
        Shape(
            "NAISSANCE",
            re.compile(
                rf"(?<![\w])(?P<date>{NUMERIC})\s?[(,:\-]?\s?(?:(?:comme|c'est|est|etait|soit)\s)?(?:(?:ma|sa|la|notre|votre)\s)?(?:date de naissance|de naissance|naissance|ddn)(?![\w])"
            ),
            "date annoncée comme une naissance", 0.8, group="date", digits=4, marks=("naissance", "ddn"), starts="number",
        ),
        Shape(
            "NAISSANCE",
            re.compile(
                rf"(?<![\w])(?P<born>{_NEE}|annees?\sde\snaissance|an\.?\s(?:de\s)?naiss(?:ance|\.)?|nati(?:f|ve))\s?:?\s(?:[^.\n\d;:!?()]{{2,40}}?,?\s(?=en\s))?"
                r"(?:(?:en|vers|courant|fin|debut|de|l'an|autour de)\s(?:l'an(?:nee)?\s)?)?"
                r"(?P<date>(?:19|20)\d{2}|(?<=\sen\s)'?\d{2}(?!\s?(?:[/.:h%€-]\s?\d|h\b|ans|jours|min|rue|heures|euros)))(?![\w]|\s?[-/.]\d)"
            ),
            "année de naissance", 0.6, check=_of_someone, group="date", digits=2, marks=(*_OPENERS, "an"), starts="words",
        ),
        Shape(
            "NAISSANCE",
            re.compile(
                rf"(?<![\w])(?:je\ssuis|nous\ssommes|{_OWN}\s{_KIN}\sest|elle\sest|il\sest)\s(?:du|de|d')\s?"
                rf"(?P<date>{DATE}|19\d{{2}}|20[01]\d)(?![\w]|\s(?:au|a|euros?|€|km|m|habitants|rue)(?![\w]))"
            ),
            "date de naissance dite en passant", 0.65, check=_old, group="date", digits=4, marks=("je", "nous", "elle", "il", *_OWNERS), starts="words",
        ),
        Shape(
            "NAISSANCE",
            re.compile(r"(?<![\w])je\ssuis\sde\s'?(?P<date>[2-9]\d)(?=\s?[,.;!)]|$)"),
            "année de naissance dite en passant", 0.5, group="date", digits=2, marks=("je",), starts="words",
        ),
        Shape(
            "NAISSANCE",
            re.compile(rf"(?<![\w]){_SOMEONE}\sde\s(?P<date>19[1-9]\d|200\d)(?![\w]|\s?[-/.]\d|\s(?:au|a|euros?|€|m2?)(?![\w]))"),
            "année de naissance de quelqu'un", 0.55, group="date", digits=4,
            marks=(*_SOMEONE_OPENS, *_OWNERS), starts="words",
        ),
        Shape(
            "NAISSANCE",
            re.compile(rf"(?<![\w]){_OWN}\s(?:[a-z]{{3,10}}\s)?{_KIN}\s?(?:[a-z\-]{{2,14}}\s)?\((?P<date>{DATE}|{_FIRST}(?=\)))"),
            "date après un proche", 0.7, group="date", digits=4, marks=_OWNERS, starts="words", when=_brackets,
        ),
        Shape(
            "NAISSANCE",
            re.compile(rf"(?<=\()\s?°\s?(?:le\s)?(?P<date>{DATE}|{_FIRST}(?![\w]))"),
            "date après le signe de la naissance", 0.8, group="date", digits=4, marks=("°",),
        ),
        Shape(
            "NAISSANCE",
            re.compile(r"(?<![\w])(?:(?:suis|est|sommes|etait|conscrits?)\s)?de\sla\sclasse\s(?P<date>(?:19)?\d{2})(?![\w]|\s(?:eleves|a|et))"),
            "classe d'âge", 0.6, group="date", digits=2, marks=("de", "suis", "est", "sommes", "etait", "conscrit", "conscrits"), starts="words",
        ),
        Shape(
            "NAISSANCE",
            re.compile(r"(?<![\w])classe\s(?P<date>19\d{2})(?![\w])"),
            "classe d'âge", 0.5, group="date", digits=4, marks=("classe",), starts="words",
        ),
        Shape(
            "NAISSANCE",
            re.compile(rf"(?<![\w])1?\d{{1,2}}\sans\s?[,(;:\-]{{1,2}}\s?(?P<date>{DATE}|(?<=\(){_FIRST}(?=\)))"),
            "date après un âge", 0.7, check=_old, group="date", digits=5, marks=("ans",), starts="number",
        ),
        Shape(
            "NAISSANCE",
            re.compile(
                rf"(?<![\w])(?:eu|aurai?|auras?|avoir|fete[rs]?|fetera|fetons)\s(?:ses\s|mes\s|leurs\s)?1?\d{{1,2}}\sans\s(?:le|ce|au)\s(?:{WEEKDAY}\s)?"
                rf"(?P<date>{DATE}|\d{{1,2}}/\d{{1,2}}(?![\w/]))"
            ),
            "jour d'un anniversaire", 0.65, group="date", digits=1, marks=("eu", "aura", "aurai", "auras", "avoir", "fete", "feter", "fetes", "fetera", "fetons"), starts="words",
        ),
    ],
)  # fmt: skip
