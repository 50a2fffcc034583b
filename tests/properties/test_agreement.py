"""Thousands of random values agree with the cryptography package, value by value; the proofs do it with a million."""

from __future__ import annotations

import pytest

from tests import agreement

ROWS = 20_000


@pytest.mark.parametrize("seed", range(2))
def test_random_values(seed: int) -> None:
    column = agreement.random_values(ROWS, seed)
    agreement.check_one_way(column, seed)
    agreement.check_reversible(column, seed)


@pytest.mark.parametrize("length", [1, 14, 16, 17, 32, 47])
def test_random_values_of_one_length(length: int) -> None:
    column = agreement.random_values(ROWS // 10, length, one_length=length)
    agreement.check_one_way(column, length)
    agreement.check_reversible(column, length)


def test_random_texts() -> None:
    agreement.check_format_preserving(2_000, 3)
