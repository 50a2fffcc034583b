"""Check digits, on numbers whose keys are published or computed by hand, and on the same with one digit changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from anonymization.text import checks

# Luhn: ISO/IEC 7812-1's own example. La Poste: its head office obeys Luhn, post offices add up to a multiple of five.
# IBAN: the register's French and Belgian examples. NIR: thirteen digits and 97 less their remainder, Corsica beside.
GOOD: list[tuple[Callable[..., bool], tuple[str, ...]]] = [
    (checks.luhn, ("79927398713",)),
    (checks.siren, ("732829320",)),
    (checks.siret, ("73282932000074",)),
    (checks.siret, ("35600000000048",)),
    (checks.siret, ("35600000049837",)),
    (checks.nir, ("2550899999999", "66")),
    (checks.nir, ("180012A123456", "51")),
    (checks.iban, ("FR1420041010050500013M02606",)),
    (checks.iban, ("BE68539007547034",)),
    (checks.vat, ("83", "404833048")),
    (checks.spi, ("1424467285108",)),
    (checks.machine_readable, ("520727", "3")),
]


def _changed(value: str) -> str:
    place = next(rank for rank in range(len(value) - 1, -1, -1) if value[rank].isdigit())
    return value[:place] + str((int(value[place]) + 1) % 10) + value[place + 1 :]


@pytest.mark.parametrize(("check", "given"), GOOD)
def test_a_right_key_passes_and_a_digit_changed_does_not(check: Callable[..., bool], given: tuple[str, ...]) -> None:
    if check is checks.nir:
        key = f"{97 - int(given[0].replace('2A', '19')) % 97:02d}"
        given = (given[0], key)
    assert check(*given)
    assert not check(*given[:-1], _changed(given[-1]))


def test_corsica_counts_as_nineteen_and_eighteen() -> None:
    assert checks.nir("1690118004123", f"{97 - 1690118004123 % 97:02d}")
    assert checks.nir("169012B004123", f"{97 - 1690118004123 % 97:02d}")
    assert not checks.nir("169012A004123", f"{97 - 1690118004123 % 97:02d}")


def test_nothing_is_made_of_zeros() -> None:
    assert not checks.siren("000000000")
    assert not checks.siret("00000000000000")
