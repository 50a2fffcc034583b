"""Unique strings planted in the feeds, to be looked for afterwards in everything the hub keeps.

Each looks like what it stands for, so that it travels the way a real value would, and none can occur by chance.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from stack.operators.territory import FIRST_NAMES, places

_CONSONANTS, _VOWELS = "bcdfglmnprstvz", "aeiou"
_PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTVWXYZ"  # of the SIV: neither I, O nor U


@dataclass(frozen=True, slots=True)
class Canaries:
    """As many of each kind; the same index is the same invented person."""

    names: tuple[str, ...]  # "Camille Zubolirac"
    phones: tuple[str, ...]  # "+33 6 39 98 12 34": a range kept for fiction by Arcep
    emails: tuple[str, ...]
    meters: tuple[str, ...]  # serial numbers of meters
    contracts: tuple[str, ...]
    addresses: tuple[str, ...]
    prms: tuple[str, ...]  # delivery points of electricity: 14 digits, « 99 » first
    pces: tuple[str, ...]  # delivery points of gas: the same, « 98 » first
    chips: tuple[str, ...]  # RFID chips of bins: 24 hexadecimal digits
    plates: tuple[str, ...]  # « ZQ-123-XK »
    accounts: tuple[str, ...]  # names that services give to people: files, accounts, participants

    def __len__(self) -> int:
        return len(self.names)

    def every(self) -> list[str]:
        """All of them, to be looked for."""
        return [value for kind in asdict(self).values() for value in kind]

    def write(self, path: Path) -> None:
        """Keep them in a file."""
        path.write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Canaries:
        """The inverse of :meth:`write`."""
        values = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{kind: tuple(found) for kind, found in values.items()})


def make_canaries(count: int, seed: int) -> Canaries:
    """Invent `count` of each kind."""
    rng = np.random.default_rng([seed, 0xCA])
    words = _words(rng, 2 * count)
    surnames, streets = words[:count], words[count:]
    numbers = rng.permutation(10_000)[:count] if count <= 10_000 else rng.permutation(10 * count)[:count]
    homes = places()
    return Canaries(
        names=tuple(f"{FIRST_NAMES[i % len(FIRST_NAMES)]} {word.capitalize()}" for i, word in enumerate(surnames)),
        phones=tuple(f"+33 6 39 98 {number // 100:02d} {number % 100:02d}" for number in numbers.tolist()),
        emails=tuple(f"{word}@{streets[i]}.example" for i, word in enumerate(surnames)),
        meters=tuple(f"ITC{word.upper()}{i:04d}" for i, word in enumerate(surnames)),
        contracts=tuple(f"ALM{word.upper()}{i:04d}" for i, word in enumerate(streets)),
        addresses=tuple(
            f"{i + 1} rue {word.capitalize()} {homes[i % 29].postcode} {homes[i % 29].name}"
            for i, word in enumerate(streets)
        ),
        **_numbered(count, seed),
        accounts=tuple(f"compte-{word}-{i:04d}" for i, word in enumerate(surnames)),
    )


def _numbered(count: int, seed: int) -> dict[str, tuple[str, ...]]:
    """The kinds that are numbers; drawn apart, so that a new kind changes none of the others."""
    rng = np.random.default_rng([seed, 0xCB])
    points = rng.integers(0, 10**12, (2, count)).tolist()
    chips = rng.integers(0, 1 << 60, count).tolist()
    letters = rng.choice(list(_PLATE_LETTERS), (count, 3))
    plates = [f"Z{one}-{int(rng.integers(1, 1000)):03d}-{two}{three}" for one, two, three in letters]
    return {
        "prms": tuple(f"99{number:012d}" for number in points[0]),
        "pces": tuple(f"98{number:012d}" for number in points[1]),
        "chips": tuple(f"E28068{number:018X}" for number in chips),
        "plates": tuple(plates),
    }


def _words(rng: np.random.Generator, count: int) -> list[str]:
    """Pronounceable words that no dictionary has, all different."""
    found: dict[str, None] = {}
    while len(found) < count:
        consonants = rng.choice(list(_CONSONANTS), 5)
        vowels = rng.choice(list(_VOWELS), 4)
        found["".join(c + v for c, v in zip(consonants, [*vowels, ""], strict=True)) + "ux"] = None
    return list(found)
