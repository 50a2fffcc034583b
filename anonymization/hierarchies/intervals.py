"""Hierarchies of intervals over numbers and dates, with bottom and top coding.

The leaves are the values given (a declared domain, or the distinct values of a column). Intervals are closed on the
left and open on the right, and each level's edges must be among the edges of the level below, or levels do not nest.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise

from anonymization.errors import HierarchyError
from anonymization.hierarchies.hierarchy import Hierarchy, text_of
from anonymization.hierarchies.texts import ROOT

Edge = int | float | date


def from_intervals(
    attribute: str,
    values: Iterable[Edge | None],
    edges: Sequence[Sequence[Edge]],
    bounds: tuple[Edge, Edge] | None = None,
    root: str = ROOT,
    missing: str = "absent",
) -> Hierarchy:
    """Cut ordered values into ever wider intervals, then one root.

    Args:
        attribute: the name used in errors.
        values: the leaves; None, if present, becomes `missing` in every interval level.
        edges: for each level, finest first, its ascending edges; n edges make n - 1 intervals [low, high).
        bounds: values under the first or from the second on are coded together (« moins de », « et plus »); without
            bounds a value outside the edges is an error.
        root: the label of everything.
        missing: the label of missing values between the leaf and the root.

    Raises:
        HierarchyError: edges not ascending, not nested, or a value outside them.
    """
    leaves = list(dict.fromkeys(values))
    columns: list[list[object]] = [list(leaves)]
    finer: Sequence[Edge] | None = None
    for level in edges:
        chosen = _edges(attribute, level, bounds)
        if finer is not None and not set(chosen) <= set(finer):
            raise HierarchyError(f"hierarchy of « {attribute} »: levels must be nested, and an edge is not one below")
        columns.append([missing if value is None else _place(attribute, value, chosen, bounds) for value in leaves])
        finer = chosen
    return Hierarchy.from_levels(attribute, [*columns, [root] * len(leaves)])


def _edges(attribute: str, level: Sequence[Edge], bounds: tuple[Edge, Edge] | None) -> list[Edge]:
    try:
        chosen = sorted({*level, *bounds}) if bounds else list(level)
        ascending = len(chosen) > 1 and all(low < high for low, high in pairwise(chosen))  # type: ignore[operator]
        if bounds:
            chosen = [edge for edge in chosen if bounds[0] <= edge <= bounds[1]]  # type: ignore[operator]
            ascending = ascending and list(level) == sorted(set(level))
    except TypeError:
        raise HierarchyError(f"hierarchy of « {attribute} »: edges must be of one type") from None
    if not ascending:
        raise HierarchyError(f"hierarchy of « {attribute} »: edges must be ascending, at least two")
    return chosen


def _place(attribute: str, value: Edge, edges: list[Edge], bounds: tuple[Edge, Edge] | None) -> str:
    """Return the label of the interval a value falls in."""
    try:
        place = bisect_right(edges, value)
    except TypeError:
        raise HierarchyError(f"hierarchy of « {attribute} »: a value can not be compared with the edges") from None
    if 0 < place < len(edges):
        return f"[{text_of(edges[place - 1])}, {text_of(edges[place])}["
    if bounds is None:
        raise HierarchyError(f"hierarchy of « {attribute} »: every value must be covered, and one is out of the edges")
    return f"moins de {text_of(edges[0])}" if place == 0 else f"{text_of(edges[-1])} et plus"
