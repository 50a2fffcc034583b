"""The search for the best generalization, over frequency tables and not rows.

`combinations` counts distinct combinations and merges across partitions, `grouping` rolls them up, `metrics` prices
them, `classes` decides which classes satisfy the models, `search` walks the lattice and `outcome` writes the table.
"""

from anonymization.lattice.combinations import Combinations, count_combinations
from anonymization.lattice.local import RecodedTable, local_recoding
from anonymization.lattice.mondrian import mondrian
from anonymization.lattice.optimum import generalization_at, optimal_generalization
from anonymization.lattice.outcome import GeneralizationResult

__all__ = [
    "Combinations",
    "GeneralizationResult",
    "RecodedTable",
    "count_combinations",
    "generalization_at",
    "local_recoding",
    "mondrian",
    "optimal_generalization",
]
