"""Local recoding: the rows that the optimum would suppress are generalized further instead.

1. The optimum over the lattice is found, and its suppressed rows are set aside.
2. They are generalized again, from the optimum's levels up, to the best node for them alone.
3. What is left goes through step 2 again, until nothing satisfies the models; that alone is suppressed.

Each class satisfies the models by itself, so only models that hold class by class can be asked for; and as a value
may bear the same text at two levels, so that classes of two steps fall together, the whole table is checked at the end
by the independent check, and refused if it fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from anonymization.errors import GeneralizationSearchError, NoSolutionError, PrivacyModelError
from anonymization.hierarchies import Hierarchy
from anonymization.lattice.layout import Hierarchies, Layout
from anonymization.lattice.metrics import Metric
from anonymization.lattice.optimum import optimal_generalization
from anonymization.lattice.recoding import Cells, recoded_score
from anonymization.models import (
    DistinctLDiversity,
    EntropyLDiversity,
    KAnonymity,
    MaximumRisk,
    PrivacyModel,
    RecursiveCLDiversity,
    require_models,
)

_PLACE = "row:place"
_OF_ONE_CLASS = (KAnonymity, DistinctLDiversity, EntropyLDiversity, RecursiveCLDiversity, MaximumRisk)
_MOST_LEFT = 0.95  # share of a step's rows that may be left to the next


@dataclass(frozen=True, slots=True)
class RecodedTable:
    """What was made. `score` is the metric's over the whole input; `steps` the levels of each step, optimum first."""

    table: pa.Table
    score: float
    suppressed: int
    steps: tuple[dict[str, int], ...]


def local_recoding(
    data: pa.Table,
    hierarchies: Hierarchies,
    models: Sequence[PrivacyModel],
    suppression_limit: float = 0.0,
    metric: Metric = "loss",
    *,
    weights: Mapping[str, float] | None = None,
    sensitive: str | None = None,
    unit: str | None = None,
) -> RecodedTable:
    """Find the optimum, then generalize further the rows it would suppress. Rows keep their order.

    `suppression_limit` bounds what the optimum sets aside; what is suppressed in the end is no more than that.
    `weights` guide the choice of levels; the score gives every attribute the same weight. It never exceeds that of the
    optimum, in loss, precision and entropy.

    Raises:
        GeneralizationSearchError: a metric without meaning here (height), or what `optimal_generalization` refuses.
        PrivacyModelError: a model that does not hold class by class.
        ModelViolationError: the whole table does not satisfy the models.
    """
    if not all(isinstance(model, _OF_ONE_CLASS) for model in models):
        raise PrivacyModelError("local recoding is for models that hold class by class: k, l, maximum risk")
    if metric == "height":
        raise GeneralizationSearchError("height is not measured on cells that are generalized one by one")
    layout = Layout.of(hierarchies)
    rest = data.append_column(_PLACE, pa.array(np.arange(data.num_rows)))
    parts: list[pa.Table] = []
    steps: list[dict[str, int]] = []
    chosen, limit = list(layout.hierarchies), suppression_limit
    while rest.num_rows:
        try:
            found = optimal_generalization(
                rest, chosen, models, limit, metric, weights=weights, sensitive=sensitive, unit=unit
            )
        except (NoSolutionError, PrivacyModelError):
            if not steps:
                raise
            break
        before = steps[0] if steps else dict.fromkeys(layout.attributes, 0)
        steps.append({name: level + before[name] for name, level in found.levels.items()})
        parts.append(found.table)
        rest = found.suppressed_rows(rest)
        if len(steps) == 1:
            rest = _raised(rest, chosen, found.levels)
            chosen, limit = [hierarchy.above(found.levels[hierarchy.attribute]) for hierarchy in chosen], _MOST_LEFT
    return _finished(data, layout, parts, steps, models, metric, sensitive, unit)


def _raised(rows: pa.Table, hierarchies: Sequence[Hierarchy], levels: Mapping[str, int]) -> pa.Table:
    """Generalize rows to levels, as texts."""
    for hierarchy in hierarchies:
        place, level = rows.schema.get_field_index(hierarchy.attribute), levels[hierarchy.attribute]
        made = pa.array(hierarchy.generalized(rows.column(place).to_pylist(), level), pa.string())
        rows = rows.set_column(place, hierarchy.attribute, made)
    return rows


def _finished(
    data: pa.Table,
    layout: Layout,
    parts: list[pa.Table],
    steps: list[dict[str, int]],
    models: Sequence[PrivacyModel],
    metric: Metric,
    sensitive: str | None,
    unit: str | None,
) -> RecodedTable:
    schema = _schema(data, layout, steps)
    table = pa.concat_tables([part.select([*schema.names, _PLACE]).cast(schema.append(pa.field(_PLACE, pa.int64())))
                              for part in parts]).sort_by(_PLACE)  # fmt: skip
    places = table[_PLACE].to_numpy()
    step_of = np.full(data.num_rows, -1)
    for number, part in enumerate(parts):
        step_of[part[_PLACE].to_numpy()] = number
    table = table.drop_columns([_PLACE])
    require_models(table, layout.attributes, models, sensitive=sensitive, unit=unit)
    frame = pl.from_arrow(table.select(list(layout.attributes)))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 (a table never becomes a series)
    classes = np.zeros(data.num_rows, dtype=np.int64)
    classes[places] = frame.select(pl.struct(pl.all()).rank("dense")).to_series().to_numpy()
    keys = layout.keys(data)
    cells = [
        _cells(hierarchy, layout.leaves(keys, place), [step[hierarchy.attribute] for step in steps], step_of)
        for place, hierarchy in enumerate(layout.hierarchies)
    ]
    k = max([1, *(model.k for model in models if isinstance(model, KAnonymity))])
    score = recoded_score(metric, cells, step_of >= 0, classes, k)
    return RecodedTable(table, score, data.num_rows - table.num_rows, tuple(steps))


def _schema(data: pa.Table, layout: Layout, steps: list[dict[str, int]]) -> pa.Schema:
    """The input's columns; a column that some step generalized is text."""
    changed = {name for name in layout.attributes if any(step[name] for step in steps)}
    return pa.schema([pa.field(f.name, pa.string()) if f.name in changed else f for f in data.schema])


def _cells(hierarchy: Hierarchy, leaves: np.ndarray, levels: list[int], step_of: np.ndarray) -> Cells:
    histogram = np.bincount(leaves, minlength=hierarchy.leaves)
    original = histogram[leaves]
    under, generalized = np.ones_like(leaves), original.copy()
    heights = np.zeros(len(leaves))
    for number, level in enumerate(levels):
        mine = step_of == number
        codes = hierarchy.codes[level][leaves[mine]]
        counts = np.bincount(hierarchy.codes[level], weights=histogram, minlength=len(hierarchy.labels[level]))
        under[mine] = hierarchy.leaves_under(level)[codes]
        generalized[mine] = counts[codes]
        heights[mine] = level / max(hierarchy.height, 1)
    return Cells(under, hierarchy.leaves, original, generalized, heights)
