"""One small delivery of each feed about people, with people planted in it: what the canary tests send on the journey.

citizen-reports and water-meters travel through the whole stack (tests/e2e); the others, through the stages over the
real services. A feed about people that is in neither list fails a test.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from stack.operators import bins, electricity, forum, gas, sessions, visits, wellbeing
from stack.operators.canaries import Canaries
from stack.operators.defects import Defects

THROUGH_THE_STACK = ("citizen-reports", "water-meters")
SEED = 49007
OCTOBER = (date(2026, 10, 1), date(2026, 11, 1))
SPOILT = Defects(duplicates=0.05, misspelt=0.1, missing=0.05, unreadable=0.02, truncated=0.02)


@dataclass(frozen=True, slots=True)
class Planted:
    """A delivery, the period it is of, and who consented, in the feed's own writing."""

    data: bytes
    period: str
    signed: tuple[str, ...] = ()


def of_electricity(canaries: Canaries, at_source: wellbeing.AtSource) -> Planted:
    days = (date(2026, 10, 25), date(2026, 10, 26))
    found = electricity.load_curves(*days, 60, SEED, defects=SPOILT, canaries=canaries)
    signed = electricity.signed(60, SEED, canaries).to_pylist()
    return Planted(electricity.write_curves(found), "2026-10", tuple(signed))


def of_gas(canaries: Canaries, at_source: wellbeing.AtSource) -> Planted:
    days = (date(2026, 10, 5), date(2026, 10, 8))
    found = gas.gas_days(*days, 60, SEED, defects=SPOILT, canaries=canaries)
    return Planted(gas.write_gas(found), "2026-10", tuple(gas.signed(60, SEED, canaries).to_pylist()))


def of_bins(canaries: Canaries, at_source: wellbeing.AtSource) -> Planted:
    return Planted(bins.lifts(date(2026, 10, 19), 120, SEED, defects=SPOILT, canaries=canaries), "2026-W43")


def of_visits(canaries: Canaries, at_source: wellbeing.AtSource) -> Planted:
    return Planted(visits.visits(*OCTOBER, 150, SEED, defects=SPOILT, canaries=canaries), "2026-10")


def of_sessions(canaries: Canaries, at_source: wellbeing.AtSource) -> Planted:
    day = date(2026, 11, 3)
    found = sessions.day_file(day, 900, ["Gare", "Ralliement"], SEED, defects=SPOILT, canaries=canaries)
    return Planted(found, day.isoformat())


def of_wellbeing(canaries: Canaries, at_source: wellbeing.AtSource) -> Planted:
    """With the participants' names beside their pseudonyms, which the operator should not have sent."""
    found = wellbeing.answers(*OCTOBER, 150, SEED, at_source, defects=SPOILT, canaries=canaries, named=True)
    return Planted(found, "2026-10")


def of_forum(canaries: Canaries, at_source: wellbeing.AtSource) -> Planted:
    found = forum.contributions(*OCTOBER, 120, SEED, defects=SPOILT, canaries=canaries)
    signed = forum.signed(120, SEED, canaries).to_pylist()
    return Planted(json.dumps(found, ensure_ascii=False).encode(), "2026-10", tuple(signed))


OVER_THE_SERVICES: dict[str, Callable[[Canaries, wellbeing.AtSource], Planted]] = {
    "household-electricity": of_electricity,
    "household-gas": of_gas,
    "household-bin-lifts": of_bins,
    "field-visits": of_visits,
    "parking-sessions": of_sessions,
    "wellbeing": of_wellbeing,
    "forum-contributions": of_forum,
}
