"""Rows set aside by part until all were read: what a sort larger than memory is made of.

Parts are ranges of classes in the order of publication, of about :data:`PART_ROWS` rows each, so that each part is
sorted by itself and the whole is sorted; a class larger than that has several. Rows wait in files without a name, which
vanish with the process however it ends; they hold what trusted holds, on the worker's own disk: pseudonyms, and no
identifier.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

PART_ROWS = 1 << 20


class Parts:
    """Sets rows aside by part. One part is kept in memory."""

    def __init__(self, count: int, schema: pa.Schema) -> None:
        self._schema = schema
        self._memory: list[pa.RecordBatch] = []
        self._files: list[IO[bytes]] = [tempfile.TemporaryFile() for _ in range(count)] if count > 1 else []  # noqa: SIM115
        self._writers: list[Any] = [pa.ipc.new_stream(file, schema) for file in self._files]

    def __enter__(self) -> Parts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files:
            file.close()

    def add(self, frame: pl.DataFrame, part: NDArray[np.int64]) -> None:
        """Set rows aside, each in its part."""
        if not self._writers:
            self._memory.extend(_batches(frame, self._schema))
            return
        for number in np.unique(part).tolist():
            for batch in _batches(frame.filter(pl.Series(part == number)), self._schema):
                self._writers[number].write_batch(batch)

    def read(self) -> Iterator[Iterator[pl.DataFrame]]:
        """The rows of each part, some at a time, in the order of the parts. Called once, when all rows are in."""
        if not self._writers:
            yield (_frame(pa.Table.from_batches([batch])) for batch in self._memory)
            return
        for writer, file in zip(self._writers, self._files, strict=True):
            writer.close()
            file.seek(0)
            yield (_frame(pa.Table.from_batches([batch])) for batch in pa.ipc.open_stream(file))
            file.close()


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 (a table never becomes a series)
    return frame


def _batches(frame: pl.DataFrame, schema: pa.Schema) -> list[pa.RecordBatch]:
    table = frame.select(schema.names).to_arrow(compat_level=pl.CompatLevel.oldest()).cast(schema)
    found: list[pa.RecordBatch] = table.combine_chunks().to_batches()
    return found
