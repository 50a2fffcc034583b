"""Unique strings planted in the feeds, to be looked for afterwards in everything the hub keeps.

Each looks like what it stands for, so that it travels the way a real value would, and none can occur by chance.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from stack.operators.territory import FIRST_NAMES, places

_PAIRS = [f"{one}{two}" for one in "QVWXZ" for two in "KQVWXZ"]
_CONSONANTS, _VOWELS = "bcdfglmnprstvz", "aeiou"


@dataclass(frozen=True, slots=True)
class Canaries:
    """As many of each kind; the same index is the same invented person."""

    names: tuple[str, ...]  # "Camille Zubolirac"
    phones: tuple[str, ...]  # "+33 6 39 98 12 34": a range kept for fiction by Arcep
    emails: tuple[str, ...]
    meters: tuple[str, ...]  # serial numbers of meters
    contracts: tuple[str, ...]
    addresses: tuple[str, ...]
    plates: tuple[str, ...]

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
        plates=tuple(f"ZZ-{number % 1000:03d}-{_PAIRS[number // 1000]}" for number in numbers.tolist()),
    )


def _words(rng: np.random.Generator, count: int) -> list[str]:
    """Pronounceable words that no dictionary has, all different."""
    found: dict[str, None] = {}
    while len(found) < count:
        consonants = rng.choice(list(_CONSONANTS), 5)
        vowels = rng.choice(list(_VOWELS), 4)
        found["".join(c + v for c, v in zip(consonants, [*vowels, ""], strict=True)) + "ux"] = None
    return list(found)
