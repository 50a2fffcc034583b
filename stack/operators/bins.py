"""Lifts of households' bins, as the lorries' antennas read them: a CSV a week with RFID chips and addresses.

A bin is lifted at most once a day, on its round's days; a chip that was read badly is short, and its line is rejected.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

import numpy as np

from stack.operators.canaries import Canaries
from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.territory import STREETS, places

HEADER = "PUCE;ADRESSE;SECTEUR;BAC;INSTANT;POIDS_KG"
BINS = 60_000
SECTORS = ("C01", "C02", "C03", "C04", "C05", "C06", "C07", "C08", "C09", "C10")
SHARES = (0.2, 0.16, 0.14, 0.12, 0.12, 0.09, 0.08, 0.05, 0.03, 0.01)
KINDS = (("Ordures ménagères", 9.0), ("Tri", 4.0))


@dataclass(frozen=True, slots=True)
class Bin:
    """A household's bin."""

    chip: str
    address: str
    sector: str
    kind: str
    kilograms: float  # usual weight


def make_bins(count: int, seed: int, canaries: Canaries | None = None) -> tuple[Bin, ...]:
    """`count` bins; canaries take the last places."""
    rng = np.random.default_rng([seed, 70])
    homes = places()
    found = []
    for _ in range(count):
        place = homes[int(rng.integers(len(homes)))]
        kind, usual = KINDS[int(rng.random() < 0.4)]
        found.append(
            Bin(
                f"E28011{int(rng.integers(0, 1 << 60)):018X}",
                f"{int(rng.integers(1, 90))} {rng.choice(STREETS)} {place.postcode} {place.name}",
                str(rng.choice(SECTORS, p=SHARES)),
                kind,
                usual,
            )
        )
    planted = zip(canaries.chips, canaries.addresses, strict=True) if canaries is not None else ()
    for (chip, address), at in zip(planted, range(count - 1, -1, -1), strict=False):
        found[at] = Bin(chip, address, found[at].sector, found[at].kind, found[at].kilograms)
    return tuple(found)


def lifts(
    monday: date, count: int, seed: int, *, defects: Defects = NO_DEFECTS, canaries: Canaries | None = None
) -> bytes:
    """The lifts of the week that begins on `monday`: of each bin, none, one or two."""
    lines = [HEADER]
    for number, one in enumerate(make_bins(count, seed, canaries)):
        rng = np.random.default_rng([seed, 71, monday.toordinal(), number])
        days = np.sort(rng.choice(6, int(rng.choice(3, p=(0.1, 0.6, 0.3))), replace=False)).tolist()
        for day in days:
            lines.extend(_lines(one, monday + timedelta(days=day), rng, defects))
    return ("\r\n".join(lines) + "\r\n").encode("latin-1")


def _lines(one: Bin, day: date, rng: np.random.Generator, defects: Defects) -> list[str]:
    at = datetime.combine(day, time(5)) + timedelta(seconds=int(rng.integers(0, 6 * 3600)))
    weight = f"{one.kilograms * float(rng.lognormal(0, 0.4)):.1f}".replace(".", ",")
    chip = one.chip
    if rng.random() < defects.truncated:
        chip = chip[:6]
    elif rng.random() < defects.misspelt:
        chip = " ".join(a + b for a, b in list(pairwise(chip))[::2]).lower()
    line = f"{chip};{one.address};{one.sector};{one.kind};{at:%d/%m/%Y %H:%M:%S};{weight}"
    if rng.random() < defects.unreadable:
        line = line.rpartition(";")[0] + ";ERR"
    return [line, line] if rng.random() < defects.duplicates else [line]
