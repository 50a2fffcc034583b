"""Feeds of which a territory takes in counts and nothing else: video protection never hands over an image or a plate.

The strategy says which feeds these are (`countsOnly`): by theme, by operator, or by a word of their name. Such a
contract does not load if it could bring in more than counts, even to set it aside at once, since landing keeps what an
operator sends for some days:

1. no column that is about people, whatever would become of it;
2. no column, file or media type whose name says picture, plate, face or track;
3. no text without bounds, in which an encoded picture would fit;
4. raw deliveries are kept for the time the strategy says, at most.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from policies.contract import CanonicalForm, Column, Contract, CountsOnly, PrivacyCategory, Strategy
from policies.document import Position
from policies.errors import Finding
from policies.odcs import Map

LONGEST_TEXT = 120  # characters
_OF_PLACES = {"ADRESSE", "LIEU", "NOM"}  # what the name of a place may look like
_WORDS = re.compile(r"[a-z]+|[0-9]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def counts_only_weaknesses(contract: Contract, strategy: Strategy, where: Map) -> Iterator[Finding]:
    """What a feed of counts asks for that is no count."""
    found = where.document.finding
    for rule in strategy.counts_only:
        if not _concerns(rule, contract):
            continue
        told = f"{rule.what} : des comptages seulement"
        for column in contract.columns:
            for sentence in _column(rule, column):
                yield found(where.column(column.name), "counts-only", f"{told} ; « {column.name} » {sentence}")
        for place, name in _named(contract, where):
            if _forbidden(rule, name):
                yield found(place, "counts-only", f"{told} ; « {name} » désigne des images ou des enregistrements")
        if contract.landing_retention > rule.maximum_retention:
            days = rule.maximum_retention.days
            yield found(where.retention(), "counts-only", f"{told}, et des dépôts conservés {days} jours au plus")


def _concerns(rule: CountsOnly, contract: Contract) -> bool:
    """Whether this is such a feed: it may not be hidden under another theme."""
    names = (str(contract.id), contract.title, contract.purpose, contract.feed.operator, *contract.tags)
    said = any(_matches(rule.signs, name) for name in names)
    return said or contract.theme in rule.themes or contract.feed.operator in rule.operators


def _column(rule: CountsOnly, column: Column) -> Iterator[str]:
    privacy = column.privacy
    if privacy.category is not PrivacyCategory.NONE or privacy.canonical is CanonicalForm.PLATE:
        yield "concerne des personnes"
    if set(privacy.may_hold) - _OF_PLACES:
        yield "pourrait porter autre chose que le nom d'un lieu"
    if _forbidden(rule, column.name) or _forbidden(rule, column.physical_name):
        yield "désigne une image, une plaque, un visage ou un trajet"
    if column.logical_type == "string" and not _bounded(column):
        yield f"est un texte sans bornes : « maxLength » de {LONGEST_TEXT} au plus, ou une liste de valeurs"


def _bounded(column: Column) -> bool:
    longest = [rule.lengths[1] for rule in column.quality if rule.lengths and rule.lengths[1] is not None]
    listed = [len(value) for rule in column.quality for value in rule.valid_values]
    return min(longest, default=LONGEST_TEXT + 1) <= LONGEST_TEXT or bool(listed)


def _named(contract: Contract, where: Map) -> Iterator[tuple[Position, str]]:
    """Names of files and media types that the feed takes."""
    options = contract.feed.options
    for option in ("pattern", "mediaTypes"):
        given = options.get(option, ())
        for value in (given,) if isinstance(given, str) else given:
            yield where.root("feed", "options", option), str(value)


def _forbidden(rule: CountsOnly, name: str) -> bool:
    return _matches(rule.forbidden, name)


def _matches(patterns: Iterable[str], name: str) -> bool:
    """Whether a word of `name` is one of `patterns`, in any case, with or without accents."""
    plain = unicodedata.normalize("NFKD", _HUMP.sub(" ", name)).encode("ascii", "ignore").decode().lower()
    words = _WORDS.findall(plain)
    return any(fnmatchcase(word, pattern) for word in words for pattern in patterns)
