"""How a candidate was made, as plain JSON for its verdict and certificate: levels, metric and utility lost.

No count of units or rows stands here but those of the whole period. The utility lost is the metric's, by its published
definition (`anonymization.lattice.metrics`); of a local recoding it gives every attribute the same weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from anonymization.classes import ROWS
from anonymization.generalized.choice import Chosen
from anonymization.generalized.counting import Counted
from anonymization.hierarchies import Hierarchy
from anonymization.lattice.grouping import Integers
from anonymization.lattice.metrics import Floats, average_class_size, discernibility
from anonymization.models import KAnonymity
from anonymization.models.definitions import DIVERSITY
from anonymization.risk import simulate_minimality

_MOST_LINES, _DRAWS = 20_000, 20


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
        "heights": counted.heights,
        "metric": metric,
        "utility_lost": score,
        "utility_lost_share": score / worst if worst else None,
        "explored": chosen.explored,
        "proved": chosen.complete,
        "classes": len(class_rows),
        "fixed": dict(chosen.fixed) if chosen.fixed else None,
        "minimality": _minimality(counted, chosen, step) if chosen.own else None,
    }


def _minimality(counted: Counted, chosen: Chosen, step: Integers) -> dict[str, float] | None:
    """What the choice made over these very rows tells of the sensitive attribute; None where there is nothing to tell.

    Simulated over the rows of the first step, the optimum's, a line for each of a unit's; not over more than
    :data:`_MOST_LINES`, where a simulated intruder would take longer than the search.
    """
    models = [model for model in counted.models if isinstance(model, (KAnonymity, *DIVERSITY))]
    levels, mine = chosen.steps[0].levels, step == 0
    if not counted.reader.sensitive or not any(levels.values()) or not 0 < int(mine.sum()) <= _MOST_LINES:
        return None
    hierarchies = {hierarchy.attribute: hierarchy for hierarchy in counted.hierarchies}
    sensitive = counted.reader.sensitive[0].name
    texts = {
        name: pa.array(hierarchy.labels[0], pa.string()).take(pa.array(counted.leaves[name][mine]))
        for name, hierarchy in hierarchies.items()
    }
    values = counted.lines[sensitive].filter(pl.Series(mine)).to_arrow(compat_level=pl.CompatLevel.oldest())
    attack = simulate_minimality(
        pa.table({**texts, sensitive: values}), hierarchies, levels, models, sensitive, draws=_DRAWS
    )
    return {"before": round(attack.before, 4), "after": round(attack.after, 4)}


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
