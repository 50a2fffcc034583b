"""A first look at the columns of a sample, by header and by shape: which kinds of personal data each may hold.

Two kinds of evidence: the column's name, and values that have an unmistakable shape. Names decide by themselves:
a column called « nom » that holds pseudonyms today may hold names tomorrow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.onboarding.inference import own_name
from pipeline.onboarding.proposal import Profiler

ENOUGH = 0.5  # share of the values that have a shape
_HEADERS = {
    "NOM": r"nom|prenom|first_?name|last_?name|surname|titulaire|occupant|patronyme|civilite",
    "TELEPHONE": r"tel|telephone|phone|mobile|portable",
    "COURRIEL": r"e?_?mail|courriel|mel",
    "ADRESSE": r"adresse|address|domicile|rue",
    "NIR": r"nir|secu|ssn",
    "PLAQUE": r"plaque|immat|immatriculation|plate",
    "IBAN": r"iban|rib",
    "PRM": r"prm|pdl|usage_point",
    "PCE": r"pce",
    "COMPTEUR": r"compteur|meter|rfid|puce",
    "NAISSANCE": r"naissance|ddn|birth|birthdate|dob",
    "IP": r"ip|ip_address|adresse_ip",
    "MAC": r"mac|adresse_mac",
    "APPAREIL": r"device|device_id|imei|appareil|terminal",
    "COMPTE": r"account|compte|login|pseudo|user|username",
    "LIEN": r"media_url|photo|image|avatar",
    "POSITION": r"lat|latitude|lon|long|longitude|xlong|ylat|coordonnees|gps",
}
_SHAPES = {
    "COURRIEL": r"^[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}$",
    "TELEPHONE": r"^(\+33|0033|0)[ .]?[1-9]([ .-]?[0-9]{2}){4}$",
    "NIR": r"^[12] ?[0-9]{2} ?(0[1-9]|1[0-2]|[2-9][0-9]) ?[0-9][0-9AB] ?[0-9]{3} ?[0-9]{3}( ?[0-9]{2})?$",
    "PLAQUE": r"^[A-HJ-NP-TV-Z]{2}[ -]?[0-9]{3}[ -]?[A-HJ-NP-TV-Z]{2}$",
    "IBAN": r"^[A-Z]{2}[0-9]{2}( ?[A-Z0-9]{4}){3,7}( ?[A-Z0-9]{1,3})?$",
    "PRM": r"^[0-9]{14}$",
    "IP": r"^([0-9]{1,3}\.){3}[0-9]{1,3}$",
    "MAC": r"^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$",
    "ADRESSE": r"^[0-9]{1,4} ?(bis|ter)?,? (rue|avenue|av|boulevard|bd|place|allée|chemin|impasse|quai|square) ",
}


@dataclass(frozen=True, slots=True)
class Looked:
    """What a column may hold."""

    column: str
    found: tuple[str, ...]

    def kinds(self) -> tuple[str, ...]:
        """The kinds, most telling first."""
        return self.found


def together(*profilers: Profiler) -> Profiler:
    """What several profiles see of a column, that of the first one first."""

    def seen(table: pa.Table) -> tuple[Looked, ...]:
        found: dict[str, dict[str, None]] = {}
        for profiler in profilers:
            for one in profiler(table):
                found.setdefault(one.column, {}).update(dict.fromkeys(one.kinds()))
        return tuple(Looked(column, tuple(kinds)) for column, kinds in found.items())

    return seen


def look(table: pa.Table) -> tuple[Looked, ...]:
    """Look at every column of texts of `table`."""
    return tuple(Looked(name, _kinds(name, table[name])) for name in table.column_names)


def _kinds(name: str, texts: pa.ChunkedArray) -> tuple[str, ...]:
    values = pc.drop_null(texts)
    shaped = [kind for kind, shape in _SHAPES.items() if len(values) and _share(values, shape) >= ENOUGH]
    plain = own_name(name, set())
    named = [kind for kind, words in _HEADERS.items() if re.search(rf"(^|_)({words})($|_)", plain)]
    return tuple(dict.fromkeys((*shaped, *named)))


def _share(values: pa.ChunkedArray, shape: str) -> float:
    matching = pc.match_substring_regex(pc.utf8_trim_whitespace(values), shape, ignore_case=True)
    return float(pc.mean(pc.cast(matching, pa.float64())).as_py())
