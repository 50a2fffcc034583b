"""What speaks for a kind of personal data in a column: its name, and how its values read. Counted, never a value.

Values are read one by one, whatever stands beside them; what a column holds is a matter of how many read how.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from anonymization.text.flags import COMMUNE, FAMILY, FIRST, FIRST_WORD, FUNCTION, ORDINARY
from anonymization.text.hit import Hit
from anonymization.text.reading import read

if TYPE_CHECKING:
    from anonymization.text.vocabulary import Vocabulary

_LONG = 4  # words: from there on a value is a text
_NAMES = MappingProxyType(
    {
        "NOM": r"noms?|prenoms?|first_?names?|last_?names?|sur_?names?|family_?names?|patronyme|titulaire|usager|"
        r"abonne|occupant|contact|signataire",
        "TELEPHONE": r"tel(?:ephone)?s?|phone|mobile|portable|gsm|fax",
        "COURRIEL": r"e?_?mails?|courriels?|mel",
        "ADRESSE": r"adresses?|address(?:_string)?|rue|voie|domicile",
        "NIR": r"nir|secu|numero_secu|num_secu|insee_personne|ssn",
        "SIREN": r"siren",
        "SIRET": r"siret",
        "TVA": r"tva|vat|num_tva",
        "FISCAL": r"spi|num(?:ero)?_fiscal",
        "PLAQUE": r"plaques?|immat(?:riculation)?|plate",
        "IBAN": r"iban|rib|compte_bancaire",
        "CARTE": r"carte|card|pan",
        "PRM": r"prm|pdl",
        "PCE": r"pce",
        "COMPTEUR": r"compteur|num(?:ero)?_compteur|meter|badge|puce|rfid",
        "NAISSANCE": r"(?:date_)?(?:de_)?naissance|ddn|birth_?date|dob|date_naiss",
        "POSITION": r"gps|coordonnees|position|geo_?point",
        "IP": r"ip(?:_address|_adresse)?|adresse_ip",
        "MAC": r"mac(?:_address|_adresse)?|adresse_mac",
        "APPAREIL": r"device_id|imei|appareil|terminal_id|udid",
        "COMPTE": r"pseudo|login|twitter|compte_utilisateur|handle|username",
    }
)
_HEADERS: Mapping[str, re.Pattern[str]] = {
    kind: re.compile(rf"(?:^|_)(?:{pattern})(?:$|_)") for kind, pattern in _NAMES.items()
}
_SHAPED = (frozenset(_NAMES) | {"LIEN"}) - {"NOM", "COMPTEUR", "COMPTE"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many of the values looked at speak for a kind. `source`: header, validator, gazetteer or text."""

    kind: str
    source: str
    values: int
    looked_at: int

    @property
    def share(self) -> float:
        """Of the values looked at."""
        return self.values / self.looked_at if self.looked_at else 0.0


@dataclass(frozen=True, slots=True)
class ValueReading:
    """What reading one value came to: few differ, and they are counted together."""

    whole: frozenset[str]  # kinds that the value is
    inside: frozenset[str]  # kinds that stand in it, where it is a text
    is_text: bool
    is_name: bool


def folded_header(name: str) -> str:
    """A column's name in words that the patterns of headers know."""
    return re.sub(r"[^a-z0-9]+", "_", read(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)).plain)


def announces_names(header: str) -> bool:
    """Whether a folded name says that its column has names."""
    return _HEADERS["NOM"].search(header) is not None


def reading_of(value: str, hits: Sequence[Hit], vocabulary: Vocabulary, announced: bool) -> ValueReading:
    """What one value holds; `announced`: the column's name says that it has names."""
    is_text = value.count(" ") >= _LONG
    whole, inside = set[str](), set[str]()
    for kind in {hit.kind for hit in hits}:
        covered = sum(hit.end - hit.start for hit in hits if hit.kind == kind) >= 0.8 * len(value.strip())
        if covered and kind in _SHAPED:
            whole.add(kind)
        elif is_text:
            inside.add(kind)
    return ValueReading(frozenset(whole), frozenset(inside), is_text, _is_name(value, vocabulary, announced))


def evidence_of(header: str, counted: Mapping[ValueReading, int]) -> Iterator[Evidence]:
    """What a column's folded name and its values, counted by how they read, speak for."""
    for kind, pattern in _HEADERS.items():
        if pattern.search(header):
            yield Evidence(kind, "header", 1, 1)
    whole, inside = Counter[str](), Counter[str]()
    for value, count in counted.items():
        whole.update(dict.fromkeys(sorted(value.whole), count))
        inside.update(dict.fromkeys(sorted(value.inside), count))
    values = sum(counted.values())
    for kind, count in whole.most_common():
        yield Evidence(kind, "validator", count, values)
    if named := sum(count for value, count in counted.items() if value.is_name):
        yield Evidence("NOM", "gazetteer", named, values)
    texts = sum(count for value, count in counted.items() if value.is_text)
    for kind, count in inside.most_common():
        yield Evidence(kind, "text", count, texts)


def _is_name(value: str, vocabulary: Vocabulary, announced: bool) -> bool:
    """Whether a value is a first name, a family name or both, and nothing else; words that nothing knows are names too
    where the header announces names."""
    words = read(value).words
    if not 1 <= len(words) <= _LONG or any(sign.isdigit() for sign in value):
        return False
    flags = [vocabulary.judge(word) for word in words.plains]
    if any(flag & COMMUNE and not flag & FIRST for flag in flags) or all(
        flag & (ORDINARY | FUNCTION) for flag in flags
    ):
        return False
    return all(flag & (FIRST | FIRST_WORD | FAMILY | FUNCTION) or (announced and not flag) for flag in flags)


def is_enough(evidence: Evidence, named: bool) -> bool:
    """Fewer values are wanted where the header agrees; one value in fifty is enough inside texts."""
    if evidence.kind == "LIEU":
        return False
    if evidence.source == "text":
        return evidence.values >= 2 and evidence.share >= 0.02
    least = 0.2 if named else 0.7 if evidence.source == "gazetteer" else 0.4
    fewest = 1 if named else 10 if evidence.source == "gazetteer" else 3
    return evidence.values >= fewest and evidence.share >= least
