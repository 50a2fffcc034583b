"""What a message may be. Needs nothing of CKAN.

A message says nothing of who wrote it but what they chose to write; the address they may leave serves to answer them
and goes with the message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

Kind = Literal["problem", "use"]
KINDS: dict[Kind, str] = {"problem": "Signaler un problème", "use": "Proposer ou montrer un usage"}
SHORTEST, LONGEST = 10, 4_000  # characters of a text
LONGEST_LINK, LONGEST_CONTACT = 500, 200
TRAP = "site_web"  # no person sees it, machines fill it
_MAIL = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\"]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Message:
    """What was written, found sound."""

    form: UUID  # of the form that was filled: sending it twice is one message
    kind: Kind
    text: str
    link: str = ""
    contact: str = ""


def read(form: Mapping[str, str]) -> tuple[Message | None, dict[str, str]]:
    """Return the message of a form, or None and what is wrong, by field, in French."""
    wrong: dict[str, str] = {}
    text, link, contact = (_CONTROLS.sub("", form.get(name, "")).strip() for name in ("text", "link", "contact"))
    kind: Kind | None = next((each for each in KINDS if each == form.get("kind")), None)
    if kind is None:
        wrong["kind"] = "Dites si c’est un problème ou un usage."
    if len(text) < SHORTEST:
        wrong["text"] = f"Écrivez au moins {SHORTEST} caractères."
    elif len(text) > LONGEST:
        wrong["text"] = f"Écrivez au plus {LONGEST} caractères ({len(text)} pour l’instant)."
    if link and not _is_link(link):
        wrong["link"] = "Donnez une adresse qui commence par https:// ou http://, ou laissez vide."
    if contact and not (len(contact) <= LONGEST_CONTACT and _MAIL.fullmatch(contact)):
        wrong["contact"] = "Donnez une adresse électronique comme prenom@exemple.fr, ou laissez vide."
    number = _number(form.get("form", ""))
    if number is None:
        wrong["form"] = "Ce formulaire est incomplet : rechargez la page."
    if wrong or kind is None or number is None:
        return None, wrong
    return Message(number, kind, text, link, contact), {}


def trapped(form: Mapping[str, str]) -> bool:
    """Whether something filled what no person sees."""
    return bool(form.get(TRAP, "").strip())


def _is_link(link: str) -> bool:
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    spaced = any(letter.isspace() for letter in link)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and len(link) <= LONGEST_LINK and not spaced


def _number(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
