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
from anonymization.lattice.combinations import Combinations, Layout, batches_of
from anonymization.lattice.grouping import Booleans, Integers, Levels


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
        for batch in batches_of(data, wanted):
            yield self.generalized(batch, self._layout.keys(batch))

    def generalized(self, batch: pa.RecordBatch, keys: Integers) -> pa.RecordBatch:
        """Generalize one batch whose keys are known."""
        fields, kept = self._fields(keys)
        arrays = {name: batch.column(name) for name in batch.schema.names}
        whole = bool(kept.all())
        mask = pa.array(kept)
        for name, array in arrays.items():
            level = self.levels.get(name, 0)
            if level:
                hierarchy = self._layout.hierarchies[self._layout.attributes.index(name)]
                codes = fields[self._layout.attributes.index(name)]
                indices = pa.array((codes if whole else codes[kept]).astype(np.int32))
                arrays[name] = pa.DictionaryArray.from_arrays(indices, hierarchy.label_array(level))
            elif not whole:
                arrays[name] = array.filter(mask)
        return pa.RecordBatch.from_pydict(arrays)

    @property
    def layout(self) -> Layout:
        """How its keys are laid out."""
        return self._layout

    def is_kept(self, keys: Integers) -> Booleans:
        """Which rows or lines, by their keys, are published."""
        return self._fields(keys)[1]

    def suppressed_rows(self, data: pa.Table) -> pa.Table:
        """Return the rows that are not published, as they were. For recoding; never for publication."""
        kept = self._fields(self._layout.keys(data))[1]
        return data.filter(pa.array(~kept))

    def _fields(self, keys: Integers) -> tuple[list[Integers], Booleans]:
        """Generalized code of each row for each attribute, and which rows are kept."""
        total = np.zeros_like(keys)
        fields = []
        for place, hierarchy in enumerate(self._layout.hierarchies):
            codes = hierarchy.codes[self.levels[hierarchy.attribute]][self._layout.leaves(keys, place)]
            fields.append(codes)
            total |= codes << self._layout.shifts[place]
        gone = self._suppressed_keys
        if len(gone) == 0:
            return fields, np.ones(len(keys), dtype=bool)
        return fields, ~pl.Series(total).is_in(pl.Series(gone).implode()).to_numpy()


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
