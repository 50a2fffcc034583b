"""The least cost a protecting pattern can have, and for small tables that pattern.

The master problem chooses what to hide; each pattern it proposes is attacked, and each target that can not reach its
level gives an inequality that forbids the proposal (Fischetti and Salazar-Gonzalez, 2000, section 4). Solved in whole
numbers until no target complains, the proposal is the optimum; solved in fractions, its cost is a bound under every
pattern's, which says how far a pattern found otherwise can be from the optimum.

What must not change: `bound` is never above the cost of the cheapest protecting pattern, whenever time runs out.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import highspy
import numpy as np

from anonymization.secrecy.flows import SMALL, Cut, FlowNetwork, quiet_solver
from anonymization.secrecy.rules import Flags, Floats
from anonymization.secrecy.suppression import Search, search, serve
from anonymization.secrecy.system import Problem

_FEASIBLE = highspy.HighsModelStatus.kOptimal
Exclusions = Callable[[Flags], Sequence[Cut]]
"""Inequalities a pattern breaks for a reason that is not a target's: none when the pattern may stand."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What is known of the least cost, beyond the cost of what must be hidden."""

    cost: float
    pattern: Search | None  # the optimum, where it was found
    shares: Floats | None = None  # the last optimum in fractions


class Master:
    """Chooses what to hide at least cost under the inequalities known so far; constant cells are left out."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._solver = quiet_solver()
        free = ~(problem.hidden | problem.public)
        count = problem.additions.count
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = count, 0
        model.a_matrix_.start_ = np.zeros(count + 1, np.int32)
        model.col_cost_ = np.where(problem.hidden, 0.0, problem.cost)
        model.col_lower_ = np.where(problem.hidden, 1.0, 0.0)
        model.col_upper_ = np.where(free | problem.hidden, 1.0, 0.0)
        model.row_lower_ = model.row_upper_ = np.zeros(0)
        self._solver.passModel(model)

    def add(self, cuts: Sequence[Cut]) -> None:
        """Hold these inequalities from now on."""
        for cut in cuts:
            self._solver.addRow(1.0, highspy.kHighsInf, len(cut.cells), cut.cells.astype(np.int32), cut.weights)

    def add_exclusion(self, cut: Cut) -> None:
        """Hold `sum(weights * hidden) >= 1 + sum of the negative weights`."""
        least = 1.0 + float(np.minimum(cut.weights, 0.0).sum())
        self._solver.addRow(least, highspy.kHighsInf, len(cut.cells), cut.cells.astype(np.int32), cut.weights)

    def shares(self, deadline: float) -> tuple[Floats, float] | None:
        """The optimum in fractions; None when time is over."""
        return self._run(deadline, exact=True)

    def whole(self, deadline: float) -> tuple[Floats, float] | None:
        """The optimum in whole numbers; None when time is over."""
        count = self._problem.additions.count
        columns = np.arange(count, dtype=np.int32)
        self._solver.changeColsIntegrality(count, columns, np.full(count, 1, np.uint8))
        return self._run(deadline, exact=False)

    def _run(self, deadline: float, *, exact: bool) -> tuple[Floats, float] | None:
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        self._solver.setOptionValue("mip_rel_gap", 0.0)
        self._solver.setOptionValue("time_limit", self._solver.getRunTime() + left)
        self._solver.run()
        if self._solver.getModelStatus() != _FEASIBLE:
            return None
        info = self._solver.getInfo()
        reached = info.objective_function_value if exact else info.mip_dual_bound
        return np.asarray(self._solver.getSolution().col_value), float(reached)


def fractional_bound(state: Search, deadline: float, rounds: int = 1_000) -> Bound:
    """A bound from fractions, raised round after round until no inequality is broken or time is over.

    The inequalities found are kept in `state.cuts`.
    """
    master, best, shares = Master(state.problem), 0.0, None
    master.add(state.cuts)
    for _ in range(rounds):
        solved = master.shares(deadline)
        if solved is None:
            break
        best = max(best, solved[1])
        shares = solved[0]
        cuts = _fractional_cuts(state, FlowNetwork(state.problem, shares > SMALL), shares, deadline)
        if not cuts:
            break
        master.add(cuts)
        state.cuts += cuts
    return Bound(_rounded_up(state.problem, best), None, shares)


def _fractional_cuts(state: Search, network: FlowNetwork, shares: Floats, deadline: float) -> list[Cut]:
    cuts: list[Cut] = []
    for target in state.problem.targets:
        for up in (True, False):
            if (target.upper if up else target.lower) <= 0:
                continue
            if time.monotonic() > deadline:
                return cuts
            cut, _ = network.violated(target, shares, up=up, whole=False)
            if cut is not None and cut.weights @ shares[cut.cells] < 1 - 1e-4:
                cuts.append(cut)
    return cuts


def optimum(state: Search, network: FlowNetwork, exclusions: Exclusions, deadline: float) -> Bound:
    """The cheapest protecting pattern, or a bound on its cost when time is over."""
    problem = state.problem
    best = fractional_bound(state, deadline, rounds=20).cost
    master = Master(problem)
    master.add(state.cuts)
    while True:
        solved = master.whole(deadline)
        if solved is None:
            return Bound(best, None)
        hidden = solved[0] > 0.5
        best = max(best, _rounded_up(problem, solved[1]))
        proposal = search(problem)
        proposal.hidden = hidden
        cuts = _whole_cuts(proposal, network, deadline)
        if cuts is None:
            return Bound(best, None)
        broken = [] if cuts else exclusions(hidden)
        if not cuts and not broken:
            return Bound(proposal.cost(), proposal)
        master.add(cuts)
        for cut in broken:
            master.add_exclusion(cut)


def _whole_cuts(proposal: Search, network: FlowNetwork, deadline: float) -> list[Cut] | None:
    """The inequality of each side that the proposal leaves short; None when time is over."""
    cuts = []
    for number, target in enumerate(proposal.problem.targets):
        for up in (True, False):
            level = target.upper if up else target.lower
            if level <= 0 or (number, up) in proposal.witness:
                continue
            if time.monotonic() > deadline:
                return None
            cut, movement = network.violated(target, proposal.hidden.astype(float), up=up, whole=True)
            if movement is not None:
                serve(proposal, movement)
                proposal.witness.setdefault((number, up), movement)
            elif cut is not None:
                cuts.append(cut)
    return cuts


def _rounded_up(problem: Problem, cost: float) -> float:
    """Whole costs only add up to whole costs."""
    free = problem.cost[~problem.hidden]
    whole = bool(np.all(free == np.rint(free)))
    return float(math.ceil(cost - 1e-6 * max(1.0, abs(cost)))) if whole else cost
