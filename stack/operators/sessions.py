"""Parking sessions with number plates, a file a day: `;`, cp1252, clock times of Paris.

Regulars come back on many days under the same plate, now and then typed otherwise; a few plates were not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from stack.operators.canaries import Canaries
from stack.operators.defects import NO_DEFECTS, Defects

DAILY = 9_000
HEADER = "TICKET;PARC;PLAQUE;ENTREE;SORTIE;DUREE_MIN;USAGER"
_PARIS = ZoneInfo("Europe/Paris")
_LETTERS = "ABCDEFGHJKLMNPQRSTVWXY"  # without Z: canaries begin with it
_HOURS = np.array([1, 1, 1, 1, 1, 2, 8, 22, 34, 30, 28, 26, 24, 30, 34, 30, 26, 26, 24, 18, 12, 8, 4, 2], dtype=float)


def day_file(
    day: date,
    count: int,
    parks: list[str],
    seed: int,
    *,
    defects: Defects = NO_DEFECTS,
    canaries: Canaries | None = None,
) -> bytes:
    """The sessions that began on `day`."""
    lines = [HEADER, *_lines(day, count, parks, seed, defects, canaries)]
    return ("\r\n".join(lines) + "\r\n").encode("cp1252")


def plate(number: int) -> str:
    """An invented plate: always the same for a number."""
    rng = np.random.default_rng([49, number])
    letters = "".join(_LETTERS[i] for i in rng.integers(0, len(_LETTERS), 4))
    return f"{letters[:2]}-{int(rng.integers(1, 1000)):03d}-{letters[2:]}"


def _lines(
    day: date, count: int, parks: list[str], seed: int, defects: Defects, canaries: Canaries | None
) -> Iterator[str]:
    rng = np.random.default_rng([seed, 43, day.toordinal()])
    regulars = max(20, count * 3)
    weights = np.array([1 / (1 + number) ** 0.5 for number in range(len(parks))])
    wheres = rng.choice(len(parks), count, p=weights / weights.sum())
    hours = rng.choice(24, count, p=_HOURS / _HOURS.sum())
    whos = (regulars * rng.random(count) ** 1.5).astype(int)
    stays = np.clip(rng.gamma(1.6, 60, count), 4, 900).astype(int)
    minutes, chances, types = rng.integers(0, 60, count), rng.random(count), rng.random(count)
    for number in range(count):
        entered = datetime.combine(day, time(int(hours[number]), int(minutes[number])), _PARIS)
        left = (entered.astimezone(UTC) + timedelta(minutes=int(stays[number]))).astimezone(_PARIS)
        who = plate(int(whos[number]) + seed % 1000)
        if canaries is not None and number < 3 * len(canaries):  # thrice each: defects may take one
            who = canaries.plates[number % len(canaries)]
        chance = float(chances[number])
        stay = str(stays[number])
        if chance < defects.misspelt:
            who = who.replace("-", " ").lower()
        elif chance < defects.misspelt + defects.missing:
            who = ""
        elif chance < defects.misspelt + defects.missing + defects.unreadable:
            stay = "n/c"
        line = (
            f"{day:%Y%m%d}-{number:06d};{parks[int(wheres[number])]};{who};{entered:%Y-%m-%d %H:%M:%S};"
            f"{left:%Y-%m-%d %H:%M:%S};{stay};{'abonné' if types[number] < 0.3 else 'horaire'}"
        )
        yield line[:30] if chance > 1 - defects.truncated else line
        if 1 - defects.truncated - defects.duplicates < chance <= 1 - defects.truncated:
            yield line
