"""The attacker: what can be deduced from a published table, by code that shares nothing with what protected it.

It reads published tables as anyone would (labels, figures, statuses), adds the hierarchies, and computes by linear
programming the lowest and highest value each hidden cell can have. Hidden cells are split into parts that no addition
binds together, and each part's program is started from its last solution. Every solution is one possible table: a cell
seen as low and as high as its protection asks in any of them needs no program of its own.

Source: Hundepool et al., Statistical Disclosure Control (2012), section 4.3.1 (the audit, or attacker's, problem).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import highspy
import numpy as np

from anonymization.errors import UnprotectedTableError

Key = frozenset[tuple[str, str]]
"""A cell: its column and label in each dimension where it is not the total. Another release adds a marker."""
_TOLERANCE = 1e-6  # of a protection level


@dataclass(frozen=True, slots=True)
class Sighting:
    """What is published of a cell, and what is known of it beforehand."""

    value: float | None  # None: hidden
    low: float = 0.0
    high: float = math.inf


@dataclass(frozen=True, slots=True)
class Need:
    """A sum of hidden cells, and the interval that must remain possible for it."""

    cells: tuple[Key, ...]
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class AttackReport:
    """What the attack found.

    Attributes:
        attacked: sums of hidden cells whose interval was asked.
        programs: linear programs solved.
        narrowest: the narrowest interval as a share of what was needed; at least 1 when all is well.
    """

    attacked: int
    programs: int
    narrowest: float


class Attacker:
    """Knows some cells and the additions that bind them all.

    Args:
        sightings: every cell that exists; those that do not are 0.
        additions: sums and their terms, among those cells.

    Raises:
        UnprotectedTableError: what is published contradicts itself, so that nothing can be said of it.
    """

    def __init__(self, sightings: Mapping[Key, Sighting], additions: Iterable[tuple[Key, Sequence[Key]]]) -> None:
        self._hidden = {
            key: place for place, key in enumerate(k for k, seen in sightings.items() if seen.value is None)
        }
        self._known = [sightings[key] for key in self._hidden]
        rows = [_residual(sightings, self._hidden, total, terms) for total, terms in additions]
        self._parts = [_Part(part, self._known) for part in _parts(len(self._hidden), [row for row in rows if row[0]])]
        self._part_of = {place: part for part in self._parts for place in part.places}
        self.programs = 0

    def interval(self, cells: Sequence[Key]) -> tuple[float, float]:
        """The lowest and highest sum of hidden `cells`, infinite where nothing bounds it."""
        return self._extreme(cells, -1.0), self._extreme(cells, 1.0)

    def covers(self, need: Need) -> float:
        """How much of a needed interval remains possible: under 1 where the attacker narrows it further."""
        size = need.high - need.low
        if size <= 0:
            return 1.0
        low, high = self._seen(need.cells)
        if low > need.low:
            low = self._extreme(need.cells, -1.0)
        if high < need.high:
            high = self._extreme(need.cells, 1.0)
        return 1.0 - max(0.0, low - need.low, need.high - high) / size

    def _split(self, cells: Sequence[Key]) -> dict[int, tuple[_Part, list[int]]]:
        split: dict[int, tuple[_Part, list[int]]] = {}
        for key in cells:
            part = self._part_of[self._hidden[key]]
            split.setdefault(id(part), (part, []))[1].append(self._hidden[key])
        return split

    def _extreme(self, cells: Sequence[Key], sign: float) -> float:
        reached = 0.0
        for part, places in self._split(cells).values():
            self.programs += 1
            reached += part.extreme(places, sign)
        return reached

    def _seen(self, cells: Sequence[Key]) -> tuple[float, float]:
        if len(cells) > 1:
            return math.inf, -math.inf
        place = self._hidden[cells[0]]
        return self._part_of[place].seen(place)


class _Part:
    """Hidden cells bound together by additions: one linear program."""

    def __init__(
        self, part: tuple[list[int], list[tuple[list[int], list[float], float]]], known: Sequence[Sighting]
    ) -> None:
        self.places, self._rows = part
        self._index = {place: number for number, place in enumerate(self.places)}
        self._bounds = np.array([(known[place].low, known[place].high) for place in self.places])
        self._low = np.full(len(self.places), math.inf)
        self._high = np.full(len(self.places), -math.inf)
        self._solver: highspy.Highs | None = None
        sizes = [abs(row[2]) for row in self._rows if row[2]]
        self._unit = float(np.median(sizes)) / 1e3 if sizes else 1.0

    def seen(self, place: int) -> tuple[float, float]:
        """The lowest and highest value of a cell in the tables found so far."""
        return float(self._low[self._index[place]]), float(self._high[self._index[place]])

    def extreme(self, places: Sequence[int], sign: float) -> float:
        """The highest (sign 1) or lowest (-1) sum of cells.

        Raises:
            UnprotectedTableError: no table fits what is published.
        """
        if not self._rows:
            bounds = self._bounds[[self._index[place] for place in places]]
            return float(bounds[:, 1 if sign > 0 else 0].sum())
        solver = self._solver = self._solver or self._program()
        columns = np.array([self._index[place] for place in places], np.int32)
        solver.changeColsCost(len(columns), columns, np.full(len(columns), -sign))
        solver.run()
        status = solver.getModelStatus()
        solver.changeColsCost(len(columns), columns, np.zeros(len(columns)))
        if status in (highspy.HighsModelStatus.kUnbounded, highspy.HighsModelStatus.kUnboundedOrInfeasible):
            return sign * math.inf
        if status != highspy.HighsModelStatus.kOptimal:
            raise UnprotectedTableError("what is published contradicts itself: no table fits it")
        found = np.asarray(solver.getSolution().col_value) * self._unit
        np.minimum(self._low, found, out=self._low)
        np.maximum(self._high, found, out=self._high)
        return float(found[columns].sum())

    def _program(self) -> highspy.Highs:
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(self.places), len(self._rows)
        model.col_cost_ = np.zeros(len(self.places))
        scaled = self._bounds / self._unit
        model.col_lower_, model.col_upper_ = (
            scaled[:, 0],
            np.where(np.isinf(scaled[:, 1]), highspy.kHighsInf, scaled[:, 1]),
        )
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.cumsum([0, *(len(row[0]) for row in self._rows)]).astype(np.int32)
        model.a_matrix_.index_ = np.array([self._index[place] for row in self._rows for place in row[0]], np.int32)
        model.a_matrix_.value_ = np.array([sign for row in self._rows for sign in row[1]])
        model.row_lower_ = model.row_upper_ = np.array([row[2] for row in self._rows]) / self._unit
        solver: highspy.Highs = highspy.Highs()  # type: ignore[no-untyped-call]
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("threads", 1)
        solver.setOptionValue("presolve", "off")
        solver.setOptionValue(
            "simplex_strategy", 4
        )  # primal: the last solution stays feasible when the question changes
        solver.passModel(model)
        return solver


def _residual(
    sightings: Mapping[Key, Sighting], hidden: Mapping[Key, int], total: Key, terms: Sequence[Key]
) -> tuple[list[int], list[float], float]:
    """What an addition says of hidden cells: places, signs, and what they add up to."""
    places: list[int] = []
    signs: list[float] = []
    published: list[float] = []
    for key, sign in [(total, -1.0), *((term, 1.0) for term in terms)]:
        if key in hidden:
            places.append(hidden[key])
            signs.append(sign)
        else:
            published.append(-sign * float(sightings[key].value or 0.0))
    return places, signs, math.fsum(published)


def _parts(
    count: int, rows: Sequence[tuple[list[int], list[float], float]]
) -> list[tuple[list[int], list[tuple[list[int], list[float], float]]]]:
    """Cells and additions, by the parts that no addition binds together."""
    leader = list(range(count))

    def find(place: int) -> int:
        while leader[place] != place:
            leader[place] = leader[leader[place]]
            place = leader[place]
        return place

    for places, _, _ in rows:
        for place in places[1:]:
            leader[find(place)] = find(places[0])
    members: defaultdict[int, list[int]] = defaultdict(list)
    bound: defaultdict[int, list[tuple[list[int], list[float], float]]] = defaultdict(list)
    for place in range(count):
        members[find(place)].append(place)
    for row in rows:
        bound[find(row[0][0])].append(row)
    return [(members[root], bound[root]) for root in members]


def attack(attacker: Attacker, needs: Sequence[Need]) -> AttackReport:
    """Attack every need; refuse the table if one fails.

    Raises:
        UnprotectedTableError: an interval is narrower than needed.
    """
    shares = [attacker.covers(need) for need in needs]
    narrowest = min(shares, default=1.0)
    failed = sum(share < 1 - _TOLERANCE for share in shares)
    if failed:
        raise UnprotectedTableError(
            f"{failed} of {len(needs)} hidden cells can be computed more closely than their protection interval: "
            "the table is refused"
        )
    return AttackReport(len(needs), attacker.programs, narrowest)
