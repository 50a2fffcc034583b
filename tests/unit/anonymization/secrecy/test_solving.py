"""Patterns found near the optimum say truly how near."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from anonymization.secrecy import Dominance, SecrecyRules, protect_table, solving
from anonymization.secrecy.attacker import attack
from anonymization.secrecy.cells import Tabulation, read_base
from anonymization.secrecy.flows import FlowNetwork
from anonymization.secrecy.protection import Cost, assemble, problem_of
from anonymization.secrecy.suppression import protect, search
from tests.unit.anonymization.secrecy.tables import random_grid, reopened, statuses

RULES = SecrecyRules("unit", minimum_units=3, dominance=(Dominance(1, 0.7),))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("cost", ["cells", "value"])
def test_the_bound_is_under_the_optimum_and_the_optimum_under_what_is_near(
    seed: int, cost: Cost, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = random_grid(seed, 4, 4)
    best = protect_table(data, ["row", "column"], "value", RULES, cost=cost)
    monkeypatch.setattr(solving, "EXACT_CELLS", 0)
    near = protect_table(data, ["row", "column"], "value", RULES, cost=cost)
    assert near.complete
    assert near.bound <= best.cost * (1 + 1e-9)
    assert best.cost <= near.cost * (1 + 1e-9)
    assert near.gap == pytest.approx((near.cost - near.bound) / near.cost if near.cost else 0)
    attack(*reopened(near))


def test_every_cut_holds_for_the_optimum() -> None:
    for seed in range(5):
        data = random_grid(seed, 4, 3)
        table = protect_table(data, ["row", "column"], "value", RULES)
        base = read_base(data, ["row", "column"], "value", "unit")
        problem = problem_of(assemble(base, [Tabulation(("row", "column"), {})], RULES), RULES, "cells")
        state = search(problem)
        protect(state, FlowNetwork(problem))
        ordered = [line["status"] != "V" for line in sorted(table.cells.to_pylist(), key=_place)]
        assert state.cuts or not problem.targets
        for cut in state.cuts:
            assert cut.weights @ np.array(ordered, float)[cut.cells] >= 1 - 1e-6


def _place(line: dict[str, str]) -> tuple[str, str]:
    """The order of cells' names: the first dimension varies fastest, totals first."""
    return line["column"].replace("Total", ""), line["row"].replace("Total", "")


def test_a_search_cut_short_says_so_and_protects_all_the_same() -> None:
    table = protect_table(random_grid(3, 12, 12), ["row", "column"], "value", RULES, time_limit=0.0)
    assert not table.complete
    assert table.gap > 0
    attack(*reopened(table))


def test_the_same_table_has_the_same_pattern_whatever_the_order_of_its_rows() -> None:
    data = random_grid(5, 5, 4)
    again = data.take(pa.array(np.random.default_rng(1).permutation(data.num_rows)))
    first, second = (protect_table(part, ["row", "column"], "value", RULES) for part in (data, again))
    assert first.published.equals(second.published)
    assert set(statuses(first).values()) >= {"A", "D", "V"}
