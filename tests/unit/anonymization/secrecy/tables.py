"""Small tables, and an attacker of the tests' own that knows no program but a grid of every subset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pyarrow as pa

from anonymization.errors import UnprotectedTableError
from anonymization.secrecy import ProtectedTable, SecrecyRules
from anonymization.secrecy.attacker import Attacker, Key, Need, Sighting, attack

RULES = SecrecyRules("unit", minimum_units=3)


def grid(counts: Sequence[Sequence[int]], each: Sequence[Sequence[float]] | None = None) -> pa.Table:
    """One row per unit: `counts[r][c]` units in row r and column c, each with the value `each[r][c]` (or 1)."""
    rows, columns, values = [], [], []
    for row, line in enumerate(counts):
        for column, count in enumerate(line):
            rows += [f"r{row}"] * count
            columns += [f"c{column}"] * count
            values += [float(each[row][column]) if each else 1.0] * count
    return pa.table({"row": rows, "column": columns, "unit": range(len(rows)), "value": values})


def statuses(table: ProtectedTable) -> dict[tuple[str, ...], str]:
    """The status of each cell, by its labels."""
    columns = [table.cells[name].to_pylist() for name in (*table.dimensions, "status")]
    return {tuple(line[:-1]): line[-1] for line in zip(*columns, strict=True)}


def key_of(labels: Sequence[str], dimensions: Sequence[str]) -> Key:
    return frozenset((name, label) for name, label in zip(dimensions, labels, strict=True) if label != "Total")


def margins(
    keys: Sequence[Key], dimensions: Sequence[str], parents: Mapping[str, Mapping[str, str | None]]
) -> list[tuple[Key, list[Key]]]:
    """The additions of a table, found from its labels alone."""
    found: dict[tuple[str, Key], list[Key]] = {}
    for key in keys:
        for name, label in key:
            above = parents.get(name, {}).get(label)
            rest = key - {(name, label)}
            found.setdefault((name, rest | {(name, above)} if above else rest), []).append(key)
    return [(total, terms) for (_, total), terms in found.items() if total in set(keys)]


def reopened(
    table: ProtectedTable,
    parents: Mapping[str, Mapping[str, str | None]] | None = None,
    published: set[Key] | None = None,
) -> tuple[Attacker, list[Need]]:
    """An attacker who reads the published table, and the needs of its cells A and B.

    `published`, where given, replaces what the table publishes.
    """
    lines = table.cells.to_pylist()
    keys = [key_of([line[name] for name in table.dimensions], table.dimensions) for line in lines]
    shown = (
        {key for key, line in zip(keys, lines, strict=True) if line["status"] == "V"}
        if published is None
        else published
    )
    sightings = {
        key: Sighting(float(line["value"]) if key in shown else None) for key, line in zip(keys, lines, strict=True)
    }
    needs = [
        Need((key,), line["lower"], line["upper"])
        for key, line in zip(keys, lines, strict=True)
        if line["status"] in "AB"
    ]
    return Attacker(sightings, margins(keys, table.dimensions, parents or {})), needs


def cheaper_patterns(table: ProtectedTable, parents: Mapping[str, Mapping[str, str | None]] | None = None) -> int:
    """How many patterns that hide fewer cells for others protect every cell A and B: all of them are tried."""
    lines = table.cells.to_pylist()
    keys = [key_of([line[name] for name in table.dimensions], table.dimensions) for line in lines]
    free = [key for key, line in zip(keys, lines, strict=True) if line["status"] in "DV"]
    found = 0
    for size in range(int(table.cost)):
        for hidden in combinations(free, size):
            attacker, needs = reopened(table, parents, set(free) - set(hidden))
            try:
                attack(attacker, needs)
            except UnprotectedTableError:
                continue
            found += 1
    return found


def random_grid(seed: int, rows: int, columns: int, low: int = 0, high: int = 9) -> pa.Table:
    rng = np.random.default_rng(seed)
    return grid(rng.integers(low, high, (rows, columns)).tolist(), rng.integers(1, 50, (rows, columns)).tolist())
