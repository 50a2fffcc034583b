"""The cells of a table: every combination of nodes of its dimensions, counted in protection units.

Base lines (one for each leaf combination and unit, with the unit's exact total there) hold all that is needed; they
merge, so their number and not that of rows bounds memory. A cell is named by one integer made of its nodes' numbers, so
the same cell of two linked tables has the same name. Cells without a row do not exist: an attacker knows them to be 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import polars as pl
import pyarrow as pa

from anonymization.errors import TabulationError
from anonymization.frequencies import ExactSums
from anonymization.secrecy.dimensions import Levels, Nodes, Parents, Tree, parents_of
from anonymization.secrecy.rules import Judgment, SecrecyRules, judge

UNIT, AMOUNT, CELL = "\0unit", "\0amount", "\0cell"


@dataclass(frozen=True, slots=True)
class Tabulation:
    """One of several linked tables: some of the data's columns, each with a hierarchy or none."""

    dimensions: tuple[str, ...]
    hierarchies: Mapping[str, Parents | Levels | None]


@dataclass(frozen=True, slots=True)
class Base:
    """Base lines: the dimensions' values, the unit as it came (null where unknown), and its total in steps."""

    lines: pl.DataFrame
    columns: tuple[str, ...]
    scale: int  # steps in one of the value
    whole: bool  # whether values are integers
    counting: bool


@dataclass(frozen=True, slots=True)
class Space:
    """All the cells of linked tables: how they are named and what their names mean."""

    columns: tuple[str, ...]
    nodes: tuple[Nodes, ...]
    strides: tuple[int, ...]
    tables: tuple[tuple[Tabulation, Mapping[str, Tree]], ...]


def read_base(data: pa.Table, columns: Sequence[str], value: str | None, unit: str) -> Base:
    """Count rows by leaf combination and unit.

    Args:
        data: rows; the dimensions' columns are read as text and hold no null.
        columns: the dimensions.
        value: the column to add, without negative values, nulls left out; None counts distinct units.
        unit: the column of the protection unit; null where unknown.

    Raises:
        TabulationError: it names the column that does not fit.
        MeasureOverflowError: a sum is too large to be exact.
    """
    for name in (*columns, unit, *([value] if value else [])):
        if name not in data.schema.names:
            raise TabulationError(f"column « {name} » is not in the data")
    if data.num_rows == 0:
        raise TabulationError("the data has no row: there is no table to protect")
    frame = pl.DataFrame(data.select(list(dict.fromkeys([*columns, unit, *([value] if value else [])]))))
    for name in columns:
        if frame[name].null_count():
            raise TabulationError(f"dimension « {name} » has no value in {frame[name].null_count()} row(s)")
    keys = [pl.col(name).cast(pl.String) for name in columns]
    if value is None:
        lines = frame.select(*keys, pl.col(unit).alias(UNIT)).drop_nulls(UNIT).unique()
        return Base(lines.with_columns(pl.lit(1, pl.Int64).alias(AMOUNT)), tuple(columns), 1, True, True)
    sums = ExactSums()
    amounts = sums.integers(frame[value])
    if (amounts < 0).any():
        raise TabulationError(f"column « {value} » has negative values: dominance is not defined on them")
    lines = frame.select(*keys, pl.col(unit).alias(UNIT)).with_columns(amounts.alias(AMOUNT)).drop_nulls(AMOUNT)
    if lines.is_empty():
        raise TabulationError(f"column « {value} » has no value in any row")
    lines = lines.group_by([*columns, UNIT]).agg(pl.col(AMOUNT).sum())
    return Base(lines, tuple(columns), sums.scale(value), not frame[value].dtype.is_float(), False)


def space_of(tables: Sequence[Tabulation], base: Base) -> Space:
    """Read the hierarchies and number their nodes.

    Raises:
        TabulationError: a hierarchy does not fit its column, or there are more cells than can be named.
    """
    nodes = {name: Nodes(name) for name in base.columns}
    present = {name: base.lines[name].unique().to_list() for name in base.columns}
    read = []
    for table in tables:
        if len(set(table.dimensions)) < len(table.dimensions) or not table.dimensions:
            raise TabulationError("a table needs dimensions, each once")
        for name in table.hierarchies:
            if name not in table.dimensions:
                raise TabulationError(f"a hierarchy is given for « {name} », which is no dimension of the table")
        trees = {
            name: nodes[name].tree(parents_of(name, table.hierarchies.get(name)), present[name])
            for name in table.dimensions
        }
        read.append((table, trees))
    sizes = [len(nodes[name].labels) for name in base.columns]
    if math.prod(sizes) >= 2**62:
        raise TabulationError("the dimensions have too many combinations to be named")
    strides = tuple(math.prod(sizes[:place]) for place in range(len(sizes)))
    return Space(base.columns, tuple(nodes[name] for name in base.columns), strides, tuple(read))


