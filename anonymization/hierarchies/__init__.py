"""Generalization hierarchies: which coarser value stands for which value, level by level.

Nothing here sees data: a hierarchy is declared, checked once when built, and its leaves are its whole domain.
"""

from anonymization.hierarchies.geography import from_grid, from_iris
from anonymization.hierarchies.hierarchy import Hierarchy
from anonymization.hierarchies.intervals import from_intervals
from anonymization.hierarchies.texts import from_csv, from_prefixes, from_tree

__all__ = ["Hierarchy", "from_csv", "from_grid", "from_intervals", "from_iris", "from_prefixes", "from_tree"]
