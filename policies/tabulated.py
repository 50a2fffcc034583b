"""What a contract asks of a protected table, or of a table with noise.

Pure data, as written by the steward and found sound by :mod:`policies.tabulated_rules`. Values of a hierarchy's file
are held by the columns made from it (options of « listed »), so that a release never reads a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

STATUS = "statut"  # the column of a protected table that says which cells are secret
PUBLISHED, SECRET = "publié", "secret"  # its values
STATUS_NOTE = "« publié », ou « secret » où le secret statistique cache les chiffres de la ligne"


@dataclass(frozen=True, slots=True)
class Dimension:
    """A dimension of a protected table: a hierarchy whose levels are published columns, under one total.

    A row of a total bears the label `total` in the columns of every finer level, so the file says its own hierarchy.
    """

    name: str
    levels: tuple[str, ...]  # published columns, from coarser to finer, without the total
    total: str = "Total"
    labels: tuple[tuple[str, str], ...] = ()  # (column, level): a column that only names a level in other words
    margin: bool = True  # whether the total over this dimension is published


@dataclass(frozen=True, slots=True)
class DominanceRule:
    """The (n, k) rule: the `units` largest contributions together hold at most `share` of a cell."""

    units: int
    share: float


@dataclass(frozen=True, slots=True)
class TableRule:
    """What a protected table is made of, and what protects it beside `minimum_units` and `dominance`."""

    dimensions: tuple[Dimension, ...]
    dominances: tuple[DominanceRule, ...] = ()
    p_percent: float | None = None  # the p % rule
    interval: float = 0.1  # half width of what must remain possible of a cell hidden for its few units, as a share
    cost: Literal["cells", "value"] = "cells"  # what is least of the cells hidden for others

    @classmethod
    def of(cls, declared: Mapping[str, Any]) -> TableRule:
        """From its declared form, in plain JSON."""
        dimensions = tuple(
            Dimension(**{**one, "levels": tuple(one["levels"]), "labels": tuple(one["labels"].items())})
            for one in declared["dimensions"]
        )
        dominances = tuple(DominanceRule(**one) for one in declared["dominances"])
        return cls(**{**declared, "dimensions": dimensions, "dominances": dominances})

    @property
    def columns(self) -> tuple[str, ...]:
        """Every published column that says where a row stands: levels and what names them in other words."""
        return tuple(name for one in self.dimensions for name in (*one.levels, *(label for label, _ in one.labels)))


@dataclass(frozen=True, slots=True)
class NoiseRule:
    """Differential privacy of a table with noise: what it costs, and what bounds one unit's influence."""

    epsilon: float  # of one release, shared equally by its measures
    budget: float  # of all releases of the dataset together, by protection unit
    values: tuple[str, ...] = ()  # of the one column that is no period, declared beforehand; none: a single line
    cells: int = 1  # in how many of them one unit may count
    bounds: tuple[tuple[str, float, float], ...] = ()  # (column, least, most) that a unit's total counts for

    @classmethod
    def of(cls, declared: Mapping[str, Any]) -> NoiseRule:
        """From its declared form, in plain JSON."""
        bounds = tuple((one["column"], one["least"], one["most"]) for one in declared["bounds"])
        return cls(**{**declared, "values": tuple(declared["values"]), "bounds": bounds})
