"""Frequency tables of quasi-identifiers: the distinct combinations of leaves and how many rows and units each has.

This is all that the search sees, so what it can treat is bounded by the distinct combinations, never by the rows.
Partitions are counted apart and merged in any order: counts are integers and lines are sorted when read.

A combination is one 64-bit integer (`anonymization.lattice.layout`). Units that appear in one line only are counted;
those that appear in several keep a number of their own, so that a class which gathers several lines of one unit still
counts it once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds

from anonymization.errors import GeneralizationSearchError
from anonymization.frequencies import FrequencyTable, unit_columns
from anonymization.lattice.layout import Hierarchies, Layout
from anonymization.lattice.sums import Integers
from anonymization.lattice.tally import Tally
from storage.ahead import side_by_side

KEY, ROWS = "key:leaves", "n:rows"
_BATCH_ROWS = 1 << 20


class Combinations:
    """A frequency table of leaves, sensitive values and protection units. Add batches, merge others."""

    def __init__(self, hierarchies: Hierarchies, sensitive: Sequence[str] = (), unit: str | None = None) -> None:
        self.layout = Layout.of(hierarchies)
        self.sensitive = tuple(dict.fromkeys(sensitive))
        self.unit = unit
        clash = set(self.sensitive) & {*self.layout.attributes, unit}
        if clash or unit in self.layout.attributes:
            raise GeneralizationSearchError("a column is quasi-identifier, sensitive or protection unit: only one")
        self._unit_keys: list[str] | None = None if unit else []
        self._table: FrequencyTable | None = None
        self._tally = Tally()  # in its stead where keys tell all

    def add(self, batch: pa.RecordBatch | pa.Table) -> Integers:
        """Count the rows of a batch and return their keys, in order.

        Raises:
            GeneralizationSearchError: a column is missing.
            HierarchyError: a value is outside its hierarchy.
        """
        wanted = {*self.layout.attributes, *self.sensitive, *([self.unit] if self.unit else [])}
        missing = sorted(wanted - set(batch.schema.names))
        if missing:
            raise GeneralizationSearchError(f"columns that the data does not have: {', '.join(missing)}")
        return self._add(batch, self.layout.keys(batch))

    def add_all(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Count the rows of batches that have every column; some are read while others are counted.

        Raises:
            HierarchyError: a value is outside its hierarchy.
        """
        for batch, keys in side_by_side(lambda batch: (batch, self.layout.keys(batch)), batches):
            self._add(batch, keys)

    def _add(self, batch: pa.RecordBatch | pa.Table, keys: Integers) -> Integers:
        if self._plain:
            self._tally.add(keys)
            return keys
        frame = pl.DataFrame({KEY: keys})
        extra = [_series(name, batch.column(name)) for name in self.sensitive]
        if self.unit:
            extra += self._units(batch.column(self.unit))
        frame = frame.with_columns(*extra, pl.lit(1, pl.Int64).alias(ROWS))
        self._counted().add(frame)
        return keys

    def add_counted(self, keys: Integers, lines: pl.DataFrame, unit_keys: Sequence[str]) -> None:
        """Count lines that were counted elsewhere: a key each, and sensitive values, unit keys and `n:rows`."""
        self._unit_keys = list(unit_keys)
        if self._plain:
            self._tally.add_counts(keys, lines[ROWS].to_numpy())
            return
        self._counted().add(lines.with_columns(pl.Series(KEY, keys)))

    def merge(self, other: Combinations) -> None:
        """Count everything `other` has counted.

        Raises:
            GeneralizationSearchError: it was counted over other attributes or hierarchies.
        """
        mine, theirs = self.layout, other.layout
        same = all(a.labels == b.labels for a, b in zip(mine.hierarchies, theirs.hierarchies, strict=False))
        if (mine.attributes, self.sensitive, self.unit) != (theirs.attributes, other.sensitive, other.unit) or not same:
            raise GeneralizationSearchError("only frequency tables over the same attributes and hierarchies merge")
        if self._plain:
            self._tally.add_counts(*other._tally.lines())
        elif other._table is not None:
            self._unit_keys = other._unit_keys
            self._counted().merge(other._table)

    def lines(self) -> pl.DataFrame:
        """Return the distinct combinations in order, with their rows: `key:leaves`, sensitive, unit keys, `n:rows`."""
        if self._plain:
            keys, rows = self._tally.lines()
            lines = pl.DataFrame({KEY: keys, ROWS: rows})
        else:
            lines = self._counted().lines()
        if lines.height == 0:
            raise GeneralizationSearchError("there is no row to generalize")
        return lines if self._plain else lines.sort([KEY, *(self._unit_keys or []), *self.sensitive])

    @property
    def unit_keys(self) -> list[str]:
        """The columns of :meth:`lines` that tell units apart."""
        return list(self._unit_keys or [])

    @property
    def _plain(self) -> bool:
        return self.unit is None and not self.sensitive

    def _counted(self) -> FrequencyTable:
        if self._table is None:
            self._table = FrequencyTable([KEY, *self.sensitive, *(self._unit_keys or [])], [ROWS])
        return self._table

    def _units(self, column: pa.Array | pa.ChunkedArray) -> list[pl.Series]:
        made = unit_columns(column) if column.type == pa.binary(16) else [_series("unit:value", column)]
        names = [series.name for series in made]
        if self._unit_keys not in (None, names):
            raise GeneralizationSearchError(f"column « {self.unit} » changed type between two batches")
        self._unit_keys = names
        return made


def _series(name: str, column: pa.Array | pa.ChunkedArray) -> pl.Series:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    series = pl.from_arrow(column)
    assert isinstance(series, pl.Series)  # noqa: S101 (an array never becomes a frame)
    return series.alias(name)


def is_known(units: pl.DataFrame) -> pl.Series:
    """Which lines have a known unit."""
    return units.select(~pl.all_horizontal(pl.col(name).is_null() for name in units.columns)).to_series()


def batches_of(data: pa.Table | pa.RecordBatch | ds.Dataset | Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Read the columns batch by batch, texts as dictionaries where Parquet holds them so.

    Raises:
        GeneralizationSearchError: a column is missing.
    """
    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    if isinstance(data, Path):
        data = ds.dataset(data, format=ds.ParquetFileFormat(dictionary_columns=_texts(data, columns)))
    missing = [name for name in columns if name not in data.schema.names]
    if missing:
        raise GeneralizationSearchError(f"columns that the data does not have: {', '.join(missing)}")
    if isinstance(data, pa.Table):
        yield from data.select(list(columns)).to_batches(max_chunksize=_BATCH_ROWS)
    else:
        yield from data.to_batches(
            columns=list(columns), batch_size=_BATCH_ROWS, batch_readahead=2, fragment_readahead=1
        )


def _texts(path: Path, columns: Sequence[str]) -> list[str]:
    schema = ds.dataset(path, format="parquet").schema
    return [name for name in columns if name in schema.names and pa.types.is_string(schema.field(name).type)]


def count_combinations(
    data: pa.Table | pa.RecordBatch | ds.Dataset | Path,
    hierarchies: Hierarchies,
    sensitive: Sequence[str] = (),
    unit: str | None = None,
) -> Combinations:
    """Count a table, a Parquet dataset or a path to one, in one pass.

    Raises:
        GeneralizationSearchError: a column is missing.
        HierarchyError: a value is outside its hierarchy.
    """
    counted = Combinations(hierarchies, sensitive, unit)
    wanted = [*counted.layout.attributes, *counted.sensitive, *([unit] if unit else [])]
    counted.add_all(batches_of(data, wanted))
    return counted
