"""A million random values agree with the cryptography package, value by value."""

from __future__ import annotations

import pytest

from tests import agreement

MILLION = 1_000_000


@pytest.mark.timeout(900)
def test_a_million_random_values() -> None:
    column = agreement.random_values(MILLION, 1)
    assert len(column) == MILLION
    assert 5_000 < column.null_count < 20_000
    agreement.check_one_way(column, 1)
    agreement.check_reversible(column, 1)


@pytest.mark.timeout(900)
def test_a_hundred_thousand_random_texts() -> None:
    agreement.check_format_preserving(100_000, 2)
