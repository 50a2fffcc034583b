"""A protected table: what may be published of it, and what must stay in the private zones.

What must not change: `published` holds no figure of a hidden cell, nor the number of units of any cell; both are in
`cells` alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa

from anonymization.secrecy.attacker import AttackReport, Key
from anonymization.secrecy.cells import Base, Tabulation
from anonymization.secrecy.publication import Links
from anonymization.secrecy.rules import HIDDEN, SECONDARY, VALID, SecrecyRules

STATUS, VALUE, UNITS = "status", "value", "units"


@dataclass(frozen=True, slots=True)
class ProtectedTable:
    """One table with all its totals.

    Attributes:
        cells: private. The dimensions, `units` (int64), `value`, `status` (A: too few units, B: dominance, D: hidden
            to protect others, V: valid), and `lower`, `upper`: the interval that must remain possible.
        dimensions: names of the dimensions' columns.
        roots: the label of each dimension's total.
        rules: what it was protected under.
        cost: of the cells hidden for others (their number or their value, as was asked), over all linked tables.
        bound: no protecting pattern costs less.
        gap: how much of the cost could be saved at most, 0 to 1. 0: the pattern is an optimum.
        complete: False when the time limit cut the search short.
        attack: what the attacker found.
        base: private. The lines it was made of.
        tabulation: its dimensions and hierarchies.
        links: its additions, by keys.
        past: what was published before and is protected with it, last first.
        versions: how many of `past`, from the first, are versions of this same table.
    """

    cells: pa.Table = field(repr=False)
    dimensions: tuple[str, ...]
    roots: Mapping[str, str] = field(repr=False)
    rules: SecrecyRules
    cost: float
    bound: float
    gap: float
    complete: bool
    attack: AttackReport
    base: Base = field(repr=False)
    tabulation: Tabulation = field(repr=False)
    links: Links = field(repr=False)
    past: tuple[ProtectedTable, ...] = field(default=(), repr=False)
    versions: int = 0

    def key_of(self, labels: Sequence[str]) -> Key:
        """A cell by its labels in the order of the dimensions."""
        roots = (self.roots[name] for name in self.dimensions)
        return frozenset(
            (name, label) for name, label, root in zip(self.dimensions, labels, roots, strict=True) if label != root
        )

    @property
    def published(self) -> pa.Table:
        """The dimensions, `value` (null where hidden) and `status`; S for all hidden where reasons are not shown."""
        frame = pl.DataFrame(self.cells)
        valid = pl.col(STATUS) == VALID
        shown = pl.col(STATUS) if self.rules.reasons_shown else pl.when(valid).then(STATUS).otherwise(pl.lit(HIDDEN))
        columns = [*self.dimensions, pl.when(valid).then(VALUE).alias(VALUE), shown.alias(STATUS)]
        return frame.select(columns).to_arrow(compat_level=pl.CompatLevel.oldest())

    def counts(self) -> dict[str, int]:
        """How many cells have each status."""
        statuses = self.cells[STATUS].to_pylist()
        return {status: statuses.count(status) for status in ("A", "B", SECONDARY, VALID)}
