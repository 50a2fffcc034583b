"""Paper forms filled in with residents at home, and typed by La Poste's agents: a CSV of cp1252 with free text.

Nothing came on line, so nothing is tidy: telephone numbers in all their spellings, a dash for « nothing », and remarks
in which an agent tells who was there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from stack.operators.canaries import Canaries
from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.territory import FIRST_NAMES, LAST_NAMES, STREETS, places

HEADER = "FORMULAIRE;DOSSIER;NOM;TELEPHONE;ADRESSE;CODE_INSEE;DATE;AGENT;MOTIF;DUREE_MIN;OBSERVATIONS"
MONTHLY = 1_200  # visits
REASONS = ("Démarche en ligne", "Recueil d'un accord", "Signalement", "Prise en main")
REMARKS = (
    "Formulaire rempli sur la table de la cuisine.",
    "À revoir le mois prochain, l'imprimante ne marchait pas.",
    "M. ou Mme {name} préfère un rappel au {phone}.",
    "Vu aussi la fille, {name}, joignable à {email}.",
    "Habite désormais au {address}.",
    "-",
)


@dataclass(frozen=True, slots=True)
class Home:
    """A household that is visited."""

    file: str
    name: str
    phone: str
    email: str
    address: str
    insee: str


def make_homes(count: int, seed: int, canaries: Canaries | None = None) -> tuple[Home, ...]:
    """`count` households, gathered where the service has its rounds; canaries come first, so that they are visited."""
    rng = np.random.default_rng([seed, 60])
    homes = places()
    rounds = np.array([place.residents for place in homes], dtype=float) ** 1.4
    found = []
    for number in range(count):
        place = homes[int(rng.choice(len(homes), p=rounds / rounds.sum()))]
        first, last = str(rng.choice(FIRST_NAMES)), str(rng.choice(LAST_NAMES))
        home = Home(
            f"DV-{seed % 1000:03d}-{number:05d}",
            f"{first} {last}",
            f"06 39 98 {int(rng.integers(100)):02d} {int(rng.integers(100)):02d}",
            f"{last.lower()}{number}@courriel.example",
            f"{int(rng.integers(1, 90))} {rng.choice(STREETS)} {place.postcode} {place.name}",
            place.insee,
        )
        if canaries is not None and number < len(canaries):
            home = Home(
                f"DV-{canaries.accounts[number]}", canaries.names[number], canaries.phones[number],
                canaries.emails[number], canaries.addresses[number], place.insee,
            )  # fmt: skip
        found.append(home)
    return tuple(found)


def visits(
    start: date, end: date, count: int, seed: int, *, defects: Defects = NO_DEFECTS, canaries: Canaries | None = None
) -> bytes:
    """`count` visits from `start` to `end`, which is not among them; each household has some one and a half."""
    homes = make_homes(max(count * 2 // 3, 1), seed, canaries)
    lines = [HEADER]
    for number in range(count):
        rng = np.random.default_rng([seed, 61, start.toordinal(), number])
        home = homes[number] if number < len(homes) else homes[int(rng.integers(len(homes)))]
        lines.append(_line(home, number, start, (end - start).days, rng, defects))
        if rng.random() < defects.duplicates:
            lines.append(lines[-1])
    return ("\r\n".join(lines) + "\r\n").encode("cp1252", "replace")


def _line(home: Home, number: int, start: date, days: int, rng: np.random.Generator, defects: Defects) -> str:
    day = start + timedelta(days=int(rng.integers(days)))
    remark = REMARKS[int(rng.integers(len(REMARKS)))]
    file = home.file.replace("-", " ").lower() if rng.random() < defects.misspelt else home.file
    cells = [
        f"FV{start:%y%m}{number:05d}",
        "" if rng.random() < defects.missing else file,
        home.name,
        home.phone if rng.random() < 0.8 else "-",
        home.address,
        home.insee,
        f"{day:%d/%m/%Y}" if rng.random() >= defects.unreadable else "illisible",
        f"LP{int(rng.integers(40)):03d}",
        REASONS[int(rng.choice(len(REASONS), p=(0.5, 0.2, 0.1, 0.2)))],
        str(int(rng.integers(10, 75))),
        remark.format(name=home.name, phone=home.phone, email=home.email, address=home.address),
    ]
    return ";".join(cells)
