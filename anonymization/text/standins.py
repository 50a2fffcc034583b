"""Plausible stand-ins: made-up values of the same kind, the same one for the same value all through a document.

A stand-in is drawn from the value under a key of the run (HMAC-SHA-256), so that two documents share nothing that an
outsider could follow, and the key is never kept. None can be anyone's: telephones are in the ranges that ARCEP sets
aside for fiction (decision 2018-0881), addresses and e-mails use reserved names (RFC 2606), numbers have a wrong key.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

_FIRST = (
    "Camille",
    "Dominique",
    "Claude",
    "Sacha",
    "Alix",
    "Noa",
    "Charlie",
    "Maxence",
    "Andrea",
    "Lou",
    "Eden",
    "Morgan",
)
_FAMILY = ("Exemple", "Modèle", "Spécimen", "Fictif", "Untel", "Quidam", "Factice", "Gabarit")
_WAYS = ("rue de l'Exemple", "allée du Modèle", "place du Spécimen", "chemin du Gabarit", "avenue de la Fiction")
_FICTION = ("01 99 00", "02 61 91", "03 53 01", "04 65 71", "05 36 49", "06 39 98")


class StandIns:
    """Stand-ins of one document."""

    def __init__(self, key: bytes) -> None:
        """`key`: random, of the document; never kept."""
        self._key = key

    def of(self, kind: str, value: str) -> str:
        """The stand-in for a value of `kind`."""
        folded = " ".join(value.casefold().split())
        drawn = int.from_bytes(hmac.new(self._key, f"{kind}\x00{folded}".encode(), sha256).digest(), "big")
        match kind:
            case "NOM":
                first = _FIRST[drawn % len(_FIRST)]
                return f"{first} {_FAMILY[drawn // 64 % len(_FAMILY)]}" if " " in folded else first
            case "TELEPHONE":
                return f"{_FICTION[drawn % len(_FICTION)]} {drawn // 8 % 100:02d} {drawn // 1024 % 100:02d}"
            case "COURRIEL":
                return f"personne{drawn % 10_000}@courriel.example"
            case "ADRESSE":
                return f"{drawn % 98 + 1} {_WAYS[drawn // 128 % len(_WAYS)]}"
            case "NAISSANCE":
                return f"{drawn % 28 + 1:02d}/{drawn // 32 % 12 + 1:02d}/{1930 + drawn // 512 % 80}"
            case "PLAQUE":
                return f"WW-{drawn % 1000:03d}-ZZ"
            case "LIEN":
                return f"https://exemple.example/{drawn % 10_000}"
            case _:
                return _scrambled(value, drawn)


def _scrambled(value: str, drawn: int) -> str:
    """Other digits and letters in the same places; signs between stay."""
    signs = []
    for sign in value:
        drawn, rest = divmod(drawn, 26) if drawn else (0, 0)
        if sign.isdigit():
            signs.append(str(rest % 10))
        elif sign.isalpha():
            signs.append(chr((65 if sign.isupper() else 97) + rest))
        else:
            signs.append(sign)
    return "".join(signs)
