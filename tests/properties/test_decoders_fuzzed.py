"""Payloads spoilt at random, the same ones at every run: rows, rejects or a refusal, nothing else, and in good time."""

from __future__ import annotations

import random

import pytest

from tests.fuzzing import spoilt
from tests.payloads import FORMATS, SAMPLE, judged

ROUNDS = 150
BY_LINE = {"grdf", "ndjson"}  # a line spoils itself alone
COSTLY = {"parquet": 6}  # each starts a process


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_spoilt_payloads(name: str) -> None:
    chance = random.Random(name)
    payload = FORMATS[name].write(SAMPLE)
    rounds = COSTLY.get(name, ROUNDS)
    outcomes = [judged(FORMATS[name], spoilt(payload, chance)) is None for _ in range(rounds)]
    assert sum(outcomes) > 0 or name in BY_LINE  # some are refused
    assert name in COSTLY or sum(outcomes) < rounds  # and some are read


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_what_is_not_of_the_format_at_all(name: str) -> None:
    chance = random.Random(name)
    others = [FORMATS[other].write(SAMPLE) for other in FORMATS]
    payloads = [b"", chance.randbytes(5_000), b"\0" * 99, b"\xff" * 99, b"[" * 99_999, *others]
    for payload in payloads[: 2 if name in COSTLY else None]:
        judged(FORMATS[name], payload)
