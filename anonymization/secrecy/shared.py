"""One pattern of hidden cells for all the figures of a table, and what was published of it before.

A cell is secret in all its figures or in none: each figure is protected with what the others hide forced on it, until
none adds a cell. Hiding more only widens what an attacker can think of a cell, so a pattern that came from one figure
is safe for another once that one was searched, judged and attacked with it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from anonymization.secrecy.attacker import AttackReport, Key
from anonymization.secrecy.cells import Base, Tabulation
from anonymization.secrecy.protected import ProtectedTable
from anonymization.secrecy.protection import Cost, Past, assemble, protect_base
from anonymization.secrecy.publication import cell_keys, label_links, roots_of, table_of
from anonymization.secrecy.releases import Revised
from anonymization.secrecy.rules import DOMINANCE, FREQUENCY, SECONDARY, VALID, Dominance, SecrecyRules
from policies.contract import ReleaseRule


@dataclass(frozen=True, slots=True)
class Figure:
    """One additive figure: what it is made of, the rules it is judged by, and what was published of it, last first."""

    name: str
    base: Base = field(repr=False)
    rules: SecrecyRules
    past: tuple[ProtectedTable, ...] = field(default=(), repr=False)

    def revised(self) -> Revised:
        """For the rule of revisions."""
        return Revised(self.base, [table.base for table in self.past], self.rules)


@dataclass(frozen=True, slots=True)
class Shared:
    """Every figure protected under one pattern.

    Attributes:
        tables: by figure, in their order.
        status: A, B, D or V of each cell that is not V.
        cost: of what is hidden for others and was not before, as the first figure counts it.
        bound: no pattern for the first figure alone costs less.
        complete: whether no search was cut short.
    """

    tables: Mapping[str, ProtectedTable]
    status: Mapping[Key, str]
    cost: float
    bound: float
    complete: bool

    @property
    def gap(self) -> float:
        """How much of the cost could be saved at most, 0 to 1."""
        return (self.cost - self.bound) / self.cost if self.cost > self.bound else 0.0


def rules_of(rule: ReleaseRule, *, counting: bool) -> SecrecyRules:
    """The rules of a contract, for one figure: a count of units has no dominance. Reasons are never shown."""
    table = rule.table
    margin = table.interval if table else 0.1
    if counting or table is None:
        return SecrecyRules("unit", rule.minimum_units, margin=margin, reasons_shown=False)
    given = [Dominance(1, rule.dominance)] if rule.dominance is not None and rule.dominance < 1 else []
    given += [Dominance(one.units, one.share) for one in table.dominances]
    return SecrecyRules("unit", rule.minimum_units, tuple(given), table.p_percent, margin, reasons_shown=False)


def protect_shared(figures: Sequence[Figure], table: Tabulation, cost: Cost, time_limit: float) -> Shared:
    """Protect every figure under one pattern.

    Raises:
        InfeasibleTableError, UnprotectedTableError: as for a single table.
    """
    reasons = _reasons(figures, table)
    hidden = frozenset(reasons)
    tables: dict[str, ProtectedTable] = {}
    under: dict[str, frozenset[Key]] = {}
    bound = 0.0
    while any(under.get(figure.name) != hidden for figure in figures):
        for figure in figures:
            if under.get(figure.name) == hidden:
                continue
            made = protect_base(
                figure.base, [table], figure.rules, Past(figure.past, len(figure.past)), cost=cost,
                time_limit=time_limit, also_hidden=hidden,
            )[0]  # fmt: skip
            if not tables:
                bound = made.bound  # the first search, with nothing but what the rules hide forced on it
            tables[figure.name] = made
            hidden |= hidden_cells(made)
            under[figure.name] = hidden
    status = {key: reasons.get(key, SECONDARY) for key in hidden}
    first = figures[0]
    complete = all(made.complete for made in tables.values())
    before = {key for version in first.past for key in hidden_cells(version)}
    others = {key for key, one in status.items() if one == SECONDARY and key not in before}
    spent = _cost(tables[first.name], others, cost)
    return Shared({one.name: tables[one.name] for one in figures}, status, spent, min(bound, spent), complete)


def hidden_cells(table: ProtectedTable) -> frozenset[Key]:
    """The cells of a table that are not published."""
    lines = zip(*(table.cells[name].to_pylist() for name in table.dimensions), strict=True)
    statuses = table.cells["status"].to_pylist()
    return frozenset(table.key_of(labels) for labels, status in zip(lines, statuses, strict=True) if status != VALID)


def recalled(base: Base, table: Tabulation, rules: SecrecyRules, hidden: Collection[Key]) -> ProtectedTable:
    """A table as it was published, from its lines and the cells that were hidden, judged by the rules of now."""
    assembled = assemble(base, [table], rules)
    keys = cell_keys(assembled.space, assembled.names)
    secret = np.array([key in hidden for key in keys], bool)
    judged = assembled.judgment.status
    status = np.where(secret, np.where(judged == VALID, SECONDARY, judged), VALID)
    values, judgment = assembled.values, assembled.judgment
    intervals = np.column_stack([values - judgment.lower, values + judgment.upper]) / base.scale
    cells = table_of(
        assembled.space, 0, assembled.names, assembled.units, values / base.scale, status, intervals, base.whole
    )
    links = label_links(assembled.space, 0, keys)
    report = AttackReport(0, 0, 1.0)
    return ProtectedTable(
        cells, table.dimensions, roots_of(assembled.space), rules, 0.0, 0.0, 0.0, True, report, base, table, links
    )


def _reasons(figures: Sequence[Figure], table: Tabulation) -> dict[Key, str]:
    """The cells that the rules hide in any figure: A before B."""
    found: dict[Key, str] = {}
    for figure in figures:
        assembled = assemble(figure.base, [table], figure.rules)
        judged = assembled.judgment.status
        keys = cell_keys(assembled.space, assembled.names)
        for place in np.flatnonzero(judged != VALID):
            key, status = keys[place], str(judged[place])
            if status == FREQUENCY or found.get(key, DOMINANCE) == DOMINANCE:
                found[key] = status
    return found


def _cost(table: ProtectedTable, others: Collection[Key], cost: Cost) -> float:
    if cost == "cells":
        return float(len(others))
    lines = zip(*(table.cells[name].to_pylist() for name in table.dimensions), strict=True)
    values = [float(value) * table.base.scale for value in table.cells["value"].to_pylist()]
    return sum(max(value, 1.0) for labels, value in zip(lines, values, strict=True) if table.key_of(labels) in others)
