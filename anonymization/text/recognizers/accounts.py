"""Accounts on social networks, and links whose path names someone.

A link to a public page is nobody's. A link is personal if it leads to a profile or a member's page, if its parameters carry
an address or a token, or if a first name stands in its path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from anonymization.text.flags import COMMUNE, FAMILY_COMMON, FIRST, ORDINARY
from anonymization.text.hit import Hit
from anonymization.text.reading import Reading
from anonymization.text.recognizers.shapes import Shape, ShapeRecognizer
from anonymization.text.vocabulary import Vocabulary

_NETWORK = (
    r"(?:insta(?:gram)?|snap(?:chat)?|twitter|tik[\s-]?tok|facebook|fb|telegram|mastodon|bluesky|linkedin|discord|threads|messenger|twitch|youtube|"
    r"whatsapp|steam|signal|strava|nextdoor|skype)"
)
_NETWORKS = (
    "insta", "instagram", "snap", "snapchat", "twitter", "tik", "tiktok", "facebook", "fb", "telegram", "mastodon", "bluesky", "linkedin", "discord", "threads", "messenger", "twitch",
    "youtube", "whatsapp", "steam", "signal", "strava", "nextdoor", "skype",
)  # fmt: skip
_NAME = r"@?(?=[\w.\-]{0,40}[a-z])[a-z0-9_][\w.\-]{1,38}[\w](?:#\d{4})?"
_URL = re.compile(
    r"(?<![\w@])(?:https?\s?:\s?//|ftp://|www\.)[^\s<>\"«»]+|"
    r"(?<![\w@.])(?:[a-z0-9\-]{1,40}\.){1,4}(?:fr|com|net|org|eu|io|me|info|bzh|social|example|be|ch|app)/[^\s<>\"«»]+"
)
_PROFILE = re.compile(
    r"(?<![a-z0-9])(?:facebook|instagram|twitter|linkedin|tiktok|snapchat|threads|t\.me|bsky|mastodon|youtube|strava|vinted|leboncoin|x)\.?[a-z]{0,6}/"
    r"(?!share|hashtag|watch|search|help|about|groups?/|events?/|pages?/|p/|reel/|angersloiremetropole|villeangers)|/[~@]\w|"
    r"/(?:users?|utilisateurs?|profile?s?|membres?|members?|people|in|u|comptes?|account|perso|usagers?|abonnes?|clients?|dossiers?|candidat\w*|"
    r"agents?|habitants?|adherents?|inscrits?|espace-perso\w*)/[^/\s]{2,}|"
    r"[?&](?:email|mail|courriel|user|uid|login|nom|name|token|id_?user|usager|compte|prenom|tel|profile?|client)="
)
_TRAILING = ".,;:!?)]}'\"…"
_PIECE = re.compile(r"[a-z]{3,}")

HANDLES = ShapeRecognizer(
    "comptes",
    [
        Shape(
            "COMPTE",
            re.compile(r"(?<![\w@.+\-/])@(?![\w.]{0,30}(?:ville|angers|mairie|metropole|agglo|prefecture|police|officiel|irigo|sncf|alm))[a-z0-9_][\w.]{1,38}[\w](?:@[\w\-]{1,40}(?:\.[\w\-]{2,40}){1,3})?(?![\w@])"),
            "compte d'un réseau social", 0.8, marks=("@",),
        ),
        Shape(
            "COMPTE",
            re.compile(rf"(?<![\w]){_NETWORK}(?:\s(?:est|c'est|pseudo|perso|compte|sous(?:\sle\snom)?|au\snom\sde))?\s?[:=(]?\s?(?P<name>(?:@{_NAME}|(?<=[:=(]\s){_NAME}|(?<=[:=(]){_NAME}|(?=[\w.\-]{{0,40}}[_.\d]){_NAME}))(?![\w])"),
            "compte annoncé d'un réseau social", 0.75, group="name", marks=_NETWORKS, starts="words",
        ),
        Shape(
            "COMPTE",
            re.compile(rf"(?<![\w])(?:pseudo|pseudonyme|compte|identifiant|login|profil)(?:\s{_NETWORK})?(?:\sest|\s:|:|\sc'est)?\s?[«\"']?\s?(?P<name>@{_NAME}|(?=[\w.\-]{{0,40}}[_.\d]){_NAME})(?![\w])"),
            "compte annoncé", 0.6, group="name", marks=("pseudo", "pseudonyme", "compte", "identifiant", "login", "profil"), starts="words",
        ),
        Shape("COMPTE", re.compile(r"(?<![\w])[a-z][\w.]{1,30}#\d{4}(?![\w])"), "compte Discord", 0.8, marks=("#",), digits=4),
    ],
)  # fmt: skip


class LinkRecognizer:
    """Finds links; those that lead to nobody score too low to be masked."""

    name = "liens"
    kinds: tuple[str, ...] = ("LIEN",)

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def find(self, reading: Reading) -> Iterator[Hit]:
        """Yield every link."""
        if "/" not in reading.plain and "www." not in reading.plain:
            return
        for match in _URL.finditer(reading.plain):
            end = match.end()
            while reading.plain[end - 1] in _TRAILING:
                end -= 1
            link = reading.plain[match.start() : end]
            if _PROFILE.search(link):
                yield Hit("LIEN", match.start(), end, 0.9, self.name, "lien vers une page personnelle")
            elif self._names_someone(link):
                yield Hit("LIEN", match.start(), end, 0.8, self.name, "lien dont le chemin porte un nom")
            else:
                yield Hit("LIEN", match.start(), end, 0.2, self.name, "lien")

    def _names_someone(self, link: str) -> bool:
        path = link.split("//", 1)[-1].partition("/")[2]
        for piece in _PIECE.findall(path):
            flags = self._vocabulary.flags(piece)
            if flags & FIRST or (flags & FAMILY_COMMON and not flags & (ORDINARY | COMMUNE)):
                return True
        return False
