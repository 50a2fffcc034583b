"""What was published before: revisions that do not tell who changed, and attacks over several releases at once.

* A revision changes a leaf cell only if its change, taken as a cell of its own, passes the rules: enough units changed,
  none dominates what changed. Otherwise the leaf keeps what was published of it. The same then holds of every total,
  where changes of one unit in two leaves may cancel out: leaves are kept as they were until it does. Totals stay sums.
* A cell whose units' totals are the same in two releases is one cell: published before, it is known; hidden before, it
  stays hidden. A cell that changed is two, each bound by the additions of its release.

The differencing attack is that of Hundepool et al. (2012), section 4.5. What must not change: an attacker who keeps
every file ever published learns no protected cell of any release more closely than its interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from anonymization.errors import InfeasibleTableError, TabulationError
from anonymization.secrecy.attacker import Key
from anonymization.secrecy.cells import (
    AMOUNT,
    CELL,
    UNIT,
    Base,
    Space,
    Tabulation,
    contributions,
    judged,
    space_of,
    tabulate,
)
from anonymization.secrecy.dimensions import parents_of
from anonymization.secrecy.protected import ProtectedTable
from anonymization.secrecy.publication import Links, cell_keys
from anonymization.secrecy.rules import VALID, Floats, SecrecyRules, known_bounds
from anonymization.secrecy.system import Additions, Problem, Target

_BEFORE = "\0before"  # marks the cell of an earlier release that has changed since


def settled(base: Base, before: Sequence[Base], tables: Sequence[Tabulation], rules: SecrecyRules) -> Base:
    """`base` with the leaves whose change would tell about too few units left as they were last.

    Args:
        base: the new lines.
        before: those of every version published, the last one first.
        tables: what is made of them.
        rules: what a change must satisfy, as if it were a cell.

    Raises:
        TabulationError: they are not of the same columns and kind.
    """
    return settled_together([Revised(base, before, rules)], tables)[0][0]


@dataclass(frozen=True, slots=True)
class Revised:
    """One figure of a table that is revised: its new lines, those of every version published, and its rules."""

    base: Base
    before: Sequence[Base]  # the last one first; none for a figure that was never published
    rules: SecrecyRules


def settled_together(figures: Sequence[Revised], tables: Sequence[Tabulation]) -> tuple[list[Base], pl.DataFrame]:
    """As :func:`settled`, for figures of one table, whose leaves change together or not at all; and the leaves kept.

    A leaf that any figure must keep keeps them all; a figure that was never published has nothing to keep.
    """
    for figure in figures:
        mine = (figure.base.columns, figure.base.counting, figure.base.scale)
        if any(mine != (earlier.columns, earlier.counting, earlier.scale) for earlier in figure.before):
            raise TabulationError("a revision has the columns and the kind of value of the table it revises")
    leaves = list(figures[0].base.columns)
    kept = figures[0].base.lines.select(leaves).clear()
    while True:
        mixed = [_mixed(figure, kept) for figure in figures]
        told = [
            _telling(_difference(lines, earlier), lines, earlier, tables, figure.rules)
            for figure, lines in zip(figures, mixed, strict=True)
            for earlier in figure.before
        ]
        fresh = pl.concat(told).unique().join(kept, on=leaves, how="anti") if told else kept.clear()
        if fresh.is_empty():
            return mixed, kept
        kept = pl.concat([kept, fresh])


def _mixed(figure: Revised, kept: pl.DataFrame) -> Base:
    """The new lines, but for the leaves `kept`, which are as they were last."""
    base = figure.base
    if not figure.before:
        return base
    leaves = list(base.columns)
    parts = [base.lines.join(kept, on=leaves, how="anti"), figure.before[0].lines.join(kept, on=leaves, how="semi")]
    return replace(base, lines=pl.concat([part.select(*leaves, UNIT, AMOUNT) for part in parts]))


def _telling(
    change: pl.DataFrame, base: Base, before: Base, tables: Sequence[Tabulation], rules: SecrecyRules
) -> pl.DataFrame:
    """The changed leaves under any cell whose change, as a cell of its own, breaks the rules."""
    found = [change.select(base.columns).clear()]
    leaves = change.select(base.columns).unique(maintain_order=True).with_row_index(UNIT)
    marks = replace(base, lines=leaves.with_columns(pl.lit(1, pl.Int64).alias(AMOUNT)), counting=False)
    for table in (*tables, Tabulation(base.columns, {})) if len(change) else ():
        space = _common_space(table, base, before)
        lines = contributions(replace(base, lines=change, counting=False), space).filter(pl.col(AMOUNT) != 0)
        cells = tabulate(lines.with_columns(pl.col(AMOUNT).abs()), rules.largest)
        status = judged(cells, rules, counting=False).status
        broken = cells.filter(pl.Series(status != VALID)).select(CELL)
        under = contributions(marks, space, broken).select(pl.col(UNIT).cast(pl.UInt32)).unique()
        found.append(leaves.join(under, on=UNIT, how="semi").select(base.columns))
    return pl.concat(found).unique()


def _difference(base: Base, before: Base) -> pl.DataFrame:
    """By leaf and unit, what is more in `base` than in `before`, where something is."""
    both = pl.concat(
        [
            base.lines.select(*base.columns, UNIT, AMOUNT),
            before.lines.select(*base.columns, UNIT, -pl.col(AMOUNT)),
        ]
    )
    return both.group_by([*base.columns, UNIT]).agg(pl.col(AMOUNT).sum()).filter(pl.col(AMOUNT) != 0)


def _common_space(table: Tabulation, base: Base, before: Base) -> Space:
    lines = [part.lines.select(base.columns) for part in (base, before)]
    return space_of([table], replace(base, lines=pl.concat(lines)))


def changes(base: Base, before: Base, table: Tabulation, rules: SecrecyRules) -> dict[Key, bool] | None:
    """The cells of `table`, by their labels, that differ between two bases, and whether their change breaks the rules.

    None where the two can not be compared. Dimensions that only one of them has are at their total.
    """
    if base is before:
        return {}
    if (base.counting, base.scale) != (before.counting, before.scale):
        return None
    dimensions = [name for name in table.dimensions if name in base.columns and name in before.columns]
    if not dimensions:
        return None
    first, second = (_narrowed(part, dimensions) for part in (base, before))
    change = _difference(first, second)
    if change.is_empty():
        return {}
    trees = {name: tree for name, tree in table.hierarchies.items() if name in dimensions}
    space = _common_space(Tabulation(tuple(dimensions), trees), first, second)
    lines = contributions(replace(first, lines=change, counting=False), space).filter(pl.col(AMOUNT) != 0)
    cells = tabulate(lines.with_columns(pl.col(AMOUNT).abs()), rules.largest)
    telling = judged(cells, rules, counting=False).status != VALID
    return dict(zip(cell_keys(space, cells[CELL].to_numpy()), telling.tolist(), strict=True))


def _narrowed(base: Base, dimensions: Sequence[str]) -> Base:
    lines = base.lines.group_by([*dimensions, UNIT]).agg(pl.col(AMOUNT).sum())
    return replace(base, lines=lines, columns=tuple(dimensions))


@dataclass(frozen=True, slots=True)
class Joint:
    """A problem over new cells and those of earlier releases that have changed since, which come after the new ones."""

    problem: Problem
    keys: tuple[Key, ...]
    links: Links  # the additions of every release, by keys
    fixed: dict[int, str]  # new cells that are in an earlier release too, and their status there
    before: dict[int, str]  # the status of cells that have changed since


def joined(
    problem: Problem, keys: Sequence[Key], links: Links, base: Base, tables: Sequence[Tabulation],
    past: Sequence[ProtectedTable], rules: SecrecyRules,
) -> Joint:  # fmt: skip
    """Bind the new cells to what was published before.

    Raises:
        InfeasibleTableError: a cell that the rules now hide was published before, or one changed by too few units.
    """
    every, values, all_links = list(keys), list(problem.values), list(links)
    fixed: dict[int, str] = {}
    extra: list[tuple[int, str, float, float]] = []
    known = [_Known(base, table, {key: number for number, key in enumerate(keys)}) for table in tables]
    for number, table in enumerate(past):
        comparisons = [(one.cells, _Comparison.of(one, table, rules)) for one in known]
        mine: dict[Key, int] = {}
        for key, line in _lines(table).items():
            found = next((cells[key] for cells, both in comparisons if key in cells and both.unchanged(key)), None)
            if found is None:
                found = len(every)
                every.append(key | {(_BEFORE, str(number))})
                values.append(line[1])
                extra.append((found, line[0], line[2], line[3]))
            elif found < len(keys):
                fixed[found] = line[0]
            mine[key] = found
        known.append(_Known(table.base, table.tabulation, mine))
        all_links += [(every[mine[total]], [every[mine[term]] for term in terms]) for total, terms in table.links]
    extended = _extended(problem, np.array(values), every, all_links, extra, fixed, rules, base.counting)
    return Joint(extended, tuple(every), all_links, fixed, {cell: status for cell, status, _, _ in extra})


@dataclass(frozen=True, slots=True)
class _Known:
    """A release in the joint problem: what it was made of, and the number of each of its cells."""

    base: Base
    table: Tabulation
    cells: dict[Key, int]


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Which cells two releases share: same leaves under each label, same units' totals."""

    changed: dict[Key, bool] | None
    foreign: frozenset[tuple[str, str]]  # labels that do not cover the same leaves in both

    @classmethod
    def of(cls, one: _Known, table: ProtectedTable, rules: SecrecyRules) -> _Comparison:
        changed = changes(one.base, table.base, one.table, rules)
        whole = set(one.table.dimensions) == set(table.tabulation.dimensions)
        leaves = {name for name in one.table.dimensions if name in table.tabulation.dimensions}
        mine, other = (_coverage(part, leaves, one.base, table.base) for part in (one.table, table.tabulation))
        foreign = frozenset(label for label in mine.keys() | other.keys() if mine.get(label) != other.get(label))
        published = _lines(table).keys() & one.cells.keys()
        if whole and any(
            told
            and key in published
            and len(key) == len(leaves)
            and all(mine.get(label) == {label[1]} for label in key)
            for key, told in (changed or {}).items()
        ):
            raise InfeasibleTableError(
                "a cell published before has changed by too few units to be published anew: "
                "give the earlier table as the one that is revised"
            )
        return cls(changed, foreign)

    def unchanged(self, key: Key) -> bool:
        """Whether the cell is one and the same in both."""
        return self.changed is not None and key not in self.changed and not key & self.foreign


