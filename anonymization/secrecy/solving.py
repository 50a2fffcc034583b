"""From a problem to a pattern: the optimum where it can be had, else near it with a bound that tells how near.

Sums of hidden cells that can be deduced (all that is hidden in one addition whose other terms are published) are judged
like cells. One that breaks a rule becomes a target of its own, and the search goes on until none does: this is what
keeps two hidden cells of one unit each from telling each other's value to the other's unit.

The work is counted in rounds, not in seconds, so that the same table has the same pattern everywhere; the time limit
is a guard, and a result says when it was met.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from anonymization.errors import InfeasibleTableError
from anonymization.secrecy.flows import Cut, FlowNetwork
from anonymization.secrecy.optimum import fractional_bound, optimum
from anonymization.secrecy.rules import Flags
from anonymization.secrecy.suppression import Search, clean, protect, search
from anonymization.secrecy.system import Problem, Target

EXACT_CELLS = 900  # free cells up to which the optimum is sought
ROUNDS = 4  # of the bound in fractions, where it is not
_GUARD = 0.5  # of the time left that the optimum, then the bound, may take


@dataclass(frozen=True, slots=True)
class Union:
    """Hidden cells whose sum can be deduced and breaks a rule, and the inequality that forbids exactly that."""

    target: Target
    exclusion: Cut


Unions = Callable[[Flags], Sequence[Union]]


@dataclass(frozen=True, slots=True)
class Pattern:
    """What to hide.

    Attributes:
        hidden: one flag per cell.
        cost: of the cells hidden beyond those that must be.
        bound: no protecting pattern costs less.
        complete: whether all the work was done before the time limit.
        targets: the sums of cells that the pattern protects: those asked for, and unions met on the way.
    """

    hidden: Flags
    cost: float
    bound: float
    complete: bool
    targets: tuple[Target, ...]

    @property
    def gap(self) -> float:
        """How much of its cost could be saved at most, 0 to 1; 0 for an optimum."""
        return (self.cost - self.bound) / self.cost if self.cost > self.bound else 0.0


def solve(problem: Problem, unions: Unions, time_limit: float) -> Pattern:
    """Find what to hide.

    Args:
        problem: cells, additions and targets.
        unions: tells the deducible sums of a pattern that break a rule.
        time_limit: seconds, a guard.

    Raises:
        InfeasibleTableError: nothing protects every target.
    """
    deadline = time.monotonic() + time_limit
    network = FlowNetwork(problem)
    state = search(problem)
    _protect_all(state, network, unions)
    free = int((~problem.hidden & ~problem.public).sum())
    if state.cost() == 0:
        return _pattern(state, 0.0, True)
    known = None
    if free <= EXACT_CELLS:
        guard = time.monotonic() + _GUARD * (deadline - time.monotonic())
        best = optimum(state, network, lambda hidden: [union.exclusion for union in unions(hidden)], guard)
        if best.pattern is not None:
            return _pattern(best.pattern, best.cost, True)
        known = best.cost
    return _near(state, network, unions, deadline, known)


def _near(first: Search, network: FlowNetwork, unions: Unions, deadline: float, known: float | None) -> Pattern:
    """Search again along the optimum in fractions, and clean the cheaper of both."""
    guard = time.monotonic() + _GUARD * (deadline - time.monotonic())
    bound = fractional_bound(first, guard, ROUNDS)
    complete = known is None and time.monotonic() < guard  # an optimum was sought in vain, for lack of time
    best = first
    if bound.shares is not None:
        second = search(first.problem)
        _protect_all(second, network, unions, bound.shares)
        best = min(first, second, key=Search.cost)
    complete &= clean(best, deadline) and _settle(best, network, unions, deadline)
    return _pattern(best, max(bound.cost, known or 0.0), complete)


def _protect_all(
    state: Search,
    network: FlowNetwork,
    unions: Unions,
    likely: np.ndarray[tuple[int], np.dtype[np.float64]] | None = None,
) -> bool:
    """Protect targets, then the unions that their protection exposes, until none is; return whether there were any."""
    protect(state, network, likely)
    met = False
    while found := unions(state.hidden):
        met = True
        known = set(state.targets)
        fresh = [union.target for union in found if union.target not in known]
        if not fresh:
            raise InfeasibleTableError("the sum of some hidden cells can be deduced whatever else is hidden")
        state.targets += fresh
        for target in fresh:
            state.hidden[list(target.cells)] = True
        protect(state, network, likely)
    return met


def _settle(state: Search, network: FlowNetwork, unions: Unions, deadline: float) -> bool:
    """Cells published again may expose other unions: protect those, and clean again."""
    settled = state.hidden.copy()
    while _protect_all(state, network, unions):
        if not clean(state, deadline, settled):
            return False
        settled |= state.hidden
    return True


def _pattern(state: Search, bound: float, complete: bool) -> Pattern:
    return Pattern(state.hidden, state.cost(), min(bound, state.cost()), complete, tuple(state.targets))
