"""Which cells of a table may not be published, and how far from them an attacker must stay.

Everything is counted in protection units: a unit's total in a cell is one contribution, whatever its rows. The rules
are those of Hundepool et al., Statistical Disclosure Control (2012), section 4.2.1, and the protection levels those of
its section 4.2.2 (upper levels; the lower ones are their mirror, as there):

* minimum frequency: fewer than `minimum_units` units. The level is `margin` times the value, since the rule gives none.
* (n, k) dominance: the n largest units hold more than the share k. Level: (x1 + ... + xn) / k - X.
* p %: the total less its two largest units is under p % of the largest. Level: p / 100 * x1 - (X - x1 - x2).

In a table that counts units, a cell hidden for its frequency says by its status that it lies between 1 and
`minimum_units` - 1; its protection interval is all of that, so that nothing narrower is ever learnt.

What must not change: a cell that breaks several rules has the largest of their levels, and a level is never zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anonymization.errors import SecrecyRuleError

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
FREQUENCY, DOMINANCE, SECONDARY, VALID = "A", "B", "D", "V"
HIDDEN = "S"  # stands for A, B and D where a table does not show its reasons


@dataclass(frozen=True, slots=True)
class Dominance:
    """The `units` largest contributions may not exceed `share` of a cell: the (n, k) rule, k between 0 and 1."""

    units: int
    share: float


@dataclass(frozen=True, slots=True)
class SecrecyRules:
    """The rules of one table.

    Attributes:
        unit: the column of the protection unit.
        minimum_units: smallest number of units of a published cell, for instance 10 delivery points.
        dominance: any number of (n, k) rules.
        p_percent: p of the p % rule, in percent.
        margin: the protection interval of a cell hidden for its frequency, as a share of its value.
        prior: how closely an attacker is taken to know every value beforehand, as a share of it; None: not at all,
            beyond that no value is negative.
        reasons_shown: whether the published table tells A, B and D apart, which tells an attacker more.
        unions: whether cells hidden in one line are also judged together, as their sum can be deduced.
    """

    unit: str
    minimum_units: int | None = None
    dominance: tuple[Dominance, ...] = ()
    p_percent: float | None = None
    margin: float = 0.1
    prior: float | None = None
    reasons_shown: bool = True
    unions: bool = True

    def check(self, *, counting: bool) -> None:
        """Refuse rules that protect nothing or contradict themselves; `counting` for a table of units.

        Raises:
            SecrecyRuleError: it names the rule.
        """
        if self.minimum_units is None and not self.dominance and self.p_percent is None:
            raise SecrecyRuleError("no rule of secrecy is given: a minimum of units, a dominance or p % is needed")
        if self.minimum_units is not None and self.minimum_units < 2:
            raise SecrecyRuleError(f"minimum_units is {self.minimum_units}: under 2 it protects nobody")
        for rule in self.dominance:
            if rule.units < 1 or not 0 < rule.share < 1:
                raise SecrecyRuleError(f"dominance ({rule.units}, {rule.share}): n is at least 1, k between 0 and 1")
        if self.p_percent is not None and not 0 < self.p_percent <= 100:
            raise SecrecyRuleError(f"p_percent is {self.p_percent}: it lies between 0 and 100")
        if not 0 < self.margin <= 1:
            raise SecrecyRuleError(f"margin is {self.margin}: it lies between 0 and 1")
        if self.prior is not None and not self.margin <= self.prior < math.inf:
            raise SecrecyRuleError(f"prior is {self.prior}: it can not be narrower than the margin {self.margin}")
        if counting:
            self._check_counting()

    def _check_counting(self) -> None:
        if self.minimum_units is None:
            raise SecrecyRuleError("a table of counts needs minimum_units: dominance speaks of values")
        if self.dominance or self.p_percent is not None:
            raise SecrecyRuleError("dominance and p_percent speak of values: a table of counts has none")
        if self.minimum_units == 2 and self.reasons_shown:
            raise SecrecyRuleError(
                "minimum_units is 2: in a table of counts the status A would tell that the count is 1; "
                "set reasons_shown to False or the minimum to 3"
            )

    @property
    def largest(self) -> int:
        """How many of a cell's largest contributions the rules look at."""
        return max([2 if self.p_percent is not None else 0, *(rule.units for rule in self.dominance)])


@dataclass(frozen=True, slots=True)
class Judgment:
    """What the rules say of each of n cells. Levels are in steps of the value, 0 where the cell is valid."""

    status: npt.NDArray[np.str_]  # A, B or V
    lower: Floats  # how far under the value an attacker's interval must reach
    upper: Floats  # how far over it


def judge(rules: SecrecyRules, units: Floats, total: Floats, largest: Floats, *, counting: bool) -> Judgment:
    """Judge n cells.

    Args:
        rules: checked beforehand.
        units: n distinct units.
        total: n values, in steps, none negative.
        largest: n by m, the m largest contributions of each cell in falling order, zeros after the last.
        counting: the value is the number of units.
    """
    few = units < rules.minimum_units if rules.minimum_units is not None else np.zeros(len(units), bool)
    dominated = np.zeros(len(units), bool)
    upper = np.where(few, np.maximum(rules.margin * total, 1.0), 0.0)
    for rule in rules.dominance:
        top = largest[:, : rule.units].sum(axis=1)
        breaks = top > rule.share * total
        dominated |= breaks
        upper = np.where(breaks, np.maximum(upper, np.maximum(top / rule.share - total, 1.0)), upper)
    if rules.p_percent is not None:
        wanted = rules.p_percent / 100 * largest[:, 0]
        rest = total - largest[:, 0] - largest[:, 1]
        breaks = rest < wanted
        dominated |= breaks
        upper = np.where(breaks, np.maximum(upper, np.maximum(wanted - rest, 1.0)), upper)
    lower = np.minimum(upper, total)
    if counting and rules.minimum_units is not None:
        room = rules.minimum_units - 1 - total
        upper = np.where(few, room if rules.reasons_shown else np.maximum(room, 1.0), 0.0)
        lower = np.where(few, total - 1, 0.0)
    status = np.where(few, FREQUENCY, np.where(dominated, DOMINANCE, VALID))
    return Judgment(status, lower, upper)


def known_bounds(rules: SecrecyRules, status: npt.NDArray[np.str_], values: Floats, *, counting: bool) -> Floats:
    """What an attacker knows of each cell before any addition: n by 2, lowest and highest value.

    `status` is that of a released pattern: in a table of counts that shows its reasons, A means under the minimum and D
    at least the minimum.
    """
    low, high = np.zeros(len(values)), np.full(len(values), math.inf)
    if rules.prior is not None:
        low, high = np.maximum(low, (1 - rules.prior) * values), (1 + rules.prior) * values
    if counting:
        low = np.maximum(low, 1.0)
        if rules.reasons_shown and rules.minimum_units is not None:
            low = np.where(status == FREQUENCY, low, np.maximum(low, rules.minimum_units))
            high = np.where(status == FREQUENCY, np.minimum(high, rules.minimum_units - 1), high)
    return np.column_stack([low, high])
