"""Contributions to the citizens' Forum, in the format of docs/flux.md: free text that people sign, or half sign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from stack.operators.canaries import Canaries
from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.territory import FIRST_NAMES, LAST_NAMES, STREETS, places

PARIS = ZoneInfo("Europe/Paris")
MONTHLY = 600  # contributions
CONSENT_SHARE = 0.6
THEMES: dict[str, tuple[str, ...]] = {
    "Mobilité": (
        "Il faudrait plus de pistes cyclables vers les lycées.",
        "Le tram devrait rouler plus tard le soir.",
    ),
    "Éclairage": ("Éteindre la nuit, oui, mais pas aux arrêts de bus.", "Les allées du parc restent trop sombres."),
    "Déchets": ("Des composteurs au pied des immeubles seraient utiles.", "Les colonnes à verre débordent en été."),
    "Eau": ("Les jeux d'eau pourraient fonctionner en circuit fermé.", "Qui relève nos compteurs à distance ?"),
    "Données personnelles": ("Qui peut lire ce que mesurent les capteurs ?", "Je veux pouvoir dire non simplement."),
    "Numérique pour tous": (
        "Gardons un guichet pour qui n'a pas internet.",
        "Un atelier par quartier aiderait.",
    ),
}
_SIGNATURES = (
    "",
    " {name}",
    " Écrivez-moi : {email}.",
    " J'habite au {address}.",
    " On peut m'appeler au {phone}.",
)
_SIGNATURE_SHARES = (0.7, 0.12, 0.08, 0.05, 0.05)


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody who writes."""

    account: str
    name: str
    email: str
    phone: str
    address: str


def make_authors(count: int, seed: int, canaries: Canaries | None = None) -> tuple[Author, ...]:
    """`count` authors; canaries come first."""
    rng = np.random.default_rng([seed, 90])
    homes = places()
    found = []
    for number in range(count):
        name = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
        place = homes[int(rng.integers(len(homes)))]
        author = Author(
            f"forum-{seed % 1000:03d}-{number:05d}",
            name,
            f"auteur{number}@courriel.example",
            f"06 39 98 {int(rng.integers(100)):02d} {int(rng.integers(100)):02d}",
            f"{int(rng.integers(1, 90))} {rng.choice(STREETS)} {place.postcode} {place.name}",
        )
        if canaries is not None and number < len(canaries):
            author = Author(
                canaries.accounts[number], canaries.names[number], canaries.emails[number], canaries.phones[number],
                canaries.addresses[number],
            )  # fmt: skip
        found.append(author)
    return tuple(found)


def authors_of(count: int) -> int:
    """How many people write so many contributions a month."""
    return max(count // 2, 20)


def signed(count: int, seed: int, canaries: Canaries | None = None) -> pa.Array:
    """The accounts of the authors who let their contributions be published. Canaries all did."""
    authors = make_authors(authors_of(count), seed, canaries)
    given = np.random.default_rng([seed, 91]).random(len(authors)) < CONSENT_SHARE
    if canaries is not None:
        given[: len(canaries)] = True
    return pa.array([one.account for one, yes in zip(authors, given.tolist(), strict=True) if yes], pa.string())


def contributions(
    start: date, end: date, count: int, seed: int, *, defects: Defects = NO_DEFECTS, canaries: Canaries | None = None
) -> list[dict[str, Any]]:
    """`count` contributions from `start` to `end`, which is not among them, in the order of their last change."""
    authors = make_authors(authors_of(count), seed, canaries)
    found = []
    for number in range(count):
        rng = np.random.default_rng([seed, 92, start.toordinal(), number])
        who = authors[number] if canaries and number < len(canaries) else authors[int(rng.integers(len(authors)))]
        one = _contribution(who, number, start, (end - start).days, rng)
        if rng.random() < defects.missing:
            del one["auteur"]
        found += [one, dict(one)] if rng.random() < defects.duplicates else [one]
    return sorted(found, key=lambda one: str(one["modifie_le"]))


def _contribution(who: Author, number: int, start: date, days: int, rng: np.random.Generator) -> dict[str, Any]:
    theme = str(rng.choice(list(THEMES)))
    written = datetime.combine(start, time(), PARIS) + timedelta(minutes=int(rng.integers(days * 1_440)))
    signature = _SIGNATURES[int(rng.choice(len(_SIGNATURES), p=_SIGNATURE_SHARES))]
    signed_as = signature.format(name=who.name, email=who.email, address=who.address, phone=who.phone)
    return {
        "id": f"FC-{start:%Y%m}-{number:05d}",
        "auteur": who.account,
        "nom_affiche": who.name,
        "courriel": who.email,
        "theme": theme,
        "ecrit_le": written.isoformat(timespec="seconds"),
        "modifie_le": (written + timedelta(minutes=int(rng.integers(0, 30)))).isoformat(timespec="seconds"),
        "texte": str(rng.choice(THEMES[theme])) + signed_as,
    }
