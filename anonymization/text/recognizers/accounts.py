"""Accounts on social networks and on sites: « @lou », « mon insta c'est lou.exemple », « pseudo : Louloute49 ».

What follows the name of a network is an account if it is written as no word is (digits, underscores, capitals inside), or if
the sentence says that it is one and no dictionary knows it. Accounts of institutions are nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from anonymization.text.flags import BRAND, COMMUNE, FUNCTION, OFFICE, ORDINARY
from anonymization.text.hit import Hit
from anonymization.text.reading import Reading
from anonymization.text.recognizers.shapes import Shape, ShapeRecognizer
from anonymization.text.vocabulary import Vocabulary

_NETWORKS = [
    "insta",
    "instagram",
    "snap",
    "snapchat",
    "twitter",
    "tiktok",
    "facebook",
    "fb",
    "telegram",
    "mastodon",
    "bluesky",
    "bsky",
    "linkedin",
    "discord",
    "threads",
    "messenger",
    "twitch",
    "youtube",
    "whatsapp",
    "steam",
    "signal",
    "strava",
    "nextdoor",
    "skype",
    "vinted",
    "leboncoin",
    "blablacar",
    "psn",
    "pinterest",
    "reddit",
    "flickr",
    "deezer",
    "spotify",
]
_NETWORK = rf"(?:{'|'.join(sorted(_NETWORKS, key=len, reverse=True))}|tik[\s-]tok|x(?=\s?[:(]?\s?@))(?![^\W_])"
_KEY = r"(?:pseudonyme|pseudo|alias|identifiant|login|username|user|utilisateur|utilisatrice|compte|profil|gamertag)(?![^\W_])"
_NICKNAME = re.compile(r"(?<![^\W_])(?:pseudo(?:nyme)?|alias)(?![^\W_])")
_OPENERS = frozenset([*_NETWORKS, "tik", "tik-tok", "x", *_KEY[3:].partition(")")[0].split("|")])
_NAME = r"(?:live:)?@?(?=[\w.\-]{0,40}[a-z])[a-z0-9_][\w.\-]{0,38}[\w](?:#\d{4})?"
_FILLER = rf"(?:{_NETWORK}|{_KEY}|perso(?:nnel)?|en\sligne|client|sous(?:\sle\snom)?|au\snom\sde|nom|je\ssuis|je\sm'appelle|de|sur|avec)"
_ANNOUNCED = re.compile(
    rf"(?:{_NETWORK}|{_KEY})(?:\s{_FILLER}){{0,2}}(?P<link>\s?[:=]\s?(?:[«\"“']\s?)?|,\s|\s(?:est|c'est|sera)\s(?:[«\"“']\s?)?|\s?[(«\"“]\s?|\s)"
    rf"(?P<name>{_NAME})(?![\w@])"
)
_BEFORE_NETWORK = re.compile(
    rf"(?<![\w@.+\-/])(?P<name>@?[a-z](?=[\w.]{{0,38}}[_.\d][\w.]{{0,38}}\s)[\w.]{{2,38}}\w)\ssur\s(?:mon\s|mes\s)?{_NETWORK}"
)
_NUMBERED = re.compile(r"(?<![\w])(?P<name>[a-z][\w.]{1,30})#\d{4}(?![\w])")
_OWN = re.compile(r"(?<![\w])(?:mon|son|ton|votre|leur|mes)\s$")
_SITE = re.compile(_KEY)
_UNDER = re.compile(r"(?<![\w])(?:sous|avec|par)\s(?:le|mon|son|un)\s$")
_INSTITUTION = re.compile(
    r"ville|angers|mairie|metropole|agglo|prefecture|police|officiel|irigo|sncf|(?<![a-z])alm(?![a-z])"
)
_NO_WORD = re.compile(r"[\d_@#]|\w\.\w")
_QUOTES = frozenset('«"“')
_WORDS = ORDINARY | FUNCTION | COMMUNE | BRAND | OFFICE

HANDLES = ShapeRecognizer(
    "comptes",
    [
        Shape(
            "COMPTE",
            re.compile(r"(?<![\w@.+\-/])@(?![\w.]{0,30}(?:ville|angers|mairie|metropole|agglo|prefecture|police|officiel|irigo|sncf|alm))[a-z0-9_][\w.]{1,38}[\w](?:@[\w\-]{1,40}(?:\.[\w\-]{2,40}){1,3})?(?![\w@])"),
            "compte d'un réseau social", 0.8, marks=("@",),
        ),
    ],
)  # fmt: skip


class AccountRecognizer:
    """Finds accounts that the text says are some."""

    name = "comptes"
    kinds: tuple[str, ...] = ("COMPTE",)

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def find(self, reading: Reading) -> Iterator[Hit]:
        """Yield every account after or before the name of a network, after « pseudo » or « compte », or of Discord's form."""
        if "#" in reading.plain:
            yield from self._numbered(reading)
        if _OPENERS.isdisjoint(reading.words.plains):
            return
        words = reading.words
        for index in [place for place, word in enumerate(words.plains) if word in _OPENERS]:
            match = _ANNOUNCED.match(reading.plain, words.starts[index])
            if match and self._is_account(reading, match):
                yield Hit("COMPTE", *match.span("name"), 0.75, self.name, "compte annoncé")
        for match in _BEFORE_NETWORK.finditer(reading.plain):
            if not _INSTITUTION.search(match["name"]):
                yield Hit("COMPTE", *match.span("name"), 0.75, self.name, "compte d'un réseau social")

    def _is_account(self, reading: Reading, match: re.Match[str]) -> bool:
        name = match["name"]
        if _INSTITUTION.search(name) or name in _OPENERS:
            return False
        inside = reading.cased[match.start("name") + 1 : match.end("name")]
        capitals = not reading.upper and inside != inside.lower() and not inside.isupper()
        if capitals or _NO_WORD.search(name):
            return not (name[0].isdigit() and len(name) < 5)
        flags = self._vocabulary.judge(name)
        if flags & FUNCTION:
            return False
        link, own = match["link"], _OWN.search(reading.plain, 0, match.start()) is not None
        said = link.strip()[:1]
        sure = said in (":", "=") or "c'est" in link or not _QUOTES.isdisjoint(link)
        nickname = _NICKNAME.search(match.group()) is not None
        if flags & _WORDS or self._vocabulary.ordinary(name):
            under = _UNDER.search(reading.plain, 0, match.start()) is not None
            return (sure and (nickname or (own and not _SITE.match(match.group())))) or (
                nickname and (under or said == "(")
            )
        return nickname or own or said not in ("", ",") or "je " in match.group()

    def _numbered(self, reading: Reading) -> Iterator[Hit]:
        """« lou#1234 », as Discord used to name people; « dossier#1234 » is a number."""
        for match in _NUMBERED.finditer(reading.plain):
            if not self._vocabulary.ordinary(match["name"]) or "discord" in reading.plain:
                yield Hit("COMPTE", *match.span(), 0.8, self.name, "compte Discord")
