"""Looks for direct identifiers left in published texts, with patterns and check digits only.

Written apart from the redaction of free text, on purpose: what one forgets the other may find. Only counts come out.
Sources: the phone plan of ARCEP; NIR of decree 82-103 (sex, year, month, place, order, key); ISO 13616 (IBAN); the
number plates of the decree of 9 February 2009; 14-digit delivery-point numbers of Enedis.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

_START, _END = r"(?:^|[^0-9A-Za-z])", r"(?:$|[^0-9A-Za-z])"
_IBAN = r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?"
_STREETS = "rue|avenue|av\\.|boulevard|bd|place|allée|impasse|chemin|route|quai|square|cours|passage|venelle|résidence"

PATTERNS: Mapping[str, str] = {
    "COURRIEL": r"[^\s@]+ ?@ ?[^\s@]+\.[^\s@]{2,}",
    "TELEPHONE": _START + r"(?:\+ ?33|0033|0)[\s.\-]?(?:\(0\))?[\s.\-]?[1-9](?:[\s.\-/]?[0-9]{2}){4}" + _END,
    "NIR": _START
    + r"[12][\s.]?[0-9]{2}[\s.]?(?:0[1-9]|1[0-2]|[2-9][0-9])[\s.]?(?:2[AB]|[0-9]{2})(?:[\s.]?[0-9]{3}){2}"
    + r"(?:[\s.]?[0-9]{2})?"
    + _END,
    "IBAN": _START + _IBAN + _END,
    "PLAQUE": _START + r"[A-HJ-NP-TV-Z]{2}[\s\-]?[0-9]{3}[\s\-]?[A-HJ-NP-TV-Z]{2}" + _END,
    "POINT_DE_LIVRAISON": _START + r"[0-9]{14}" + _END,
    "ADRESSE": r"(?i)" + _START + r"[0-9]{1,4} ?(?:bis|ter|quater)?,? +(?:" + _STREETS + r") +\S",
}


@dataclass(frozen=True, slots=True)
class ResidualIdentifier:
    """How many distinct texts of a published column hold something that looks like a direct identifier."""

    column: str
    kind: str  # a key of PATTERNS
    texts: int


def scan(table: pa.Table, *, about_people: bool = True) -> tuple[ResidualIdentifier, ...]:
    """Scan every text column of `table`; an empty answer means that nothing was found.

    Where the data is not about people, addresses are those of places, and are not looked for.
    """
    found = []
    for field, column in zip(table.schema, table.columns, strict=True):
        if pa.types.is_dictionary(field.type):
            column = column.cast(field.type.value_type)
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            continue
        texts = pc.drop_null(pc.unique(column))
        for kind, pattern in PATTERNS.items():
            if kind == "ADRESSE" and not about_people:
                continue
            hits = texts.filter(pc.match_substring_regex(texts, pattern))
            count = _valid_ibans(hits) if kind == "IBAN" else len(hits)
            if count:
                found.append(ResidualIdentifier(field.name, kind, count))
    return tuple(found)


def _valid_ibans(texts: pa.Array) -> int:
    """How many of a few candidate texts hold an IBAN whose check digits are right (ISO 7064 mod 97-10)."""
    return sum(any(_is_iban(match) for match in re.findall(_IBAN, text)) for text in texts.to_pylist())


def _is_iban(candidate: str) -> bool:
    compact = candidate.replace(" ", "")
    digits = "".join(str(int(sign, 36)) for sign in compact[4:] + compact[:4])
    return int(digits) % 97 == 1
