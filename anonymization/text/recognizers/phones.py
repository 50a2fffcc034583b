"""Telephone numbers. Sources: ARCEP's numbering plan (decision 2018-0881); ITU-T E.164; the countries' codes overseas.

Numbers that begin with 08 are of services, short ones too: they are not anyone's. A date followed by an hour is no number.
"""

from __future__ import annotations

import re

from anonymization.text.recognizers.shapes import Shape, ShapeRecognizer, words

_GAP = r"[\s.\-/_·,]{0,3}"
_DATE = r"(?!\d{1,2}[/.\- ]\d{1,2}[/.\- ](?:19|20)\d{2}(?!\d))"
_OVERSEAS = r"(?:262|590|594|596|508|681|687|689)"
_TALK = words(
    r"tel(?:ephone)?s?", r"tel\.", r"portables?", r"port\.", r"mobile", r"fixe", r"numero", r"num", r"gsm", r"appel\w*", r"joi(?:n|g)\w*",
    r"contact\w*", r"rappel\w*", r"sms", r"whatsapp", r"fax",
)  # fmt: skip
_UNITS = r"(?:zero|un|deux|trois|quatre|cinq|six|sept|huit|neuf)"
_TENS = r"(?:dix|onze|douze|treize|quatorze|quinze|seize|vingts?|trente|quarante|cinquante|soixante|septante|huitante|octante|nonante)"
_SPOKEN = rf"(?:{_UNITS}|{_TENS})"


RECOGNIZER = ShapeRecognizer(
    "telephones",
    [
        Shape(
            "TELEPHONE",
            re.compile(rf"(?<![\w+])(?:\(?\+|00)\s?33\)?{_GAP}(?:\(0\){_GAP}|0{_GAP})?[1-9](?:{_GAP}\d){{8}}(?!\d)"),
            "numéro français à l'international", 0.98, digits=11, run=11, starts="number",
        ),
        Shape(
            "TELEPHONE",
            re.compile(rf"(?<![\w])(?:\(?\+|00)\s?{_OVERSEAS}\)?{_GAP}(?:\(0\){_GAP})?(?:\d{_GAP}){{5,8}}\d(?!\d)"),
            "numéro d'outre-mer", 0.95, digits=9, run=9, starts="number",
        ),
        Shape(
            "TELEPHONE",
            re.compile(rf"(?<![\w+])\+\s?[1-9]\d{{0,2}}{_GAP}(?:\(0\))?(?:[\s.\-/()]{{0,2}}\d){{6,12}}(?!\d)"),
            "numéro étranger", 0.9, digits=8, starts="number", marks=("+",),
        ),
        Shape(
            "TELEPHONE",
            re.compile(rf"(?<![\d+]){_DATE}(?:\([0o][1-79]\)|[0o][1-79])(?:{_GAP}[\do]{{2}}){{4}}(?![\d]|[.,/]\d)"),
            "dix chiffres d'un téléphone", 0.93, digits=7, starts="both",
        ),
        Shape(
            "TELEPHONE",
            re.compile(rf"(?<![\w+]){_DATE}0{_GAP}[1-79](?:{_GAP}\d){{8}}(?!\d)"),
            "dix chiffres d'un téléphone", 0.85, digits=10, run=10, starts="number",
        ),
        Shape(
            "TELEPHONE",
            re.compile(r"(?<![\w+])[1-79](?:[\s.\-]\d{2}){4}(?![\d\w])"),
            "téléphone sans son zéro", 0.25, context=_TALK, boost=0.5, needs_context=True, digits=9, run=9, starts="number",
        ),
        Shape(
            "TELEPHONE",
            re.compile(rf"(?<![\w])zero[\s,.\-]{{1,3}}{_SPOKEN}(?:[\s,.\-]{{1,3}}(?:et[\s\-])?{_SPOKEN}){{3,16}}(?![\w])"),
            "téléphone en toutes lettres", 0.85, marks=("zero",),
        ),
        Shape(
            "TELEPHONE",
            re.compile(rf"(?<![\w])08\d?(?:{_GAP}\d){{7,8}}(?!\d)"),
            "numéro de service", 0.2, digits=10, run=10, starts="number",
        ),
    ],
)  # fmt: skip
