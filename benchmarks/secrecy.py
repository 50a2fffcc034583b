"""What protecting a table costs, as ratios to the bare work under it. Run: `python -m benchmarks.secrecy [--rows N]`.

* protect: a table of about 5 000 cells over three hierarchical dimensions, its rules judged, further cells hidden and
  the result attacked, against one bare linear program over all of its cells (the cheapest protection of a single cell).
* attack: the audit of that table by the attacker, against asking the bare programs (two for each protected cell, each
  from a fresh start) of the same attacker.
* gap: how far the pattern can be from the optimum, which the result itself states.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pyarrow as pa

from anonymization.secrecy import Dominance, ProtectedTable, SecrecyRules, Tabulation, protect_table
from anonymization.secrecy.attacker import Attacker, Need, Sighting, attack
from anonymization.secrecy.flows import FlowNetwork
from anonymization.secrecy.protection import assemble, problem_of

RULES = SecrecyRules("unit", minimum_units=3, dominance=(Dominance(1, 0.85),))
DIMENSIONS = ("commune", "activity", "quarter")
TREES: dict[str, dict[str, str | None]] = {
    "commune": {f"c{number:02d}": f"sector {number % 4}" for number in range(28)},
    "activity": {f"a{number}": f"section {number % 3}" for number in range(9)},
    "quarter": {f"m{number}": f"q{number // 3}" for number in range(9)},
}


def enterprises(rows: int) -> pa.Table:
    """`rows` monthly figures of enterprises, a third as many, uneven over communes and activities, heavy-tailed."""
    rng = np.random.default_rng(7)
    units = rows // 3
    unit = rng.integers(0, units, rows)
    commune = rng.choice(28, units, p=rng.dirichlet(np.full(28, 1.0)))[unit]
    activity = rng.choice(9, units, p=rng.dirichlet(np.full(9, 1.0)))[unit]
    return pa.table(
        {
            "commune": np.array([f"c{number:02d}" for number in range(28)])[commune],
            "activity": np.array([f"a{number}" for number in range(9)])[activity],
            "quarter": np.array([f"m{number}" for number in range(9)])[rng.integers(0, 9, rows)],
            "unit": unit,
            "value": np.rint(rng.lognormal(4, 1.2, rows)).astype(np.int64),
        }
    )


def bare_program(table: ProtectedTable) -> float:
    """Seconds of one linear program over all the cells, its model being made before."""
    assembled = assemble(table.base, [Tabulation(DIMENSIONS, TREES)], RULES)
    problem = problem_of(assembled, RULES, "cells")
    network = FlowNetwork(problem)
    spent = []
    for target in problem.targets[:20]:
        started = time.perf_counter()
        network.cheapest(target, problem.hidden, up=True)
        spent.append(time.perf_counter() - started)
    return float(np.median(spent))


def attacks(table: ProtectedTable) -> tuple[float, float, int]:
    """Seconds of the audit, and of bare programs for the same cells (from twenty of them), and how many cells."""
    lines = table.cells.to_pylist()
    keys = [table.key_of([line[name] for name in DIMENSIONS]) for line in lines]
    seen = {
        key: Sighting(float(line["value"]) if line["status"] == "V" else None)
        for key, line in zip(keys, lines, strict=True)
    }
    needs = [
        Need((key,), line["lower"], line["upper"])
        for key, line in zip(keys, lines, strict=True)
        if line["status"] in "AB"
    ]
    started = time.perf_counter()
    attack(Attacker(seen, table.links), needs)
    ours = time.perf_counter() - started
    asked = needs[:: max(1, len(needs) // 20)]
    bare = 0.0
    for need in asked:
        for place in (0, 1):
            fresh = Attacker(seen, table.links)
            started = time.perf_counter()
            _ = fresh.interval(need.cells)[place]
            bare += (time.perf_counter() - started) / 2
    return ours, bare / len(asked) * len(needs), len(needs)


def main() -> None:
    """Print every ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=60_000)
    arguments = parser.parse_args()
    data = enterprises(arguments.rows)
    started = time.perf_counter()
    table = protect_table(data, DIMENSIONS, "value", RULES, TREES)
    whole = time.perf_counter() - started
    program = bare_program(table)
    audit, bare, needs = attacks(table)
    print(f"{table.cells.num_rows:,} cells {table.counts()} from {arguments.rows:,} rows; complete: {table.complete}")
    print(f"{'':<10} {'ours':>9}   {'bare':>9}   ratio      bare work")
    print(f"{'protect':<10} {whole:7.2f} s   {program:7.4f} s   x {whole / program:7.1f}   one program over all cells")
    print(
        f"{'attack':<10} {audit:7.2f} s   {bare:7.2f} s   x {audit / bare:7.2f}   programs of {needs} cells, each fresh"
    )
    print(f"{'gap':<10} {table.cost:7.0f} cells hidden for others, {table.bound:.0f} at least: {table.gap:.0%} at most")


if __name__ == "__main__":
    main()
