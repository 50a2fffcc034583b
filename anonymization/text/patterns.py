"""Recognizers of identifiers that have a shape: mail and telephone, numbers, plates, accounts, postal addresses, links.

Patterns are read on plain text (lower case, no accents, same length) and prefer to take too much. They have no nested
repetition without a bound, so that no text can make them slow. Shapes follow: the ARCEP numbering plan, the NIR of
decree 82-103, ISO 13616 (IBAN), the plates of the decree of 9 February 2009, AFNOR XP Z10-011 for addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from presidio_analyzer import LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from anonymization.text.lexicon import Lexicon
from anonymization.text.plain import plain

_AT = r"(?:@|%40|&#0*64;|&#x0*40;|&commat;|[(\[{<]\s?(?:at|a|arobase|arobas)\s?[)\]}>]|\b(?:at|arobase|arobas)\b)"
_DOT = r"(?:\.|\b(?:point|dot)\b|[(\[{]\s?(?:point|dot|\.)\s?[)\]}])"
_PROVIDERS = (
    r"(?:gmail|googlemail|orange|wanadoo|free|hotmail|yahoo|laposte|sfr|outlook|live|icloud|proton\w{0,4}|bbox|neuf|"
    r"numericable|aol)"
)
_NUMBER_WORD = (
    r"(?:zero|un|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingts?|"
    r"trente|quarante|cinquante|soixante|septante|huitante|octante|nonante|cent|et)"
)
_MONTH = r"(?:janv|fevr|mars|avr|mai|juin|juil|aout|sept|oct|nov|dec)"
STREETS = (
    r"(?:rue|r\.|avenue|ave?\.?|boulevard|bd\.?|bld\.?|blvd\.?|place|pl\.|allees?|all\.|impasse|imp\.|chemin|che?m?\.|"
    r"route|rte\.?|quai|square|sq\.|cours|passage|venelle|residence|res\.|rond[- ]point|faubourg|fg\.?|esplanade|"
    r"promenade|sentier|sente|ruelle|montee|mail|villa|cite|clos|lotissement|lot\.|hameau|lieu[- ]dit|ld|domaine|"
    r"traverse|voie|parvis|chaussee|levee|port|porte|pont|giratoire|carrefour|esc\.?|batiment|bat\.?|appartement|"
    r"appt?\.?|immeuble|zac|za|zi)"
)


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape of one kind of identifier. `score` decides the tag where shapes overlap."""

    entity: str
    pattern: re.Pattern[str]
    score: float


def _shape(entity: str, pattern: str, score: float) -> Shape:
    return Shape(entity, re.compile(pattern), score)


SHAPES: tuple[Shape, ...] = (
    _shape("LIEN", r"\b(?:https?|ftp)\s?:\s?/{1,2}\S+|\bwww\.\S+", 0.95),
    _shape("LIEN", r"\b[\w-]{1,63}(?:\.[\w-]{1,63}){0,4}\.(?:fr|com|net|org|eu|io|me|info|bzh|be|ch)\b(?:/\S*)?", 0.6),
    _shape("COURRIEL", r"[\w.+'-]{0,64}\s?(?:@|%40|&#0*64;|&#x0*40;|&commat;)\s?[\w.-]{1,253}", 1.0),
    _shape(
        "COURRIEL",
        rf"\w[\w.+'-]{{0,63}}(?:\s?{_DOT}\s?[\w+'-]{{1,64}}){{0,4}}\s?{_AT}\s?[\w-]{{1,63}}(?:\s?{_DOT}\s?[\w-]{{1,63}}){{1,4}}",
        1.0,
    ),
    _shape("COURRIEL", rf"\w[\w.+'-]{{0,63}}\s?{_AT}\s?{_PROVIDERS}\b(?:\s?{_DOT}?\s?(?:com|fr|net|org|me|eu))?", 1.0),
    _shape("IBAN", r"\b[a-z]{2}\s?\d{2}(?:[\s.-]?[a-z0-9]{4}){3,7}(?:[\s.-]?[a-z0-9]{1,3})?\b", 0.97),
    _shape(
        "NIR",
        r"(?<!\d)[12378][\s.-]?\d{2}[\s.-]?(?:0[1-9]|1[0-2]|[2-9]\d)[\s.-]?(?:2[ab]|\d{2})(?:[\s.-]?\d{3}){2}(?:[\s./-]{0,2}\d{2})?(?!\d)",
        0.995,
    ),
    _shape("TELEPHONE", r"(?<![\w])(?:\+|00)\s?\d{1,3}[\s.\-/]{0,3}(?:\(0\))?(?:[\s.\-_/()]{0,3}\d){6,13}(?!\d)", 0.99),
    _shape("TELEPHONE", r"(?<![\w])\(?[0o]\)?[\s.\-_/]{0,2}[1-9](?:[\s.\-_/,]{0,3}[\do]){8}(?![\w])", 0.99),
    _shape("TELEPHONE", rf"\b(?:zero|{_NUMBER_WORD})(?:[\s,-]{{1,3}}{_NUMBER_WORD}){{5,30}}\b", 0.8),
    _shape(
        "PLAQUE", r"\b(?!de\b|le\b|la\b|et\b|du\b)[a-hj-np-tv-z]{2}[\s.-]{0,2}\d{3}[\s.-]{0,2}[a-hj-np-tv-z]{2}\b", 0.9
    ),
    _shape("PLAQUE", r"\b\d{1,4}[\s-]?(?!rue\b|bis\b|ter\b|jours?\b)[a-hj-np-tv-z]{2,3}[\s-]?(?:\d{2}|2[ab])\b", 0.55),
    _shape("NAISSANCE", r"\bnee?(?:\(e\))?\s(?:le\s)?\d{1,2}[\s./-]\w{1,9}[\s./-]\d{2,4}\b", 0.9),
    _shape("REFERENCE", r"(?<!\w)\d(?:[\s.\-_/:]{0,3}\d){5,40}(?!\w)|\d{5,}", 0.5),
    _shape("REFERENCE", r"\b(?=[a-z_-]{0,80}\d)(?=[\d_-]{0,80}[a-z])[a-z0-9](?:[_-]?[a-z0-9]){3,80}\b", 0.45),
    _shape("REFERENCE", r"\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b", 0.5),
)

