"""Release of rows one by one: as they are, or suppressed below k units in their equivalence class."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import polars as pl
import pyarrow as pa

from anonymization.candidate import ReleaseCounts, Released
from anonymization.classes import ROWS, ClassReader, numbered_units, published_table
from anonymization.frequencies import UNIT, FrequencyTable

Batches = Callable[[], Iterable[pa.RecordBatch]]
_UNITS = "n:units"


def release_as_is(batches: Batches, reader: ClassReader) -> Released:
    """Publish every row."""
    frames = [reader.frame(batch).select(reader.published) for batch in batches()]
    frame = _concat(frames, reader).sort(reader.published, nulls_last=True)
    table = published_table(frame, reader.schema())
    rows = frame.height
    return Released(table, ReleaseCounts(rows, 0, 0, rows), pa.array([0] * rows, pa.int64()), None)


def release_records(batches: Batches, reader: ClassReader, k: int) -> Released:
    """Publish the rows whose class holds at least `k` units.

    1. First pass: the distinct (class, unit) pairs, then the units of each class.
    2. Second pass: the rows of the classes that are large enough.
    """
    classes = _count_units(batches, reader)
    kept = classes.filter(pl.col(_UNITS) >= k)
    frames = [
        reader.frame(batch)
        .join(kept.select(*reader.keys, _UNITS), on=reader.keys, how="inner", nulls_equal=True)
        .select(*reader.published, *UNIT, _UNITS)
        for batch in batches()
    ]
    frame = _concat(frames, reader)
    order = [*reader.published, *UNIT]  # rows that look alike are ordered by unit, so that evidence is reproducible
    frame = frame.sort(order, nulls_last=True)
    rows_in = int(classes[ROWS].sum())
    counts = ReleaseCounts(rows_in, rows_in - frame.height, classes.height - kept.height, frame.height)
    evidence = pa.table({"unit": numbered_units(frame).to_arrow()})
    table = published_table(frame, reader.schema())
    return Released(table, counts, frame[_UNITS].cast(pl.Int64).to_arrow(), evidence)


def _count_units(batches: Batches, reader: ClassReader) -> pl.DataFrame:
    pairs = FrequencyTable([*reader.keys, *UNIT], [ROWS])
    for batch in batches():
        pairs.add(reader.frame(batch))
    lines = pairs.lines()
    if lines.width == 0:
        return pl.DataFrame(schema={**dict.fromkeys(reader.keys, pl.Null()), ROWS: pl.Int64(), _UNITS: pl.UInt32()})
    return lines.group_by(reader.keys).agg(pl.col(ROWS).sum(), pl.col(UNIT[0]).is_not_null().sum().alias(_UNITS))


def _concat(frames: list[pl.DataFrame], reader: ClassReader) -> pl.DataFrame:
    if frames:
        return pl.concat(frames)
    empty = pl.from_arrow(reader.schema().empty_table())
    assert isinstance(empty, pl.DataFrame)  # noqa: S101 (a table always becomes a frame)
    counts = {name: pl.Series(name, [], dtype=pl.Int64) for name in (*UNIT, _UNITS)}
    return empty.with_columns(**counts)
