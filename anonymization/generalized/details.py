"""How a candidate was made, as plain JSON for its verdict and certificate: levels, metric and utility lost.

No count of units or rows stands here but those of the whole period. The utility lost is the metric's, by its published
definition (`anonymization.lattice.metrics`); of a local recoding it gives every attribute the same weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from anonymization.classes import ROWS
from anonymization.generalized.choice import Chosen
from anonymization.generalized.counting import Counted
from anonymization.hierarchies import Hierarchy
from anonymization.lattice.grouping import Integers
from anonymization.lattice.metrics import Floats, average_class_size, discernibility


def told(
    counted: Counted, chosen: Chosen, step: Integers, leaves: Mapping[str, Integers], class_rows: pl.Series
) -> dict[str, Any]:
    """What is kept of a choice. `step` and `leaves` are of the counted lines, `class_rows` of the published classes."""
    search = counted.reader.rule.search
    metric = search.metric if search else "loss"
    score = _score(metric, counted, chosen, step, leaves, class_rows)
    nothing = Chosen((), 0.0, 0, True)
    gone = np.full(len(step), -1)
    worst = None if metric == "height" else _score(metric, counted, nothing, gone, leaves, class_rows.clear())
    return {
        "steps": [dict(levels) for levels in chosen.levels],
        "heights": {hierarchy.attribute: hierarchy.height for hierarchy in counted.hierarchies},
        "metric": metric,
        "utility_lost": score,
        "utility_lost_share": score / worst if worst else None,
        "explored": chosen.explored,
        "proved": chosen.complete,
        "classes": len(class_rows),
        "fixed": dict(chosen.fixed) if chosen.fixed else None,
    }


def _score(
    metric: str,
    counted: Counted,
    chosen: Chosen,
    step: Integers,
    leaves: Mapping[str, Integers],
    class_rows: pl.Series,
) -> float:
    """The metric over the whole input; a suppressed row costs what the metric's definition says."""
    if len(chosen.steps) == 1:
        return chosen.score
    rows, sizes = counted.lines[ROWS].to_numpy(), class_rows.to_numpy()
    if metric == "discernibility":
        lost = int(rows[step < 0].sum())
        return discernibility(sizes, np.ones(len(sizes), dtype=bool), counted.rows) + float(lost * counted.rows)
    if metric == "average_class_size":
        search = counted.reader.rule.search
        lost = int(rows[step < 0].sum())
        return average_class_size(len(sizes), lost, counted.rows, (search.smallest_class if search else None) or 1)
    total = sum(
        float((_prices(metric, h, chosen, step, leaves[h.attribute], rows) * rows).sum()) for h in counted.hierarchies
    )
    return total if metric == "entropy" else total / counted.rows / len(counted.hierarchies)


def _prices(
    metric: str, hierarchy: Hierarchy, chosen: Chosen, step: Integers, leaves: Integers, rows: Integers
) -> Floats:
    """What one row of each line costs in one attribute."""
    frequency = np.bincount(leaves, weights=rows, minlength=hierarchy.leaves)
    original = frequency[leaves]
    price = np.log2(rows.sum() / original) if metric == "entropy" else np.ones(len(rows))
    for number, one in enumerate(chosen.steps):
        mine, level = step == number, one.levels[hierarchy.attribute]
        codes = hierarchy.codes[level][leaves[mine]]
        if metric == "entropy":
            whole = np.bincount(hierarchy.codes[level], weights=frequency, minlength=len(hierarchy.labels[level]))
            price[mine] = np.log2(whole[codes] / original[mine])
        elif metric == "precision":
            price[mine] = level / max(hierarchy.height, 1)
        else:
            price[mine] = (hierarchy.leaves_under(level)[codes] - 1) / max(hierarchy.leaves - 1, 1)
    return np.asarray(price, dtype=np.float64)