def contributions(base: Base, space: Space, wanted: pl.DataFrame | None = None) -> pl.DataFrame:
    """One line for each cell and unit: `CELL`, `UNIT` (numbered) and `AMOUNT`; of the `wanted` cells if given.

    Raises:
        TabulationError: units are counted, and one is in several leaves.
    """
    units = base.lines.select(UNIT).unique().drop_nulls().sort(UNIT).with_row_index("\0number")
    lines = base.lines.join(units, on=UNIT, how="left").with_columns(pl.col("\0number").cast(pl.Int64).alias(UNIT))
    found: list[pl.DataFrame] = []
    seen: set[int] = set()
    for table, trees in space.tables:
        depths = [max(map(len, trees[name].chains.values())) for name in table.dimensions]
        for levels in product(*map(range, depths)):
            name_of = pl.lit(0, pl.Int64)
            for name, level in zip(table.dimensions, levels, strict=True):
                name_of = name_of + _node_names(space, trees[name], level)
            named = lines.select(name_of.alias(CELL), UNIT, AMOUNT).drop_nulls(CELL)
            if wanted is not None:
                named = named.join(wanted, on=CELL, how="semi")
            grouped = named.group_by(CELL, UNIT).agg(pl.col(AMOUNT).sum())
            fresh = grouped.filter(~pl.col(CELL).is_in(list(seen))) if len(space.tables) > 1 else grouped
            seen.update(fresh[CELL].unique().to_list() if len(space.tables) > 1 else [])
            found.append(fresh)
    every = pl.concat(found)
    if base.counting and (every[AMOUNT] > 1).any():
        raise TabulationError(
            "some units are in several cells: their counts do not add up. Give each unit one cell, or add a column"
        )
    return every


def _node_names(space: Space, tree: Tree, level: int) -> pl.Expr:
    """What a leaf's ancestor at `level` (0: the root) adds to a cell's name; null where the leaf is not that deep."""
    place = space.columns.index(tree.column)
    ends = {leaf: chain[level] * space.strides[place] for leaf, chain in tree.chains.items() if len(chain) > level}
    return pl.col(tree.column).replace_strict(ends, default=None, return_dtype=pl.Int64)


def tabulate(lines: pl.DataFrame, largest: int) -> pl.DataFrame:
    """Cells by name: `CELL`, `units`, `total`, and `x1`… the largest contributions, 0 after the last.

    A contribution of unknown unit weighs as one unit and counts as none.
    """
    figures = [pl.col(UNIT).is_not_null().sum().alias("units"), pl.col(AMOUNT).sum().alias("total")]
    if largest:
        figures.append(pl.col(AMOUNT).top_k(largest).alias("\0top"))
    cells = lines.group_by(CELL).agg(figures).sort(CELL)
    tops = [
        pl.col("\0top").list.sort(descending=True).list.get(place, null_on_oob=True).fill_null(0).alias(f"x{place + 1}")
        for place in range(largest)
    ]
    return cells.with_columns(tops).drop("\0top", strict=False)


def judged(cells: pl.DataFrame, rules: SecrecyRules, *, counting: bool) -> Judgment:
    """Judge cells made by :func:`tabulate`."""
    largest = cells.select([f"x{place + 1}" for place in range(rules.largest)]).to_numpy().astype(np.float64)
    units, totals = (cells[name].cast(pl.Float64).to_numpy() for name in ("units", "total"))
    return judge(rules, units, totals, largest.reshape(len(units), rules.largest), counting=counting)


def node_of(
    space: Space, cells: np.ndarray[tuple[int], np.dtype[np.int64]], place: int
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The node of each cell in the column at `place`."""
    return cells // space.strides[place] % len(space.nodes[place].labels)
