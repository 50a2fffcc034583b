"""Where the invented residents live: the 29 communes, their rough populations and centres, and invented streets.

Populations and coordinates are orders of magnitude, good for a realistic spread and nothing else. No person, address
or number made here is anybody's.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_FILE = Path(__file__).with_name("communes.csv")

STREETS = (
    "rue des Ardoises", "rue du Tuffeau", "rue des Gabares", "rue de la Levée", "allée des Saules", "impasse du Lavoir",
    "avenue des Cordiers", "rue des Filassiers", "chemin des Bateliers", "place du Puits", "rue des Vignerons",
    "rue du Four à chaux", "allée des Peupliers", "rue des Mariniers", "boulevard des Perreyeux", "rue du Moulin",
    "rue de la Fendue", "chemin des Prairies", "rue des Hortensias", "square des Fendeurs", "rue des Roseaux",
    "rue du Chanvre", "avenue de la Sablière", "rue des Lucioles", "chemin du Halage", "rue de la Boule de fort",
)  # fmt: skip
FIRST_NAMES = (
    "Camille", "Louise", "Jeanne", "Marguerite", "Solène", "Maëlle", "Clémence", "Odile", "Nadia", "Yasmine", "Inès",
    "Aminata", "Lucie", "Hélène", "Françoise", "Mathilde", "Louis", "Gabriel", "Baptiste", "Yann", "Thibault", "Karim",
    "Mamadou", "Étienne", "Grégoire", "Julien", "Rémi", "Alain", "Bernard", "Hugo", "Noé", "Sacha",
)  # fmt: skip
LAST_NAMES = (
    "Lebreton", "Gaudin", "Chauvigné", "Delaunay", "Bellanger", "Rabouin", "Cesbron", "Davy", "Guérin", "Hamon",
    "Martineau", "Moreau", "Pineau", "Renou", "Savary", "Thibaudeau", "Vétault", "Benali", "Diallo", "Traoré", "Nguyen",
    "Ferreira", "Garnier", "Lemaître", "Marchand", "Normand", "Ollivier", "Poirier", "Richou", "Tessier",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A commune as the simulation sees it."""

    insee: str
    name: str
    postcode: str
    residents: int
    latitude: float
    longitude: float


def places() -> tuple[Place, ...]:
    """The 29 communes."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Place(
                row["insee"],
                row["nom"],
                row["code_postal"],
                int(row["habitants"]),
                float(row["latitude"]),
                float(row["longitude"]),
            )
            for row in csv.DictReader(file)
        )


def shares(total: int) -> list[int]:
    """Share `total` among the communes by population: largest remainders, so it adds up and never changes."""
    weights = np.array([place.residents for place in places()], dtype=float)
    exact = total * weights / weights.sum()
    counts = np.floor(exact).astype(int)
    counts[np.argsort(exact - counts)[::-1][: total - counts.sum()]] += 1
    return [int(count) for count in counts]


def quarters(place: Place) -> tuple[str, ...]:
    """IRIS codes of a commune: one that ends in 0000 if it is not divided, else one for some 2 500 residents.

    The numbers are invented; only their shape (INSEE code, four digits) is the real one.
    """
    count = place.residents // 2_500
    if count < 2:
        return (f"{place.insee}0000",)
    return tuple(f"{place.insee}{number:04d}" for number in range(101, 101 + count))
