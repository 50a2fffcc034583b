"""The cheapest way for a hidden cell to move: one linear program, solved again and again from the same start.

Every cell may go up or down by a flow; additions hold when flows cancel; published cells stay still. Asking a target to
move by its protection level at least cost tells which further cells to hide, and its dual solution gives an inequality
that *every* protecting pattern satisfies (Fischetti and Salazar-Gonzalez, Models and algorithms for optimizing cell
suppression in tabular data with linear constraints, JASA 95 (2000), sections 3 and 4: capacity constraints).

Flows are counted in protection levels of the target, so that each program is well scaled whatever the values.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from anonymization.secrecy.rules import Flags, Floats
from anonymization.secrecy.system import Ints, Problem, Target

SMALL = 1e-7  # of a level: flows under it are rounding
_INFINITE = highspy.kHighsInf
_FAR = 1e12  # levels: as good as without bound


@dataclass(frozen=True, slots=True)
class Cut:
    """sum(weights * hidden[cells]) >= 1 holds for every protecting pattern."""

    cells: Ints
    weights: Floats


_NO_CUT = Cut(np.empty(0, np.int64), np.empty(0))


@dataclass(frozen=True, slots=True)
class Movement:
    """How each cell moves (in steps) when the target reaches its level, and the cut it gives."""

    cells: Ints
    deviations: Floats
    reached: float  # the part of the level that the target moves by
    cut: Cut


def quiet_solver() -> highspy.Highs:
    """HiGHS without a word, deterministic: one thread, always the same start."""
    solver: highspy.Highs = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("random_seed", 0)
    return solver


class FlowNetwork:
    """The program over cells of a problem: all of them, or those that may move.

    Leaving out cells that stay still changes no movement, and the cuts it gives still speak of every cell.
    """

    def __init__(self, problem: Problem, kept: Flags | None = None) -> None:
        self._problem = problem
        self._kept = np.arange(problem.additions.count) if kept is None else np.flatnonzero(kept)
        self._place = np.full(problem.additions.count, -1)
        self._place[self._kept] = np.arange(len(self._kept))
        self._entry_row = problem.additions.row_of_entries()
        self._rows = np.unique(self._entry_row[self._place[problem.additions.cells] >= 0])
        self._solver = quiet_solver()
        self._solver.setOptionValue("presolve", "off")
        self._solver.passModel(self._model())
        self._columns = np.arange(2 * len(self._kept), dtype=np.int32)

    def cheapest(self, target: Target, hidden: Flags, *, up: bool, likely: Floats | None = None) -> Movement | None:
        """The movement of least relaxed cost that takes `target` to its level, None where there is none.

        Hidden cells cost nothing; another cell costs its weight in proportion to how much of the level, or of all it
        can move, it moves. A cell that is `likely` (0 to 1) to be hidden in the end costs less.
        """
        room = self._room(target, up)
        weight = self._problem.cost if likely is None else self._problem.cost * (1.001 - likely)
        cost = np.where(hidden, 0.0, weight) / np.clip(room, 1e-9, 1.0)
        return self._solved(target, up, room, cost, cut=True)

    def within(self, target: Target, hidden: Flags, *, up: bool, cost: Floats) -> Movement | None:
        """As `cheapest`, hidden cells alone may move, each at its `cost`."""
        allowed = np.where(hidden, self._room(target, up), 0.0)
        return self._solved(target, up, allowed, np.stack([cost, cost]))

    def violated(self, target: Target, shares: Floats, *, up: bool, whole: bool) -> tuple[Cut | None, Movement | None]:
        """How far `target` moves where a cell moves by its share of its room, 0 to 1: a cut if under its level.

        `whole` for shares that are 0 or 1; otherwise no cell moves by more than its share of the level, which keeps
        the cut sharp. Exactly one of cut and movement is given.
        """
        room = self._room(target, up)
        allowed = np.where(shares > SMALL, room if whole else np.minimum(room, 1.0) * shares, 0.0)
        movement = self._solved(target, up, allowed, np.zeros_like(room), reward=1.0, cut=True)
        if movement is None or movement.reached < 1 - 1e-6:
            return (movement.cut if movement else None), None
        return None, movement

    def _model(self) -> highspy.HighsLp:
        """Rows are additions equal to 0; columns are the kept cells going up, then going down."""
        additions, count = self._problem.additions, len(self._kept)
        entries = np.flatnonzero(self._place[additions.cells] >= 0)
        entries = entries[np.argsort(self._place[additions.cells[entries]], kind="stable")]
        index, value = np.searchsorted(self._rows, self._entry_row[entries]), additions.signs[entries]
        sizes = np.bincount(self._place[additions.cells[entries]], minlength=count)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = 2 * count, len(self._rows)
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = np.concatenate([[0], np.cumsum(np.tile(sizes, 2))]).astype(np.int32)
        model.a_matrix_.index_ = np.tile(index, 2).astype(np.int32)
        model.a_matrix_.value_ = np.concatenate([value, -value])
        model.row_lower_ = model.row_upper_ = np.zeros(len(self._rows))
        model.col_cost_ = model.col_lower_ = model.col_upper_ = np.zeros(2 * count)
        return model

    def _room(self, target: Target, up: bool) -> Floats:
        """How far each cell can go up (first line) and down (second), in levels of the target."""
        room = np.stack([self._problem.above, self._problem.below]) / (target.upper if up else target.lower)
        room[:, self._problem.public] = 0.0
        return np.where(room < _FAR, room, _INFINITE)

    def _solved(
        self, target: Target, up: bool, allowed: Floats, cost: Floats, *, reward: float = 0.0, cut: bool = False
    ) -> Movement | None:
        """Solve with a last variable for how far the target moves: all its level, or as much of it as is rewarded."""
        solver, columns, rows = self._solver, len(self._columns), len(self._rows)
        zeros = np.zeros(columns)
        solver.changeColsCost(columns, self._columns, cost[:, self._kept].ravel())
        solver.changeColsBounds(columns, self._columns, zeros, allowed[:, self._kept].ravel())
        cells = self._place[list(target.cells)].astype(np.int32)
        sign = 1.0 if up else -1.0
        both = np.concatenate([cells, cells + len(self._kept)])
        solver.addRow(0.0, 0.0, len(both), both, np.repeat([sign, -sign], len(cells)))
        solver.addCol(-reward, 0.0 if reward else 1.0, 1.0, 1, np.array([rows], np.int32), np.array([-1.0]))
        solver.setBasis()
        solver.run()
        found = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        solution = solver.getSolution() if found else None
        solver.deleteCols(1, np.array([columns], np.int32))
        solver.deleteRows(1, np.array([rows], np.int32))
        if solution is None:
            return None
        flow = np.asarray(solution.col_value)
        net = flow[: len(self._kept)] - flow[len(self._kept) : columns]
        moved = np.flatnonzero(np.abs(net) > SMALL)
        level = target.upper if up else target.lower
        dual = np.asarray(solution.row_dual) if cut else None
        found_cut = _NO_CUT if dual is None else self._cut(dual, target, up)
        return Movement(self._kept[moved], net[moved] * level, float(flow[-1]), found_cut)

    def _cut(self, dual: Floats, target: Target, up: bool) -> Cut:
        """From the dual prices: a cell's price times its room, at most 1, since one level is all that is asked.

        Whatever the prices, the inequality is valid: rounding can make it weaker, never wrong.
        """
        additions, price = self._problem.additions, dual[-1]
        if abs(price) <= SMALL:
            return _NO_CUT
        prices = np.zeros(additions.rows)
        prices[self._rows] = dual[:-1] / price
        worth = np.zeros(additions.count)
        worth[list(target.cells)] = 1.0 if up else -1.0
        worth = worth + np.bincount(additions.cells, additions.signs * prices[self._entry_row], additions.count)
        room = np.minimum(self._room(target, up), _FAR)
        chosen = np.where(worth > 0, room[0], room[1])
        weights = np.where(np.abs(worth) > SMALL, np.minimum(np.abs(worth) * chosen, 1.0), 0.0)
        cells = np.flatnonzero(weights > SMALL)
        return Cut(cells, weights[cells])
