"""Answers to a monthly questionnaire on well-being, in the format of docs/bien-etre.md.

The operator knows who takes part; nobody else does. It asks custody for pseudonyms with a token of its own and delivers
these alone: what asks is given as `at_source`, so that this module needs no network.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from stack.operators.canaries import Canaries
from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.territory import FIRST_NAMES, LAST_NAMES, places

PARTICIPANTS = 3_000
DOMAIN = "wellbeing"
AGES = ("18 à 29 ans", "30 à 44 ans", "45 à 59 ans", "60 à 74 ans", "75 ans et plus")
AtSource = Callable[[Sequence[str]], Sequence[str]]
"""From identifiers, as the operator writes them, the texts that stand for them: ``domain:epoch:pseudonym``."""


@dataclass(frozen=True, slots=True)
class Participant:
    """What the operator alone knows."""

    account: str
    name: str
    insee: str
    age: str
    usual: float  # of all three notes


def make_participants(count: int, seed: int, canaries: Canaries | None = None) -> tuple[Participant, ...]:
    """`count` people, most of them in the larger communes; canaries come first."""
    rng = np.random.default_rng([seed, 80])
    homes = places()
    weights = np.array([place.residents for place in homes], dtype=float) ** 1.2
    found = []
    for number in range(count):
        planted = canaries is not None and number < len(canaries)
        account = f"epic-{seed % 1000:03d}-{number:05d}"
        name = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
        found.append(
            Participant(
                canaries.accounts[number] if planted and canaries else account,
                canaries.names[number] if planted and canaries else name,
                homes[int(rng.choice(len(homes), p=weights / weights.sum()))].insee,
                AGES[int(rng.choice(len(AGES), p=(0.15, 0.25, 0.28, 0.22, 0.1)))],
                float(rng.normal(6, 1.5)),
            )
        )
    return tuple(found)


def answers(
    start: date,
    end: date,
    count: int,
    seed: int,
    at_source: AtSource,
    *,
    defects: Defects = NO_DEFECTS,
    canaries: Canaries | None = None,
    named: bool = False,
) -> bytes:
    """The file of a month: one answer a participant, from `start` to `end`, which is not among them.

    Args:
        named: the operator adds, by mistake, the participants' names.
    """
    people = make_participants(count, seed, canaries)
    texts = at_source([one.account for one in people])
    found = []
    for number, (one, text) in enumerate(zip(people, texts, strict=True)):
        rng = np.random.default_rng([seed, 81, start.toordinal(), number])
        answer: dict[str, object] = {
            "participant": text,
            "date": (start + timedelta(days=int(rng.integers((end - start).days)))).isoformat(),
            "code_insee": one.insee,
            "tranche_age": one.age,
        }
        for note in ("sommeil", "activite", "moral"):
            answer[note] = int(np.clip(round(float(rng.normal(one.usual, 1.2))), 0, 10))
        if rng.random() < defects.missing:
            del answer["sommeil"]
        if named:
            answer["nom"] = one.name
        found.append(answer)
        if rng.random() < defects.duplicates:
            found.append(answer)
    whole = {"format": "bien-etre/1", "mois": f"{start:%Y-%m}", "reponses": found}
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()
