"""What a search gives: the levels chosen, their price, and the table they make.

The table holds kept records only, in the order of the input, a generalized column being text and an untouched one as
it was. From a Parquet dataset or a frequency table, `table` holds each published combination with its rows, and the
records come in bounded memory from :meth:`GeneralizationResult.batches`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds

from anonymization.errors import GeneralizationSearchError
from anonymization.lattice.classes import Classes
from anonymization.lattice.combinations import Combinations, batches_of
from anonymization.lattice.grouping import Booleans, Integers, Levels
from anonymization.lattice.layout import Layout
from storage.ahead import side_by_side


@dataclass(frozen=True, slots=True)
class GeneralizationResult:
    """The generalization found.

    `levels` is by attribute; `score` in the metric's own unit (lower is better); `suppressed` counts rows, of `rows`;
    `explored` counts nodes evaluated; `complete` is False where the time budget ended before the proof.
    """

    levels: dict[str, int]
    score: float
    suppressed: int
    table: pa.Table
    explored: int
    rows: int
    classes: int
    metric: str
    complete: bool
    _layout: Layout = field(repr=False)
    _suppressed_keys: Integers = field(repr=False)

    def batches(self, data: pa.Table | ds.Dataset | Path, columns: Iterable[str] = ()) -> Iterator[pa.RecordBatch]:
        """Generalize rows batch by batch (the second pass), with other `columns` left as they are.

        Generalized columns are dictionaries of text. Rows must be those that the search counted.

        Raises:
            GeneralizationSearchError: a column is missing.
            HierarchyError: a value outside its hierarchy.
        """
        wanted = [*self._layout.attributes, *columns]
        levels = [self.levels[name] for name in self._layout.attributes]

        def made(batch: pa.RecordBatch) -> pa.RecordBatch:
            return self._generalized(batch, self._layout.keys(batch, levels))

        yield from side_by_side(made, batches_of(data, wanted))

    def generalized(self, batch: pa.RecordBatch, keys: Integers) -> pa.RecordBatch:
        """Generalize one batch whose keys, of leaves, are known."""
        return self._generalized(batch, self._raised(keys))

    def _generalized(self, batch: pa.RecordBatch, raised: Integers) -> pa.RecordBatch:
        kept = self._is_kept(raised)
        whole = bool(kept.all())
        mask, raised = pa.array(kept), raised if whole else raised[kept]
        arrays = {}
        for name in batch.schema.names:
            if self.levels.get(name, 0):
                place = self._layout.attributes.index(name)
                codes = pa.array(self._layout.leaves(raised, place).astype(np.int32))
                labels = self._layout.hierarchies[place].label_array(self.levels[name])
                arrays[name] = pa.DictionaryArray.from_arrays(codes, labels)
            else:
                arrays[name] = batch.column(name) if whole else batch.column(name).filter(mask)
        return pa.RecordBatch.from_pydict(arrays)

    @property
    def layout(self) -> Layout:
        """How its keys are laid out."""
        return self._layout

    def is_kept(self, keys: Integers) -> Booleans:
        """Which rows or lines, by their keys, are published."""
        return self._is_kept(self._raised(keys))

    def suppressed_rows(self, data: pa.Table) -> pa.Table:
        """Return the rows that are not published, as they were. For recoding; never for publication."""
        return data.filter(pa.array(~self.is_kept(self._layout.keys(data))))

    def _raised(self, keys: Integers) -> Integers:
        """Keys of leaves, at the levels found."""
        return self._layout.raised(keys, [self.levels[name] for name in self._layout.attributes])

    def _is_kept(self, raised: Integers) -> Booleans:
        """Which rows or lines are published, by their keys at the levels found."""
        gone = self._suppressed_keys
        if len(gone) == 0:
            return np.ones(len(raised), dtype=bool)
        return ~pl.Series(raised).is_in(pl.Series(gone).implode()).to_numpy()


def outcome(
    data: pa.Table | pa.RecordBatch | ds.Dataset | Path | Combinations,
    layout: Layout,
    levels: Levels,
    classes: Classes,
    kept: Booleans,
    score: float,
    explored: int,
    complete: bool,
    metric: str,
    keys: Integers | None,
) -> GeneralizationResult:
    """Write the result of a search at `levels`, with the table it makes; `keys` are those of a table's rows."""
    rows = int(classes.rows.sum())
    made = GeneralizationResult(
        levels=dict(zip(layout.attributes, levels, strict=True)),
        score=score,
        suppressed=rows - int(classes.rows[kept].sum()),
        table=_combinations(layout, levels, classes, kept),
        explored=explored,
        rows=rows,
        classes=int(kept.sum()),
        metric=metric,
        complete=complete,
        _layout=layout,
        _suppressed_keys=classes.key[~kept],
    )
    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    if not isinstance(data, pa.Table) or keys is None:
        return made
    object.__setattr__(made, "table", _rows(made, data, keys))
    return made


def _rows(made: GeneralizationResult, data: pa.Table, keys: Integers) -> pa.Table:
    batches, start = [], 0
    for batch in data.to_batches():
        batches.append(made.generalized(batch, keys[start : start + batch.num_rows]))
        start += batch.num_rows
    table = pa.Table.from_batches(batches)
    if table.num_rows == 0:
        raise GeneralizationSearchError("nothing would be published")
    for place, name in enumerate(table.schema.names):
        if made.levels.get(name):
            table = table.set_column(place, name, table.column(name).cast(pa.string()))
    return table.select(data.schema.names)


def _combinations(layout: Layout, levels: Levels, classes: Classes, kept: Booleans) -> pa.Table:
    """Published combinations and their rows, in the order of the hierarchies' values."""
    columns = {}
    for place, (hierarchy, level) in enumerate(zip(layout.hierarchies, levels, strict=True)):
        codes = layout.leaves(classes.key[kept], place)
        columns[hierarchy.attribute] = hierarchy.label_array(level).take(pa.array(codes))
    return pa.table({**columns, "rows": pa.array(classes.rows[kept])})
