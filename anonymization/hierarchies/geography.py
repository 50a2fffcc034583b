"""Hierarchies of places: aligned grids, and IRIS to commune to territory.

The two are never one hierarchy: cells cross the borders of communes, so a table published by both is one linked
release, whose intersections and differences `anonymization.risk.linked` measures. Cells are INSPIRE's as INSEE names
them (`CRS3035RES200mN2471400E3462600`); a coarser grid is aligned when its size is a multiple of the finer one's.
IRIS codes are INSEE's: five characters of commune, four of IRIS.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from anonymization.errors import HierarchyError
from anonymization.hierarchies.hierarchy import Hierarchy, text_of
from anonymization.hierarchies.texts import ROOT

_CELL = re.compile(r"CRS3035RES(\d+)mN(\d+)E(\d+)")
_IRIS_LENGTH, _COMMUNE_LENGTH = 9, 5


def from_grid(attribute: str, cells: Iterable[str], sizes: Sequence[int], root: str = ROOT) -> Hierarchy:
    """Generalize grid cells to coarser aligned grids of `sizes` metres, then one root.

    Raises:
        HierarchyError: not a cell's code, cells of several sizes, or a size that is no multiple of the one before.
    """
    leaves = list(dict.fromkeys(cells))
    matches = [_CELL.fullmatch(str(cell)) for cell in leaves]
    found = [tuple(map(int, match.groups())) for match in matches if match]
    if len(found) != len(leaves):
        raise HierarchyError(f"hierarchy of « {attribute} »: {len(leaves) - len(found)} value(s) are not grid cells")
    resolutions = {cell[0] for cell in found}
    if len(resolutions) != 1:
        raise HierarchyError(f"hierarchy of « {attribute} »: cells must all have one size")
    base = resolutions.pop()
    if any(coarse % fine or coarse <= fine for fine, coarse in pairwise([base, *sizes])):
        raise HierarchyError(f"hierarchy of « {attribute} »: a coarser grid must be aligned on the finer one")
    if any(north % base or east % base for _, north, east in found):
        raise HierarchyError(f"hierarchy of « {attribute} »: a cell's corner is not on its own grid")
    levels = [[f"CRS3035RES{size}mN{n // size * size}E{e // size * size}" for _, n, e in found] for size in sizes]
    return Hierarchy.from_levels(attribute, [leaves, *levels, [root] * len(leaves)])


def from_iris(
    attribute: str, codes: Iterable[object], territory: str, communes: Mapping[str, str] | None = None
) -> Hierarchy:
    """Generalize IRIS codes to communes, then to the territory; `communes` names them, else their code stands.

    Raises:
        HierarchyError: not an IRIS code, or a commune outside `communes`.
    """
    leaves = [text_of(code) or "" for code in dict.fromkeys(codes)]
    if any(len(leaf) != _IRIS_LENGTH or not leaf.isalnum() for leaf in leaves):
        raise HierarchyError(f"hierarchy of « {attribute} »: an IRIS code has nine characters")
    above = [leaf[:_COMMUNE_LENGTH] for leaf in leaves]
    if communes is not None:
        if not set(above) <= set(communes):
            raise HierarchyError(f"hierarchy of « {attribute} »: every value must be covered, and a commune is unknown")
        above = [communes[code] for code in above]
    return Hierarchy.from_levels(attribute, [leaves, above, [territory] * len(leaves)])
