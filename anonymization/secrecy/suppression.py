"""Finds which further cells to hide, near the least cost, for tables of any size.

1. Targets are taken from the largest level to the smallest. One that can not yet reach its level is moved there by the
   cheapest flow (:mod:`anonymization.secrecy.flows`), and the cells that move are hidden.
2. A movement found for one target serves every other that it moves far enough, and backwards too.
3. Cells whose publication leaves every target its movement are published again, the most costly first.

This is the flow heuristic of Fischetti and Salazar-Gonzalez (2000, section 6) followed by their clean-up. What must not
change: a cell is only ever left visible after each target was given a movement in which it stays still.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from anonymization.errors import InfeasibleTableError
from anonymization.secrecy.flows import Cut, FlowNetwork, Movement
from anonymization.secrecy.rules import Flags, Floats
from anonymization.secrecy.system import Problem, Target

_ENOUGH = 1 - 1e-6  # of a level

Side = tuple[int, bool]  # a target, and whether it goes up


@dataclass(slots=True)
class Search:
    """The state of a search: what is hidden, the movement that serves each side of each target, and cuts found."""

    problem: Problem
    hidden: Flags
    targets: list[Target] = field(default_factory=list)
    witness: dict[Side, Movement] = field(default_factory=dict)
    cuts: list[Cut] = field(default_factory=list)

    def cost(self) -> float:
        """Of what is hidden beyond what must be."""
        return float(self.problem.cost[self.hidden & ~self.problem.hidden].sum())


def search(problem: Problem) -> Search:
    """A search over a problem, with nothing more hidden than must be."""
    return Search(problem, problem.hidden.copy(), list(problem.targets))


def protect(state: Search, network: FlowNetwork, likely: Floats | None = None) -> None:
    """Hide cells until every side of every target has its movement.

    Args:
        state: what is hidden so far.
        network: over all cells.
        likely: how much each cell is hidden in an optimum in fractions, 0 to 1, to follow it.

    Raises:
        InfeasibleTableError: a target can not be protected even if all is hidden.
    """
    sides = sorted(_sides(state), key=lambda side: (-_level(state.targets[side[0]], side[1]), side))
    for side in sides:
        if side in state.witness:
            continue
        target = state.targets[side[0]]
        movement = network.cheapest(target, state.hidden, up=side[1], likely=likely)
        if movement is None:
            raise InfeasibleTableError(
                "a cell can not be given its protection interval whatever else is hidden: "
                "what is published already, or known beforehand, is too close to it"
            )
        state.hidden[movement.cells] = True
        if len(movement.cut.cells):
            state.cuts.append(movement.cut)
        state.witness[side] = movement
        serve(state, movement)


def serve(state: Search, movement: Movement) -> None:
    """Let a movement, stretched as far as it goes both ways, serve every side it moves far enough."""
    problem = state.problem
    still = np.zeros(problem.additions.count)
    still[movement.cells] = movement.deviations
    forward, backward = _stretch(problem, movement)
    for number, target in enumerate(state.targets):
        moved = float(still[list(target.cells)].sum())
        for up in (True, False):
            level = _level(target, up)
            if (number, up) in state.witness or level <= 0 or moved == 0:
                continue
            ahead = (moved > 0) == up
            if abs(moved) * (forward if ahead else backward) >= level * _ENOUGH:
                scale = level / abs(moved) * (1 if ahead else -1)
                state.witness[number, up] = Movement(movement.cells, movement.deviations * scale, 1.0, movement.cut)


def _stretch(problem: Problem, movement: Movement) -> tuple[float, float]:
    up = movement.deviations > 0
    size = np.abs(movement.deviations)
    above, below = problem.above[movement.cells], problem.below[movement.cells]
    return (
        float(np.min(np.where(up, above, below) / size, initial=np.inf)),
        float(np.min(np.where(up, below, above) / size, initial=np.inf)),
    )


def clean(state: Search, deadline: float, settled: Flags | None = None) -> bool:
    """Publish again every cell that no target needs; return whether all were tried before the deadline.

    Cells `settled` by an earlier call are not tried again.
    """
    problem = state.problem
    network = FlowNetwork(problem, state.hidden)
    price = np.where(problem.hidden, 0.0, problem.cost / problem.cost.max(initial=1.0))
    users: dict[int, set[Side]] = {}
    for side, movement in state.witness.items():
        _enlist(users, side, movement)
    extra = np.flatnonzero(state.hidden & ~problem.hidden & ~(settled if settled is not None else problem.hidden))
    for cell in extra[np.lexsort((extra, -problem.cost[extra]))].tolist():
        if time.monotonic() > deadline:
            return False
        state.hidden[cell] = False
        found = _without(state, network, cell, price, sorted(users.get(cell, ())))
        state.hidden[cell] = found is None
        for side, movement in (found or {}).items():
            state.witness[side] = movement
            _enlist(users, side, movement)
    return True


def _enlist(users: dict[int, set[Side]], side: Side, movement: Movement) -> None:
    """Note who uses a cell. Who no longer does is found out when it is asked for."""
    for cell in movement.cells.tolist():
        users.setdefault(cell, set()).add(side)


def _without(
    state: Search, network: FlowNetwork, cell: int, price: Floats, sides: Sequence[Side]
) -> dict[Side, Movement] | None:
    """New movements for the sides whose movement uses `cell`, None if one has none."""
    found = {}
    for _, side in sorted((-_use(state, side, cell), side) for side in sides):
        if cell in state.witness[side].cells:
            again = network.within(state.targets[side[0]], state.hidden, up=side[1], cost=price)
            if again is None:
                return None
            found[side] = again
    return found


def _use(state: Search, side: Side, cell: int) -> float:
    """How much of its level a side moves through a cell: who uses it most is asked first."""
    movement = state.witness[side]
    return float(np.abs(movement.deviations[movement.cells == cell]).sum()) / _level(state.targets[side[0]], side[1])


def _sides(state: Search) -> Iterable[Side]:
    for number, target in enumerate(state.targets):
        yield from ((number, up) for up in (True, False) if _level(target, up) > 0)


def _level(target: Target, up: bool) -> float:
    return target.upper if up else target.lower
