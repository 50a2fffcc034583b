"""What kinds of personal data each column of a table holds, with the evidence counted and never a value.

For feeds whose columns nobody declared, or that drifted. Four kinds of evidence, in values looked at:

1. header: the column's name says what it is;
2. validator: whole values pass a checksum or an unambiguous shape;
3. gazetteer: whole values are a first name and a family name, or one of them;
4. text: personal data found inside longer texts, in a sample.

A column holds a kind if its values say so, or if its name does and some of its values agree. The language model is
not used.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

from anonymization.text.flags import COMMUNE, FAMILY, FIRST, FIRST_WORD, FUNCTION, ORDINARY
from anonymization.text.hit import Hit
from anonymization.text.reading import read
from anonymization.text.settings import RedactionSettings
from anonymization.text.vocabulary import Vocabulary

SAMPLE = 1_000  # distinct values looked at in a column
_SHORT = 1_000  # whole numbers below it are none of these kinds: versions, counts, floors
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
class ColumnProfile:
    """What one column holds."""

    column: str
    distinct: int  # values
    looked_at: int
    evidence: tuple[Evidence, ...]

    def kinds(self) -> tuple[str, ...]:
        """The kinds that the evidence is enough for."""
        named = {one.kind for one in self.evidence if one.source == "header"}
        found: dict[str, None] = {}
        for one in self.evidence:
            if one.source != "header" and _is_enough(one, one.kind in named):
                found[one.kind] = None
        return tuple(found)


def profile(table: pa.Table, settings: RedactionSettings | None = None) -> tuple[ColumnProfile, ...]:
    """Say of each column of text or whole numbers which personal data it holds.

    Args:
        table: any; columns of other types hold none of these kinds and are left out.
        settings: kinds, known people, meters' patterns and the dictionary to use.

    Raises:
        TextModelError: dictionary or gazetteers are not installed.
        RedactionError: a value could not be read.
    """
    from anonymization.text.detector import Detector
    from anonymization.text.vocabulary import load_vocabulary

    columns = [(name, _values(column)) for name, column in zip(table.schema.names, table.columns, strict=True)]
    if not any(values for _, values in columns):
        return tuple(ColumnProfile(name, 0, 0, ()) for name, values in columns if values is not None)
    asked = settings or RedactionSettings()
    reader = RedactionSettings(None, asked.lexicon, asked.kinds, known=asked.known, meters=asked.meters)
    detector, vocabulary = Detector(reader), load_vocabulary(asked.lexicon)
    profiles = []
    for name, values in columns:
        if values is not None:
            sample = values[:SAMPLE]
            found = detector.detect(sample)
            evidence = tuple(_evidence(name, sample, found, vocabulary))
            profiles.append(ColumnProfile(name, len(values), len(sample), evidence))
    return tuple(profiles)


def _values(column: pa.ChunkedArray) -> list[str] | None:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind)):
        return None
    distinct = pc.drop_null(pc.unique(column.cast(kind)))
    if (
        pa.types.is_integer(kind)
        and len(distinct)
        and -_SHORT < pc.min(distinct).as_py() <= pc.max(distinct).as_py() < _SHORT
    ):
        return []
    texts: list[str] = distinct.cast(pa.string()).to_pylist()
    return texts


def _evidence(
    name: str, sample: Sequence[str], found: Sequence[Sequence[Hit]], vocabulary: Vocabulary
) -> Iterator[Evidence]:
    folded = re.sub(r"[^a-z0-9]+", "_", read(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)).plain)
    for kind, header in _HEADERS.items():
        if header.search(folded):
            yield Evidence(kind, "header", 1, 1)
    whole, inside = Counter[str](), Counter[str]()
    texts = 0
    for value, hits in zip(sample, found, strict=True):
        long = value.count(" ") >= _LONG
        texts += long
        for kind in {hit.kind for hit in hits}:
            covered = sum(hit.end - hit.start for hit in hits if hit.kind == kind) >= 0.8 * len(value.strip())
            if covered and kind in _SHAPED:
                whole[kind] += 1
            elif long:
                inside[kind] += 1
    announced = _HEADERS["NOM"].search(folded) is not None
    named = sum(_is_name(value, vocabulary, announced) for value in sample)
    for kind, count in whole.most_common():
        yield Evidence(kind, "validator", count, len(sample))
    if named:
        yield Evidence("NOM", "gazetteer", named, len(sample))
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


def _is_enough(evidence: Evidence, named: bool) -> bool:
    """Fewer values are wanted where the header agrees; one value in fifty is enough inside texts."""
    if evidence.kind == "LIEU":
        return False
    if evidence.source == "text":
        return evidence.values >= 2 and evidence.share >= 0.02
    least = 0.2 if named else 0.7 if evidence.source == "gazetteer" else 0.4
    fewest = 1 if named else 10 if evidence.source == "gazetteer" else 3
    return evidence.values >= fewest and evidence.share >= least
