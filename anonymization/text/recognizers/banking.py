"""Bank accounts and cards. Sources: ISO 13616 (IBAN, mod 97-10); ISO/IEC 7812-1 (cards, Luhn); CFONB (RIB).

Fourteen digits are a card only where a card is spoken of: a SIRET never is one.
"""

from __future__ import annotations

import re

from anonymization.text import checks
from anonymization.text.recognizers.shapes import Shape, ShapeRecognizer, compact, words

_GAP = r"[\s.\-]{0,2}"
_BANK = words(
    r"iban", r"rib", r"comptes?", r"bancaires?", r"virement", r"banque", r"prelevement", r"bic", r"remboursement"
)
_CARD = words(
    r"cartes?", r"cb", r"bancaire", r"visa", r"mastercard", r"paiement", r"paye", r"numero de carte", r"debit\w*"
)
_COUNTRY = "ad|ae|at|be|bg|ch|cy|cz|de|dk|ee|es|fi|fr|gb|gr|hr|hu|ie|is|it|jo|lb|li|lt|lu|lv|mc|mr|mt|nl|no|pl|pt|ro|sa|se|si|sk|sm|tn|tr|ua"


def _iban(match: re.Match[str]) -> bool:
    return checks.iban(compact(match.group()))


_HIDDEN = re.compile(r"[x*•.]{4}")


def _hidden(plain: str) -> bool:
    return _HIDDEN.search(plain) is not None


def _luhn(match: re.Match[str]) -> bool:
    return checks.luhn(compact(match.group()))


RECOGNIZER = ShapeRecognizer(
    "banque",
    [
        Shape(
            "IBAN",
            re.compile(rf"(?<![\w])(?:fr|mc){_GAP}\d{{2}}(?:{_GAP}\d){{10}}(?:{_GAP}[a-z0-9]){{11}}(?:{_GAP}\d){{2}}(?![\w])"),
            "compte bancaire français", 0.98, check=_iban, failing=0.55, context=_BANK, digits=14, starts="code",
        ),
        Shape(
            "IBAN",
            re.compile(rf"(?<![\w])(?=[a-z]{{2}}\s?\d{{2}})(?:{_COUNTRY})\s?\d{{2}}(?:[\s.\-]?[a-z0-9]{{4}}){{2,7}}(?:[\s.\-]?[a-z0-9]{{1,3}})?(?![\w])"),
            "compte bancaire", 0.97, check=_iban, failing=0.1, context=_BANK, boost=0.45, digits=9, starts="code",
        ),
        Shape(
            "IBAN",
            re.compile(rf"(?<![\w])\d{{5}}{_GAP}\d{{5}}{_GAP}[a-z0-9]{{11}}{_GAP}\d{{2}}(?![\w])"),
            "relevé d'identité bancaire", 0.4, context=_BANK, boost=0.5, digits=12, run=10, starts="number",
        ),
        Shape(
            "CARTE",
            re.compile(r"(?<![\w])(?:[2456]\d{3}(?:[\s.\-]{0,2}\d{4}){3}|3[47]\d{2}[\s.\-]?\d{6}[\s.\-]?\d{5})(?![\w])"),
            "carte de paiement", 0.85, check=_luhn, failing=0.25, context=_CARD, digits=15, run=15, starts="number",
        ),
        Shape(
            "CARTE",
            re.compile(r"(?<![\w])3[068]\d{2}[\s.\-]?\d{6}[\s.\-]?\d{4}(?![\w])"),
            "carte de paiement", 0.35, check=_luhn, context=_CARD, needs_context=True, boost=0.4, digits=14, run=14, starts="number",
        ),
        Shape(
            "CARTE",
            re.compile(r"(?<![\w])(?:\d{4}[\s.\-]?)?(?:[x*•.]{4}[\s.\-]?){2,3}\d{4}(?![\w])"),
            "carte de paiement en partie cachée", 0.3, context=_CARD, needs_context=True, boost=0.4, digits=4, when=_hidden,
        ),
    ],
)  # fmt: skip
