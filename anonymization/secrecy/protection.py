"""Protecting tables: judge every cell, hide what the rules forbid and what would give it away, then attack the result.

1. Rows become base lines and cells, counted in protection units (:mod:`anonymization.secrecy.cells`).
2. The rules judge each cell (:mod:`anonymization.secrecy.rules`).
3. Further cells are hidden so that no hidden cell can be computed more closely than its protection interval, at least
   cost (:mod:`anonymization.secrecy.solving`).
4. The attacker, which shares no code with 3, tries to (:mod:`anonymization.secrecy.attacker`). Nothing is returned of a
   table that it narrows.

Tables that share cells are protected as one; so are a table and what was published of it before.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl
import pyarrow as pa

from anonymization.errors import TabulationError
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
    read_base,
    space_of,
    tabulate,
)
from anonymization.secrecy.dimensions import Levels, Parents
from anonymization.secrecy.flows import Cut
from anonymization.secrecy.protected import ProtectedTable
from anonymization.secrecy.publication import Statuses, attacked, cell_keys, label_links, roots_of, table_of
from anonymization.secrecy.releases import Joint, joined, settled
from anonymization.secrecy.rules import SECONDARY, VALID, Flags, Floats, Judgment, SecrecyRules, known_bounds
from anonymization.secrecy.solving import Pattern, Union, Unions, solve
from anonymization.secrecy.system import Additions, Ints, Problem, Target, additions_of

Cost = Literal["cells", "value"]


@dataclass(frozen=True, slots=True)
class Assembled:
    """Cells of linked tables, judged, and how they add up."""

    base: Base
    space: Space
    names: Ints  # sorted
    lines: pl.DataFrame  # contributions
    units: Ints
    values: Floats  # in steps
    judgment: Judgment
    additions: Additions


@dataclass(frozen=True, slots=True)
class Past:
    """What was published before, last first; the first `versions` are versions of the table to be made."""

    tables: tuple[ProtectedTable, ...]
    versions: int

    @classmethod
    def of(cls, revised: ProtectedTable | None, others: Sequence[ProtectedTable]) -> Past:
        """Everything these stand on, each once."""
        chain = [] if revised is None else [revised, *revised.past]
        for table in others:
            chain += [table, *table.past]
        once = {id(table): table for table in chain}
        return cls(tuple(once.values()), 0 if revised is None else revised.versions + 1)


def protect_table(
    data: pa.Table,
    dimensions: Sequence[str],
    value: str | None,
    rules: SecrecyRules,
    hierarchies: Mapping[str, Parents | Levels | None] | None = None,
    *,
    cost: Cost = "cells",
    revises: ProtectedTable | None = None,
    published_before: Sequence[ProtectedTable] = (),
    time_limit: float = 60.0,
) -> ProtectedTable:
    """Protect a table with all the totals of its dimensions.

    Args:
        data: rows.
        dimensions: columns that make the table; none may be null.
        value: the column to add up, in a table of magnitudes; None counts distinct protection units, each of which
            must then be in one cell of the table only.
        rules: what may be published.
        hierarchies: of each dimension that has one: a mapping from each value to the one above it (those without one
            stand under the total), or a :class:`anonymization.hierarchies.Hierarchy`.
        cost: what is least of cells hidden for others: their number, or their value.
        revises: the last version published of this same table. Leaf cells whose change would tell about too few units
            keep what they were; no cell hidden before can be deduced.
        published_before: other tables published of the same units, with which this one may not give anything away.
        time_limit: seconds after which a search that goes on is cut short, which the result says.

    Raises:
        SecrecyRuleError: a rule says nothing or contradicts another.
        TabulationError: a column, a value or a hierarchy does not fit.
        InfeasibleTableError: nothing protects the table under its rules.
        UnprotectedTableError: the attacker succeeded; never seen but for an error of ours.
    """
    table = Tabulation(tuple(dimensions), hierarchies or {})
    rules.check(counting=value is None)
    base = read_base(data, list(dict.fromkeys(table.dimensions)), value, rules.unit)
    past = Past.of(revises, published_before)
    if revises is not None:
        base = settled(base, [version.base for version in past.tables[: past.versions]], [table], rules)
    return protect_base(base, [table], rules, past, cost=cost, time_limit=time_limit)[0]


def protect_tables(
    data: pa.Table,
    tables: Sequence[Tabulation],
    value: str | None,
    rules: SecrecyRules,
    *,
    cost: Cost = "cells",
    published_before: Sequence[ProtectedTable] = (),
    time_limit: float = 60.0,
) -> tuple[ProtectedTable, ...]:
    """Protect linked tables of the same data together: a cell they share is hidden in all or in none.

    Arguments and errors are those of :func:`protect_table`.
    """
    rules.check(counting=value is None)
    if not tables:
        raise TabulationError("no table is asked for")
    columns = list(dict.fromkeys(name for table in tables for name in table.dimensions))
    base = read_base(data, columns, value, rules.unit)
    past = Past.of(None, published_before)
    return protect_base(base, tables, rules, past, cost=cost, time_limit=time_limit)


def protect_base(
    base: Base,
    tables: Sequence[Tabulation],
    rules: SecrecyRules,
    past: Past,
    *,
    cost: Cost,
    time_limit: float,
    also_hidden: Collection[Key] = (),
) -> tuple[ProtectedTable, ...]:
    """As :func:`protect_tables`, from base lines; `also_hidden` cells are hidden whatever happens, at no cost."""
    assembled = assemble(base, tables, rules)
    keys = cell_keys(assembled.space, assembled.names)
    links = [label_links(assembled.space, number, keys) for number in range(len(tables))]
    forced = np.array([key in also_hidden for key in keys], bool)
    problem = problem_of(assembled, rules, cost, forced)
    joint = joined(problem, keys, [link for part in links for link in part], base, tables, past.tables, rules)
    pattern = solve(joint.problem if past.tables else problem, unions_of(assembled, rules), time_limit)
    status = _statuses(joint, pattern, assembled.judgment.status)
    values = joint.problem.values
    bounds = known_bounds(rules, status, values, counting=base.counting)
    report = attacked(joint.keys, joint.links, values, status, bounds, pattern.targets)
    made = zip(tables, links, _private_tables(assembled, status[: len(keys)]), strict=True)
    return tuple(
        ProtectedTable(
            cells, table.dimensions, roots_of(assembled.space), rules, pattern.cost, pattern.bound, pattern.gap,
            pattern.complete, report, base, table, link, past.tables, past.versions,
        )
        for table, link, cells in made
    )  # fmt: skip


def _statuses(joint: Joint, pattern: Pattern, first: Statuses) -> Statuses:
    """A, B, D or V for each cell of the joint problem; a cell already published keeps its status."""
    status = np.concatenate([first, np.full(len(joint.keys) - len(first), VALID)])
    status = np.where(pattern.hidden & (status == VALID), SECONDARY, status)
    for cell, before in joint.fixed.items():
        status[cell] = before
    for cell, before in joint.before.items():
        status[cell] = before
    return status


def _private_tables(assembled: Assembled, status: Statuses) -> list[pa.Table]:
    base, judgment, values = assembled.base, assembled.judgment, assembled.values
    intervals = np.column_stack([values - judgment.lower, values + judgment.upper]) / base.scale
    return [
        table_of(
            assembled.space,
            number,
            assembled.names,
            assembled.units,
            values / base.scale,
            status,
            intervals,
            base.whole,
        )
        for number in range(len(assembled.space.tables))
    ]


def assemble(base: Base, tables: Sequence[Tabulation], rules: SecrecyRules) -> Assembled:
    """Make and judge the cells."""
    space = space_of(tables, base)
    lines = contributions(base, space)
    cells = tabulate(lines, rules.largest)
    names = cells[CELL].to_numpy()
    units, values = cells["units"].cast(pl.Int64).to_numpy(), cells["total"].cast(pl.Float64).to_numpy()
    judgment = judged(cells, rules, counting=base.counting)
    if base.counting:  # everyone knows that a cell holds one unit at least for each finest cell under it
        room = values - _finest_under(base, space, names)
        judgment = replace(judgment, lower=np.minimum(judgment.lower, room))
    return Assembled(base, space, names, lines, units, values, judgment, additions_of(space, names))


def _finest_under(base: Base, space: Space, names: Ints) -> Ints:
    """How many finest cells there are under each cell; itself, for a finest one."""
    finest = base.lines.select(base.columns).unique(maintain_order=True).with_row_index(UNIT)
    marks = replace(base, lines=finest.with_columns(pl.lit(1, pl.Int64).alias(AMOUNT)), counting=False)
    counted = contributions(marks, space).group_by(CELL).agg(pl.col(AMOUNT).sum()).sort(CELL)
    found = np.zeros(len(names), np.int64)
    found[np.searchsorted(names, counted[CELL].to_numpy())] = counted[AMOUNT].to_numpy()
    return found


def problem_of(assembled: Assembled, rules: SecrecyRules, cost: Cost, forced: Flags | None = None) -> Problem:
    """What is to be protected, as the search sees it; `forced` cells are hidden whatever happens."""
    values, judgment = assembled.values, assembled.judgment
    primary = judgment.status != VALID
    bounds = known_bounds(rules, judgment.status, values, counting=assembled.base.counting)
    weights = np.ones(len(values)) if cost == "cells" else np.maximum(values, 1.0)
    targets = tuple(
        Target((int(cell),), float(judgment.lower[cell]), float(judgment.upper[cell]))
        for cell in np.flatnonzero(primary)
    )
    nothing = np.zeros(len(values), bool)
    below, above = values - bounds[:, 0], bounds[:, 1] - values
    hidden = primary if forced is None else primary | forced
    return Problem(assembled.additions, values, below, above, weights, hidden, nothing, targets)


def unions_of(assembled: Assembled, rules: SecrecyRules) -> Unions:
    """Judges sums of hidden cells that can be deduced: an addition whose sum is published, and some terms hidden."""
    additions, counting = assembled.additions, assembled.base.counting
    rows = additions.row_of_entries()
    term = additions.signs > 0
    whole = additions.cells[additions.starts[:-1]]

    def found(hidden: Flags) -> list[Union]:
        if not rules.unions:
            return []
        entries = np.flatnonzero(term & hidden[additions.cells] & ~hidden[whole[rows]])
        entries = entries[np.bincount(rows[entries], minlength=additions.rows)[rows[entries]] > 1]
        if not len(entries):
            return []
        member = pl.DataFrame({"\0row": rows[entries], CELL: assembled.names[additions.cells[entries]]})
        held = assembled.lines.join(member, on=CELL, how="inner").select(pl.col("\0row").alias(CELL), UNIT, AMOUNT)
        cells = tabulate(held.group_by(CELL, UNIT).agg(pl.col(AMOUNT).sum()), rules.largest)
        verdict = judged(cells, rules, counting=counting)
        broken = np.flatnonzero((verdict.status != VALID) & (verdict.upper + verdict.lower > 0))
        return [
            _union(
                additions,
                int(cells[CELL][int(place)]),
                hidden,
                float(verdict.lower[place]),
                float(verdict.upper[place]),
                counting,
            )
            for place in broken
        ]

    return found


def _union(additions: Additions, row: int, hidden: Flags, lower: float, upper: float, counting: bool) -> Union:
    """The union of the hidden terms of an addition. Of counts, none goes under one unit for each of its cells."""
    cells = additions.cells[additions.starts[row] + 1 : additions.starts[row + 1]]
    inside, outside = cells[hidden[cells]], cells[~hidden[cells]]
    lower = max(lower + 1 - len(inside), 0.0) if counting else lower
    weights = np.concatenate([np.full(len(inside), -1.0), np.ones(len(outside) + 1)])
    exclusion = Cut(
        np.concatenate([inside, outside, additions.cells[additions.starts[row] : additions.starts[row] + 1]]), weights
    )
    return Union(Target(tuple(int(cell) for cell in inside), lower, upper), exclusion)


__all__ = ["Pattern", "protect_base", "protect_table", "protect_tables"]