_WORD = r"[^\W\d_]+(?:[-'’][^\W\d_]+)*"
_PARTICLE = r"(?:de\sla|de\sl['’]|de|du|des|d['’]|la|les?|l['’]|aux?|en|sur|sous|st\.?|ste\.?)"
_HOUSE = r"\b\d{1,4}\s?(?:bis|ter|quater|[a-d])?\b\s?[,;/-]?\s?"
_STREET = re.compile(rf"(?P<house>{_HOUSE}(?:(?:bis|ter)\b\s?,?\s?)?)?(?<!\w)(?P<type>{STREETS})(?!\w)[\s:]{{0,2}}")
_AFTER = re.compile(rf"(?:{_PARTICLE}[\s]?)*(?P<word>{_WORD}|\d{{1,4}})[\s]?")
_POSTCODE = re.compile(
    rf"[^.!?;\n]{{0,30}}?\b\d{{5}}\b(?:\s{{0,2}}(?:{_WORD})(?:[\s-](?:{_PARTICLE}[\s-]?){{0,2}}{_WORD}){{0,3}})?"
)
_BARE_HOUSE = re.compile(
    rf"\b(?:(?:au|face\sau|devant\sle|devant|numero|num\.?|n\s?°|no)\s?)(\d{{1,4}}(?:\s?(?:bis|ter|quater|[a-d])\b)?)"
    rf"(?!\d|\s?(?:{_MONTH}|h\b|h\d|:|km|metres?|m\b|eme|e\b|%|jours?|ans?\b|fois))"
)
_BARE_POSTCODE = re.compile(rf"\b(?:0[1-9]|[1-8]\d|9[0-8])\d{{3}}\s{{1,2}}{_WORD}")


class ShapeRecognizer(LocalRecognizer):  # type: ignore[misc]
    """Presidio recognizer of everything in SHAPES."""

    def __init__(self, language: str) -> None:
        super().__init__(
            supported_entities=sorted({shape.entity for shape in SHAPES}),
            supported_language=language,
            name="ShapeRecognizer",
        )

    def load(self) -> None:
        """Nothing to load."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Find every shape in `text`."""
        plain_text = plain(text)
        return [
            RecognizerResult(shape.entity, match.start(), match.end(), shape.score)
            for shape in SHAPES
            for match in shape.pattern.finditer(plain_text)
            if match.end() > match.start()
        ]


class AddressRecognizer(LocalRecognizer):  # type: ignore[misc]
    """Presidio recognizer of postal addresses: « 12 bis, rue des Lices, bât. B, 49100 Angers »."""

    def __init__(self, language: str, lexicon: Lexicon) -> None:
        super().__init__(supported_entities=["ADRESSE"], supported_language=language, name="AddressRecognizer")
        self._lexicon = lexicon

    def load(self) -> None:
        """Nothing to load."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Find streets with or without a number, postcodes and house numbers."""
        plain_text = plain(text)
        return [RecognizerResult("ADRESSE", start, end, 0.8) for start, end in self._spans(text, plain_text)]

    def _spans(self, text: str, plain_text: str) -> Iterable[tuple[int, int]]:
        for match in _STREET.finditer(plain_text):
            end = self._street_end(text, plain_text, match)
            if end is not None:
                tail = _POSTCODE.match(plain_text, end)
                yield match.start(), tail.end() if tail else end
        for match in _BARE_POSTCODE.finditer(plain_text):
            yield match.span()
        for match in _BARE_HOUSE.finditer(plain_text):
            yield match.span(1)

    def _street_end(self, text: str, plain_text: str, street: re.Match[str]) -> int | None:
        """Where the street's name ends; None if what follows is no name (« la rue est sale »)."""
        numbered = street.group("house") is not None
        end, taken = None, 0
        for word in self._words_after(plain_text, street.end()):
            name = word.group("word")
            has_particle = word.start("word") > word.start()
            own = text[word.start("word")].isupper() or name.isdigit() or not self._lexicon.knows(name)
            if name in self._lexicon.function_words and not has_particle:
                break
            if not own and taken >= (3 if numbered else 1):
                break
            if not own and not numbered and not has_particle:
                break
            end, taken = word.end("word"), taken + 1
        return street.end() if end is None and numbered else end

    @staticmethod
    def _words_after(plain_text: str, start: int) -> Iterator[re.Match[str]]:
        for _ in range(7):
            match = _AFTER.match(plain_text, start)
            if match is None:
                return
            yield match
            start = match.end()
