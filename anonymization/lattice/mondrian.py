"""Mondrian: strict multidimensional recoding of numeric quasi-identifiers (LeFevre, DeWitt, Ramakrishnan, ICDE 2006).

The rows are cut in two at the median of one attribute, the halves again, as long as both halves satisfy the models; the
attribute cut is the one whose values in the part span most of its own (in distinct values; the first of equals), or the
next one that can be cut. Each part is published with the interval from its smallest to its largest value. Nothing is
suppressed. Deterministic: order of rows does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from anonymization.errors import GeneralizationSearchError, NoSolutionError, PrivacyModelError
from anonymization.hierarchies.hierarchy import text_of
from anonymization.lattice.local import RecodedTable
from anonymization.lattice.metrics import Metric
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
from anonymization.models.definitions import DIVERSITY, sensitive_of

Integers = NDArray[np.int64]
_OF_ONE_CLASS = (KAnonymity, DistinctLDiversity, EntropyLDiversity, RecursiveCLDiversity, MaximumRisk)


def mondrian(
    data: pa.Table,
    quasi_identifiers: Sequence[str],
    models: Sequence[PrivacyModel],
    metric: Metric = "loss",
    *,
    sensitive: str | None = None,
    unit: str | None = None,
) -> RecodedTable:
    """Recode numeric (or date) quasi-identifiers to intervals; leaves, for the metrics, are the values that occur.

    Raises:
        GeneralizationSearchError: a column is missing, holds missing values or is not ordered numbers; height and
            precision, which need hierarchies.
        PrivacyModelError: a model that does not hold class by class.
        NoSolutionError: even the whole table does not satisfy the models.
    """
    if metric in ("height", "precision"):
        raise GeneralizationSearchError(f"{metric} needs hierarchies, and Mondrian has none")
    if not all(isinstance(model, _OF_ONE_CLASS) for model in models) or not models:
        raise PrivacyModelError("Mondrian is for models that hold class by class: k, l, maximum risk")
    named = [sensitive_of(model, sensitive) for model in models if isinstance(model, DIVERSITY)]
    missing = sorted({*quasi_identifiers, *named, *([unit] if unit else [])} - set(data.schema.names))
    if missing or not quasi_identifiers or data.num_rows == 0:
        raise GeneralizationSearchError(f"columns or rows that the data does not have: {', '.join(missing)}")
    ranked = {name: _ranks(data, name) for name in quasi_identifiers}
    ranks = [codes for _, codes in ranked.values()]
    allowed = _Allowed(data, models, sensitive, unit)
    if not allowed(np.arange(data.num_rows)):
        raise NoSolutionError(f"the whole table of {', '.join(quasi_identifiers)} does not satisfy the models")
    parts = sorted(_parts(ranks, allowed), key=lambda part: [int(codes[part].min()) for codes in ranks])
    classes = np.zeros(data.num_rows, dtype=np.int64)
    for number, part in enumerate(parts):
        classes[part] = number
    table, cells = data, []
    for name, (values, codes) in ranked.items():
        low, high = (np.array([bound(codes[part]) for part in parts])[classes] for bound in (np.min, np.max))
        counts = np.concatenate(([0], np.cumsum(np.bincount(codes, minlength=len(values)))))
        cells.append(Cells(high - low + 1, len(values), np.diff(counts)[codes], counts[high + 1] - counts[low], None))
        texts = [_interval(values, int(codes[part].min()), int(codes[part].max())) for part in parts]
        column = pa.array(texts, pa.string()).take(pa.array(classes))
        table = table.set_column(table.schema.get_field_index(name), name, column)
    require_models(table, list(quasi_identifiers), models, sensitive=sensitive, unit=unit)
    k = max([1, *(model.k for model in models if isinstance(model, KAnonymity))])
    score = recoded_score(metric, cells, np.ones(data.num_rows, dtype=bool), classes, k)
    return RecodedTable(table, score, 0, ())


def _interval(values: list[object], low: int, high: int) -> str:
    return str(text_of(values[low])) if low == high else f"[{text_of(values[low])}, {text_of(values[high])}]"


def _ranks(data: pa.Table, name: str) -> tuple[list[object], Integers]:
    """Distinct values in order, and the rank of each row's."""
    column = pl.from_arrow(data[name])
    assert isinstance(column, pl.Series)  # noqa: S101 (an array never becomes a frame)
    is_ordered = column.dtype.is_numeric() or column.dtype.is_temporal()
    if not is_ordered or column.null_count() or (column.dtype.is_float() and not column.is_finite().all()):
        raise GeneralizationSearchError(f"attribute « {name} »: Mondrian needs a number in every row")
    return column.unique().sort().to_list(), column.rank("dense").cast(pl.Int64).to_numpy() - 1


