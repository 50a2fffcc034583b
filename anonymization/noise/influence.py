"""Bounds what one protection unit can change, before any noise: the declared contribution bound.

Two datasets are neighbors when one has all the rows of one unit more. A unit with many rows is bounded as a whole: its
rows in a bin become one total, clipped; and it counts in a bounded number of bins. So the sensitivity follows from the
declaration, never from the data (Dwork and Roth, The Algorithmic Foundations of Differential Privacy (2014), section
3.3; bounding users' contributions: Wilson et al., Differentially Private SQL with Bounded User Contribution, PoPETs
2020, section 3).

What must not change: which of its bins a unit keeps depends on that unit's own rows alone. Rows of unknown unit are
left out, since nothing bounds who is behind them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pyarrow as pa

from anonymization.errors import NoiseError

STEPS = 1_000_000  # in one of the value: sums are exact integers, to which discrete noise is added
_LARGEST = 9e9  # of a value: its steps are exact
_UNIT, _BIN, _VALUE = "\0unit", "\0bin", "\0value"


@dataclass(frozen=True, slots=True)
class Influence:
    """What one unit may change at most: the contribution bound that is declared with a budget.

    Attributes:
        unit: the column of the protection unit.
        bins: in how many bins of a histogram it may count.
        bounds: for each column that may be added, the least and the most that a unit's total counts for.
    """

    unit: str
    bins: int = 1
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse bounds that bound nothing.

        Raises:
            NoiseError: it names the bound.
        """
        if self.bins < 1:
            raise NoiseError(f"bins is {self.bins}: a unit counts in one bin at least")
        for name, (low, high) in self.bounds.items():
            if not (math.isfinite(low) and math.isfinite(high)) or low >= high:
                raise NoiseError(f"bounds of « {name} »: a unit's total has finite bounds, the lower one first")
            if max(abs(low), abs(high)) > _LARGEST:
                raise NoiseError(f"bounds of « {name} »: too large to be exact, give the value a larger unit")

    def of(self, column: str) -> tuple[float, float]:
        """The bounds of a unit's total.

        Raises:
            NoiseError: none are declared.
        """
        if column not in self.bounds:
            raise NoiseError(f"column « {column} »: no bounds of a unit's total are declared")
        return self.bounds[column]

    def sensitivity(self, column: str) -> int:
        """How much one unit changes the sum of a column, in steps."""
        return math.ceil(max(map(abs, self.of(column))) * STEPS)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, for the database."""
        return {
            "unit": self.unit,
            "bins": self.bins,
            "bounds": {name: list(pair) for name, pair in self.bounds.items()},
        }

    @classmethod
    def from_json(cls, declared: Mapping[str, Any]) -> Influence:
        """What :meth:`to_json` gave."""
        bounds = {name: (float(low), float(high)) for name, (low, high) in declared["bounds"].items()}
        return cls(declared["unit"], int(declared["bins"]), bounds)


def bounded(
    data: pa.Table, influence: Influence, column: str | None, bins: Sequence[str], value: str | None
) -> tuple[list[int], list[int]]:
    """Distinct units by bin, and their clipped totals by bin, in steps.

    Args:
        data: rows.
        influence: the bounds.
        column: whose values are the bins; None for all rows in one bin.
        bins: the values that are counted, declared beforehand; others are left out, since a bin that shows only when
            somebody is in it would tell that somebody is.
        value: the column to add up; None leaves totals at 0. Rows without it are left out.

    Raises:
        NoiseError: a column is not in the data, or can not be added.
    """
    check(data, influence, column, bins, value)
    low, high = (0.0, 1.0) if value is None else influence.of(value)
    frame = pl.DataFrame(data.select(list(dict.fromkeys(name for name in (influence.unit, column, value) if name))))
    frame = frame.select(
        pl.col(influence.unit).alias(_UNIT),
        (pl.lit(bins[0]) if column is None else pl.col(column).cast(pl.String)).alias(_BIN),
        (pl.lit(0.0) if value is None else pl.col(value).cast(pl.Float64)).alias(_VALUE),
    )
    frame = frame.filter(pl.col(_UNIT).is_not_null() & pl.col(_BIN).is_in(list(bins)) & pl.col(_VALUE).is_finite())
    steps = (pl.col(_VALUE).clip(-_LARGEST, _LARGEST) * STEPS).round().cast(pl.Int64)  # integers add up in any order
    frame = frame.with_columns(steps.alias(_VALUE))
    totals = frame.group_by(_UNIT, _BIN).agg(pl.col(_VALUE).sum())
    order = {name: place for place, name in enumerate(bins)}
    ranked = totals.with_columns(pl.col(_BIN).replace_strict(order, return_dtype=pl.Int64).alias("\0order"))
    ranked = ranked.filter(pl.col("\0order").rank("ordinal").over(_UNIT) <= influence.bins)
    clipped = pl.col(_VALUE).clip(math.ceil(low * STEPS), math.floor(high * STEPS))
    by_bin = ranked.group_by(_BIN).agg(pl.len().alias("units"), clipped.sum().alias("total"))
    found = {name: (units, total) for name, units, total in by_bin.select(_BIN, "units", "total").iter_rows()}
    return [found.get(name, (0, 0))[0] for name in bins], [found.get(name, (0, 0))[1] for name in bins]


def check(data: pa.Table, influence: Influence, column: str | None, bins: Sequence[str], value: str | None) -> None:
    """Refuse a question whose columns do not fit, before anything is spent. Arguments are those of :func:`bounded`.

    Raises:
        NoiseError: it names the column.
    """
    if value is not None:
        influence.of(value)
    for name in (influence.unit, column, value):
        if name is not None and name not in data.schema.names:
            raise NoiseError(f"column « {name} » is not in the data")
    if not bins or len(set(bins)) < len(bins):
        raise NoiseError("bins are declared beforehand, each once")
    if value is not None and not (
        pa.types.is_integer(data.schema.field(value).type) or pa.types.is_floating(data.schema.field(value).type)
    ):
        raise NoiseError(f"column « {value} » is added but is not a number")
