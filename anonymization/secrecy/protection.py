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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
import pyarrow as pa

from anonymization.errors import TabulationError
from anonymization.secrecy.cells import (
    AMOUNT,
    CELL,
    UNIT,
    Base,
    Space,
    Tabulation,
    contributions,
    read_base,
    space_of,
    tabulate,
)
from anonymization.secrecy.dimensions import Levels, Parents
from anonymization.secrecy.flows import Cut
from anonymization.secrecy.protected import ProtectedTable
from anonymization.secrecy.publication import attacked, table_of
from anonymization.secrecy.rules import SECONDARY, VALID, Flags, Floats, Judgment, SecrecyRules, judge, known_bounds
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


def protect_table(
    data: pa.Table,
    dimensions: Sequence[str],
    value: str | None,
    rules: SecrecyRules,
    hierarchies: Mapping[str, Parents | Levels | None] | None = None,
    *,
    cost: Cost = "cells",
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
        time_limit: seconds after which a search that goes on is cut short, which the result says.

    Raises:
        SecrecyRuleError: a rule says nothing or contradicts another.
        TabulationError: a column, a value or a hierarchy does not fit.
        InfeasibleTableError: nothing protects the table under its rules.
        UnprotectedTableError: the attacker succeeded; never seen but for an error of ours.
    """
    table = Tabulation(tuple(dimensions), hierarchies or {})
    return protect_tables(data, [table], value, rules, cost=cost, time_limit=time_limit)[0]


def protect_tables(
    data: pa.Table,
    tables: Sequence[Tabulation],
    value: str | None,
    rules: SecrecyRules,
    *,
    cost: Cost = "cells",
    time_limit: float = 60.0,
) -> tuple[ProtectedTable, ...]:
    """Protect linked tables of the same data together: a cell they share is hidden in all or in none.

    Arguments and errors are those of :func:`protect_table`.
    """
    rules.check(counting=value is None)
    if not tables:
        raise TabulationError("no table is asked for")
    columns = list(dict.fromkeys(name for table in tables for name in table.dimensions))
    return protect_base(read_base(data, columns, value, rules.unit), tables, rules, cost=cost, time_limit=time_limit)


def protect_base(
    base: Base, tables: Sequence[Tabulation], rules: SecrecyRules, *, cost: Cost, time_limit: float
) -> tuple[ProtectedTable, ...]:
    """As :func:`protect_tables`, from base lines."""
    assembled = assemble(base, tables, rules)
    problem = problem_of(assembled, rules, cost)
    pattern = solve(problem, unions_of(assembled, rules), time_limit)
    status = np.where(pattern.hidden & (assembled.judgment.status == VALID), SECONDARY, assembled.judgment.status)
    report = attacked(
        assembled.base, assembled.space, assembled.names, assembled.values, status, rules, pattern.targets
    )
    return tuple(
        ProtectedTable(
            table_of(assembled.space, number, assembled.names, assembled.units, assembled.values / base.scale,
                     status, problem_intervals(assembled) / base.scale, base.whole),
            table.dimensions, rules, pattern.cost, pattern.bound, pattern.gap, pattern.complete, report, base,
        )
        for number, table in enumerate(tables)
    )  # fmt: skip


def problem_intervals(assembled: Assembled) -> Floats:
    """For each cell, the interval that must remain possible, in steps."""
    judgment, values = assembled.judgment, assembled.values
    return np.column_stack([values - judgment.lower, values + judgment.upper])


def assemble(base: Base, tables: Sequence[Tabulation], rules: SecrecyRules) -> Assembled:
    """Make and judge the cells."""
    space = space_of(tables, base)
    lines = contributions(base, space)
    cells = tabulate(lines, rules.largest)
    names = cells[CELL].to_numpy()
    units, values = cells["units"].cast(pl.Int64).to_numpy(), cells["total"].cast(pl.Float64).to_numpy()
    judgment = _judged(cells, rules, counting=base.counting)
    return Assembled(base, space, names, lines, units, values, judgment, additions_of(space, names))


def _judged(cells: pl.DataFrame, rules: SecrecyRules, *, counting: bool) -> Judgment:
    largest = cells.select([f"x{place + 1}" for place in range(rules.largest)]).to_numpy().astype(np.float64)
    units, totals = (cells[name].cast(pl.Float64).to_numpy() for name in ("units", "total"))
    return judge(rules, units, totals, largest.reshape(len(units), rules.largest), counting=counting)


def problem_of(assembled: Assembled, rules: SecrecyRules, cost: Cost) -> Problem:
    """What is to be protected, as the search sees it."""
    values, judgment = assembled.values, assembled.judgment
    primary = judgment.status != VALID
    bounds = known_bounds(rules, judgment.status, values, counting=assembled.base.counting)
    weights = np.ones(len(values)) if cost == "cells" else np.maximum(values, 1.0)
    targets = tuple(
        Target((int(cell),), float(judgment.lower[cell]), float(judgment.upper[cell]))
        for cell in np.flatnonzero(primary)
    )
    nothing = np.zeros(len(values), bool)
    return Problem(
        assembled.additions, values, values - bounds[:, 0], bounds[:, 1] - values, weights, primary, nothing, targets
    )


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
        judged = _judged(cells, rules, counting=counting)
        broken = np.flatnonzero((judged.status != VALID) & (judged.upper + judged.lower > 0))
        return [
            _union(
                additions,
                int(cells[CELL][int(place)]),
                hidden,
                float(judged.lower[place]),
                float(judged.upper[place]),
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
