"""Tables whose hidden cells are known to be deducible, or not, from the literature of cell suppression."""

from __future__ import annotations

import pytest

from anonymization.secrecy.attacker import Attacker, Key, Sighting

_WHOLE = [
    [20, 50, 10],
    [8, 19, 22],
    [17, 32, 12],
]


def _attacker(values: list[list[int]], hidden: set[tuple[int, int]]) -> Attacker:
    """A table of rows and columns with its margins, all of them published."""
    rows, columns = len(values), len(values[0])
    sightings: dict[Key, Sighting] = {}
    for row in range(rows):
        for column in range(columns):
            shown = None if (row, column) in hidden else float(values[row][column])
            sightings[_key(row, column)] = Sighting(shown)
    for row in range(rows):
        sightings[_key(row, None)] = Sighting(float(sum(values[row])))
    for column in range(columns):
        sightings[_key(None, column)] = Sighting(float(sum(line[column] for line in values)))
    additions = [(_key(row, None), [_key(row, column) for column in range(columns)]) for row in range(rows)]
    additions += [(_key(None, column), [_key(row, column) for row in range(rows)]) for column in range(columns)]
    return Attacker(sightings, additions)


def _key(row: int | None, column: int | None) -> Key:
    return frozenset((name, str(place)) for name, place in (("r", row), ("c", column)) if place is not None)


def test_fischetti_and_salazar_gonzalez_the_introductory_table() -> None:
    """Activity II in region C is hidden with three others: an attacker learns that it lies between 5 and 30."""
    attacker = _attacker(_WHOLE, {(1, 2), (1, 0), (2, 0), (2, 2)})
    assert attacker.interval([_key(1, 2)]) == pytest.approx((5, 30))


def test_sdctable_two_hidden_cells_a_line_do_not_protect() -> None:
    """Rows 1 and 2 less columns 1 and 3 give the cell of row 1 and column 2, though each line hides two cells."""
    values = [[30, 47, 64, 89], [90, 124, 5, 31], [92, 100, 59, 85], [800, 991, 651, 685]]
    attacker = _attacker(values, {(0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (2, 1), (2, 3), (3, 1), (3, 3)})
    assert attacker.interval([_key(0, 1)]) == pytest.approx((47, 47))
    low, high = attacker.interval([_key(0, 0)])
    assert low < 30 < high
