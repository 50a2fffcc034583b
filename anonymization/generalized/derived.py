"""Published columns that are functions of another published column: they follow it however coarse it becomes.

A cell's centre is that of the cell published, of whatever size; a commune's name is that of the code published. What is
no cell or no commune any more (a root, a missing value) has none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from anonymization import grid
from anonymization.errors import GeneralizationError
from anonymization.generalization import POLARS_TYPES, Surroundings
from policies.contract import ReleasedColumn

_CELL = re.compile(r"CRS3035RES(\d+)mN(\d+)E(\d+)")


def derive(column: ReleasedColumn, published: pl.Series, surroundings: Surroundings) -> pl.Series:
    """Make a derived column from the published values of the one it is derived from.

    Raises:
        GeneralizationError: no published column can be derived so.
    """
    function = _DERIVED.get(column.generalization)
    if function is None:
        raise GeneralizationError(f"column « {column.name} »: {column.generalization} is not derived from a column")
    distinct = published.unique()
    made = [None if text is None else function(text, surroundings) for text in distinct.to_list()]
    pairs = pl.DataFrame({"text": distinct, "made": pl.Series(made, dtype=POLARS_TYPES[column.logical_type])})
    frame = pl.DataFrame({"text": published}).join(pairs, on="text", how="left", maintain_order="left")
    return frame["made"].alias(column.name)


def _center(axis: int) -> Callable[[str, Surroundings], object]:
    def function(text: str, _: Surroundings) -> object:
        found = _CELL.fullmatch(text)
        if found is None:
            return None
        size, north, east = (int(part) for part in found.groups())
        degrees = grid.unproject(np.array([east + size / 2]), np.array([north + size / 2]))
        return round(float(degrees[axis][0]), 5)  # about a metre

    return function


def _commune(text: str, surroundings: Surroundings) -> object:
    return surroundings.communes.get(text)


_DERIVED: Mapping[str, Callable[[str, Surroundings], object]] = {
    "grid_200m_latitude": _center(0),
    "grid_200m_longitude": _center(1),
    "commune": _commune,
}
