"""Parquet with nothing in it but the rows: same rows and schema, same bytes, whoever writes them and however batched.

Rows are cut into row groups of a fixed number, whatever the batches they come in; no time, host or path is written, and
the writer's options are fixed here: format 2.6, data pages 1.0, Zstandard level 1 (level 3 takes a tenth more time for
one hundredth less), dictionaries but for 64-bit integers, which are mostly counters and positions.

What only the hub reads again (`compact`) has no dictionaries of numbers; their bytes are split by place
(BYTE_STREAM_SPLIT): twice as fast and a third smaller, but integers so written are not read by every tool yet.

The *content digest* does not depend on Parquet at all: it is the sha256 of the schema, the number of rows and, for each
column, the sha256 of its validity (one byte a row), of its lengths (variable-length types) and of its values, with
zeros where a value is null. So it stays the same when row groups, compression or the library change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq

from storage.ahead import ahead
from storage.content import ContentDigest
from storage.objects import ObjectStore
from storage.references import Part
from storage.sink import ChunkSink

MEDIA_TYPE = "application/vnd.apache.parquet"
ROW_GROUP_ROWS = 1 << 17


@dataclass(frozen=True, slots=True)
class WrittenParquet:
    """The object as stored, and the digest of its logical rows."""

    part: Part
    content: str  # sha256, hex


def write_parquet(
    store: ObjectStore,
    key: str,
    batches: Iterable[pa.RecordBatch | pa.Table],
    schema: pa.Schema,
    *,
    compact: bool = False,
) -> WrittenParquet:
    """Write rows, in the order given, as one Parquet object; streams, with about two row groups in memory.

    Args:
        store: where to.
        key: of the object; it appears when all batches were written.
        batches: of exactly this schema; metadata of the schema and its fields is kept.
        schema: of the rows.
        compact: for the hub alone.
    """
    digest = ContentDigest(schema)
    pieces = _parquet(_row_groups(_digested(batches, schema, digest)), schema, compact)
    stored = store.put(key, pieces, media_type=MEDIA_TYPE)
    return WrittenParquet(Part(key, stored.size, stored.digest or "", digest.rows, MEDIA_TYPE), digest.hexdigest())


@dataclass(frozen=True, slots=True)
class EncodedParquet:
    """Parquet in memory, with the digest of its rows: for whoever names an object after its content."""

    data: bytes = field(repr=False)
    digest: ContentDigest

    def store(self, store: ObjectStore, key: str) -> Part:
        """Write it as one object."""
        stored = store.put(key, self.data, media_type=MEDIA_TYPE)
        return Part(key, stored.size, stored.digest or "", self.digest.rows, MEDIA_TYPE)


def encode_parquet(batches: Iterable[pa.RecordBatch | pa.Table], schema: pa.Schema, *, compact: bool) -> EncodedParquet:
    """The bytes that :func:`write_parquet` would write. A row group is encoded while the next one is digested."""
    digest = ContentDigest(schema)
    tables = ahead(_digested(batches, schema, digest), 1)
    return EncodedParquet(b"".join(_parquet(_row_groups(tables), schema, compact)), digest)


def read_parquet(store: ObjectStore, part: Part, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """The rows of a part, in order, in batches of at most a row group.

    The object is read and checked whole (compressed) before the first row is given out: Parquet's index is at its end.

    Raises:
        ObjectNotFoundError, DigestMismatchError: it is gone or altered.
    """
    file = pq.ParquetFile(pa.BufferReader(store.get(part.key, part.digest)))
    groups = (file.read_row_group(group, columns=columns) for group in range(file.num_row_groups))
    for table in ahead(groups, 1) if file.num_row_groups > 1 else groups:
        yield from table.combine_chunks().to_batches()


def parquet_schema(store: ObjectStore, part: Part) -> pa.Schema:
    """The schema of a part, with its metadata."""
    return pq.read_schema(pa.BufferReader(store.get(part.key, part.digest)))


def _digested(
    batches: Iterable[pa.RecordBatch | pa.Table], schema: pa.Schema, digest: ContentDigest
) -> Iterator[pa.Table]:
    """Batches as tables of exactly this schema, taken into the digest as they go by."""
    for batch in batches:
        table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
        if not table.schema.equals(schema):
            raise pa.ArrowInvalid("a batch has another schema than the Parquet file it is written to")
        table = table.replace_schema_metadata(schema.metadata)
        digest.update(table)
        yield table


def _row_groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Tables of ROW_GROUP_ROWS rows in one chunk; the last may be smaller."""
    waiting: list[pa.Table] = []
    rows = 0
    for table in tables:
        waiting.append(table)
        rows += table.num_rows
        while rows >= ROW_GROUP_ROWS:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, ROW_GROUP_ROWS).combine_chunks()
            waiting, rows = [whole.slice(ROW_GROUP_ROWS)], rows - ROW_GROUP_ROWS
    if rows:
        yield pa.concat_tables(waiting).combine_chunks()


def _parquet(groups: Iterator[pa.Table], schema: pa.Schema, compact: bool) -> Iterator[bytes]:
    sink = ChunkSink()
    split = {field.name: "BYTE_STREAM_SPLIT" for field in schema if compact and _numbers(field.type)}
    with pq.ParquetWriter(
        sink,
        schema,
        version="2.6",
        data_page_version="1.0",
        compression="zstd",
        compression_level=1,
        use_dictionary=[field.name for field in schema if _repeats(field.type) and field.name not in split],
        column_encoding=split or None,
        write_statistics=True,
        store_schema=True,
    ) as writer:
        for group in groups:
            writer.write_table(group, row_group_size=ROW_GROUP_ROWS)
            yield sink.take()
    yield sink.take()


def _numbers(kind: pa.DataType) -> bool:
    return bool(pa.types.is_int64(kind) or pa.types.is_floating(kind))


def _repeats(kind: pa.DataType) -> bool:
    """Whether a column of this type is likely to hold the same values again and again."""
    return not (pa.types.is_int64(kind) or pa.types.is_uint64(kind))