def _parts(ranks: list[Integers], allowed: _Allowed) -> Iterator[Integers]:
    """Rows of each part that can not be cut any more."""
    whole = [max(int(codes.max()), 1) for codes in ranks]
    waiting = [np.arange(len(ranks[0]))]
    while waiting:
        part = waiting.pop()
        spans = [-int(np.ptp(codes[part])) / size for codes, size in zip(ranks, whole, strict=True)]
        for place in sorted(range(len(ranks)), key=lambda place: (spans[place], place)):
            halves = _halves(ranks[place][part], part) if spans[place] < 0 else None
            if halves and allowed(halves[0]) and allowed(halves[1]):
                waiting += halves
                break
        else:
            yield part


def _halves(codes: Integers, part: Integers) -> list[Integers] | None:
    """Rows up to the median and above it; values under it where the median is the largest."""
    median = np.partition(codes, (len(codes) - 1) // 2)[(len(codes) - 1) // 2]
    lower = codes <= median if median < codes.max() else codes < median
    return [part[lower], part[~lower]]


class _Allowed:
    """Whether some rows satisfy the models as one class."""

    def __init__(self, data: pa.Table, models: Sequence[PrivacyModel], sensitive: str | None, unit: str | None) -> None:
        self._models, self._sensitive = list(models), sensitive
        named = {sensitive_of(model, sensitive) for model in models if isinstance(model, DIVERSITY)}
        self._values = {name: _codes(data, name) for name in named}
        self._units = _codes(data, unit) if unit else np.arange(data.num_rows)

    def __call__(self, rows: Integers) -> bool:
        units = self._units[rows]
        known = rows[units >= 0]
        size = len(np.unique(units[units >= 0]))
        return all(self._holds(model, known, size) for model in self._models)

    def _holds(self, model: PrivacyModel, rows: Integers, size: int) -> bool:
        if isinstance(model, KAnonymity):
            return size >= model.k
        if isinstance(model, MaximumRisk):
            return size * model.p >= 1 - 1e-9
        if not isinstance(model, (DistinctLDiversity, EntropyLDiversity, RecursiveCLDiversity)):
            return False
        counts = self._counts(sensitive_of(model, self._sensitive), rows)
        if isinstance(model, DistinctLDiversity):
            return len(counts) >= model.l
        if isinstance(model, RecursiveCLDiversity):
            return len(counts) > 0 and bool(counts[0] < model.c * counts[model.l - 1 :].sum())
        shares = counts / max(counts.sum(), 1)
        return len(counts) > 0 and bool(-(shares * np.log(shares)).sum() >= np.log(model.l) - 1e-9)

    def _counts(self, name: str, rows: Integers) -> Integers:
        """Units by sensitive value, largest first; a unit counts once, for the first of its values."""
        values, units = self._values[name][rows], self._units[rows]
        order = np.lexsort((values, units))
        firsts = np.unique(units[order], return_index=True)[1]
        counts = np.unique(values[order][firsts], return_counts=True)[1]
        return np.asarray(np.sort(counts)[::-1])


def _codes(data: pa.Table, name: str) -> Integers:
    """Rank of each row's value; missing is -1, before all others."""
    column = pl.from_arrow(data[name])
    assert isinstance(column, pl.Series)  # noqa: S101 (an array never becomes a frame)
    return np.asarray(column.rank("dense").cast(pl.Int64).fill_null(0).to_numpy() - 1)