def _coverage(table: Tabulation, names: set[str], base: Base, before: Base) -> dict[tuple[str, str], set[str]]:
    """The leaves with data under each label of the dimensions `names`."""
    found: dict[tuple[str, str], set[str]] = {}
    for name in names:
        parents = parents_of(name, table.hierarchies.get(name)) or {}
        for leaf in {*base.lines[name].unique(), *before.lines[name].unique()}:
            label: str | None = leaf
            while label is not None:
                found.setdefault((name, label), set()).add(leaf)
                label = parents.get(label)
    return found


def _lines(table: ProtectedTable) -> dict[Key, tuple[str, float, float, float]]:
    """Each cell's status, value and interval, in steps."""
    columns = [table.cells[name].to_pylist() for name in table.dimensions]
    figures = [table.cells[name].to_pylist() for name in ("status", "value", "lower", "upper")]
    scale = table.base.scale
    return {
        table.key_of(labels): (status, round(value * scale), low * scale, high * scale)
        for labels, status, value, low, high in zip(zip(*columns, strict=True), *figures, strict=True)
    }


def _extended(
    problem: Problem, values: Floats, keys: Sequence[Key], links: Links, extra: Sequence[tuple[int, str, float, float]],
    fixed: dict[int, str], rules: SecrecyRules, counting: bool,
) -> Problem:  # fmt: skip
    count, new = len(keys), problem.additions.count
    hidden, public = (
        np.concatenate([flags, np.zeros(count - new, bool)]) for flags in (problem.hidden, problem.public)
    )
    for cell, status in fixed.items():
        if status == VALID and hidden[cell]:
            raise InfeasibleTableError("a cell that the rules now hide was published before: it can not be taken back")
        public[cell], hidden[cell] = status == VALID, status != VALID
    statuses = np.array(["V"] * new + [status for _, status, _, _ in extra])
    bounds = known_bounds(rules, statuses, values, counting=counting)
    public[new:], hidden[new:] = statuses[new:] == VALID, statuses[new:] != VALID
    before = tuple(
        Target((cell,), values[cell] - low, high - values[cell]) for cell, status, low, high in extra if status in "AB"
    )
    return Problem(
        _by_place(keys, links), values,
        np.concatenate([problem.below, (values - bounds[:, 0])[new:]]),
        np.concatenate([problem.above, (bounds[:, 1] - values)[new:]]),
        np.concatenate([problem.cost, np.ones(count - new)]), hidden, public, (*problem.targets, *before),
    )  # fmt: skip


def _by_place(keys: Sequence[Key], links: Links) -> Additions:
    """Additions by the places of their cells; each once."""
    place = {key: number for number, key in enumerate(keys)}
    rows = sorted({(place[total], *sorted(place[term] for term in terms)) for total, terms in links})
    starts = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    cells = np.array([cell for row in rows for cell in row], np.int64)
    signs = np.ones(len(cells))
    signs[starts[:-1]] = -1.0
    return Additions(starts, cells, signs, len(keys))
