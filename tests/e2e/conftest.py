"""The stack of the end-to-end tests: small feeds, in which a thousand invented people are planted."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.context import build_context
from stack.embedded import Stack
from stack.operators.canaries import Canaries, make_canaries
from stack.service import OperatorOptions, StackContext
from tests.stack_fixtures import PREFIX

PEOPLE = 1_000
HOUSEHOLDS = 1_500
REPORTS = 1_200  # a month
SEED = 20_261_101


@pytest.fixture(scope="session")
def canaries() -> Canaries:
    """The invented people."""
    return make_canaries(PEOPLE, SEED)


@pytest.fixture(scope="session")
def stack_context(canaries: Canaries) -> Iterator[StackContext]:
    """Return the context of this session's stack; nothing runs yet. Everything is stopped and erased at the end."""
    home = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    planted = home / "canaries.json"
    canaries.write(planted)
    operators = OperatorOptions(households=HOUSEHOLDS, reports=REPORTS, canaries=planted)
    context = build_context(home, preferred_ports=False, operators=operators)
    try:
        yield context
    finally:
        Stack(context).forget()
