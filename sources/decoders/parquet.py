"""Apache Parquet files to typed batches.

A Parquet file is read from its end, so it is held in memory, compressed, and never laid on a disk: it is limited to
:data:`FILE_BYTES`. Rows are decoded a batch at a time, columns that the contract does not read not at all.

Physical names are column names; keys of a struct column stand behind dots. Types are those of the file, and what they
can say is taken: integers from whole floats, instants from times with a zone, clock times of the territory from times
without one. Texts are read by the grammars of all decoders.

A small file may claim to be huge. It is refused if it has more rows than bytes, or if a column that is read declares
more than :data:`CHUNK_BYTES` in one row group.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from policies.contract import Column, Contract, Territory
from sources.batches import DriftGuard, assemble, gone, refused
from sources.clock import RepeatedHours, local
from sources.columns import ARROW_TYPES, Converted, TextRules, convert, failures, normalized
from sources.options import ParquetOptions, read_options
from sources.protocol import Decoded, PayloadPart
from sources.rules import reading_rules

FILE_BYTES = 256 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024 * 1024
_BATCH_ROWS = 32_768
_METADATA_BYTES = 32 * 1024 * 1024
_MICRO = pa.timestamp("us")
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


class ParquetDecoder:
    """Decodes each part as a file; positions go on from part to part."""

    def __init__(self, contract: Contract, territory: Territory) -> None:
        self._contract = contract
        self._rules = reading_rules(contract, read_options(contract, ParquetOptions), territory)

    def decode(self, parts: Iterator[PayloadPart]) -> Iterator[Decoded]:
        """Yield batches. See :class:`sources.protocol.Decoder`."""
        position = 0
        guard, hours = DriftGuard(self._contract), RepeatedHours(self._contract, self._rules.repeated_hour)
        for part in parts:
            for batch in self._batches(part):
                columns = hours.settle(self._columns(batch, part.name))
                guard.note(columns, batch.num_rows)
                positions = pa.array(range(position, position + batch.num_rows), pa.int64())
                yield assemble(self._contract, columns, positions, _Records(batch).texts)
                position += batch.num_rows

    def _batches(self, part: PayloadPart) -> Iterator[pa.RecordBatch]:
        """The columns that are read, some rows at a time. Whatever Arrow says is told without its words."""
        content = part.stream.read(FILE_BYTES + 1)
        if len(content) > FILE_BYTES:
            raise refused(self._contract, part.name, f"the file is larger than {FILE_BYTES} bytes")
        try:
            file = pq.ParquetFile(
                pa.BufferReader(content),
                pre_buffer=False,
                page_checksum_verification=True,
                thrift_string_size_limit=_METADATA_BYTES,
                thrift_container_size_limit=_METADATA_BYTES,
            )
            wanted = self._wanted(file, part.name, len(content))
            for batch in file.iter_batches(_BATCH_ROWS, columns=wanted, use_threads=False):
                batch.validate(full=True)
                yield batch
        except (pa.ArrowException, OSError, ValueError, OverflowError, TypeError):
            pass
        else:
            return
        raise refused(self._contract, part.name, "this is not a Parquet file, or it is damaged")

    def _wanted(self, file: pq.ParquetFile, part: str, size: int) -> list[str]:
        """Names of the file's columns to read; refuse a file that lacks one, or that claims too much."""
        names = file.schema_arrow.names
        wanted = []
        for column in self._contract.columns:
            top = column.physical_name if column.physical_name in names else column.physical_name.partition(".")[0]
            if names.count(top) > 1:
                raise refused(self._contract, part, f"source column « {top} » stands twice")
            if top in names and column.read:
                wanted.append(top)
            elif column.required and top not in names:
                raise gone(self._contract, column.physical_name)
        if file.metadata.num_rows > size:
            raise refused(self._contract, part, "the file declares more rows than it has bytes")
        for number in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(number)
            for index in range(group.num_columns):
                chunk = group.column(index)
                if chunk.path_in_schema.partition(".")[0] in wanted and chunk.total_uncompressed_size > CHUNK_BYTES:
                    raise refused(self._contract, part, f"a column declares more than {CHUNK_BYTES} bytes in one piece")
        return list(dict.fromkeys(wanted))

    def _columns(self, batch: pa.RecordBatch, part: str) -> dict[str, Converted]:
        columns = {}
        for column in self._contract.columns:
            values = _found(batch, column.physical_name) if column.read else None
            if values is None:
                columns[column.name] = Converted(pa.nulls(batch.num_rows, ARROW_TYPES[column.logical_type]), _no(batch))
                continue
            try:
                columns[column.name] = from_arrow(values, column, self._rules)
            except (pa.ArrowException, ValueError, OverflowError):
                columns[column.name] = None  # type: ignore[assignment]
            if columns[column.name] is None:
                reason = f"the type of source column « {column.physical_name} » can not become {column.logical_type}"
                raise refused(self._contract, part, reason)
        return columns


class _Records:
    """Rows of a batch as texts, for quarantine."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch

    def texts(self, rows: Any) -> list[str]:
        """These rows as JSON, of the columns that the contract reads."""
        taken = self._batch.take(pa.array(list(rows), pa.int64()))
        columns = {name: _shown(taken.column(number)) for number, name in enumerate(taken.schema.names)}
        return [
            json.dumps(dict(zip(columns, row, strict=True)), default=str) for row in zip(*columns.values(), strict=True)
        ]


def _shown(values: pa.Array) -> list[Any]:
    """A column as Python shows it, or as Arrow does: its times go further."""
    try:
        return list(values.to_pylist())
    except (ValueError, OverflowError, pa.ArrowException):
        pass
    try:
        return list(values.cast(pa.string()).to_pylist())
    except (ValueError, pa.ArrowException):
        return [None] * len(values)


def _no(batch: pa.RecordBatch) -> pa.BooleanArray:
    return pa.repeat(pa.scalar(False), batch.num_rows)


def _found(batch: pa.RecordBatch, name: str) -> pa.Array | None:
    """A column, or a key inside one; None if it is not there."""
    if name in batch.schema.names:
        return batch.column(name)
    top, *keys = name.split(".")
    if top not in batch.schema.names:
        return None
    values = batch.column(top)
    for key in keys:
        if not pa.types.is_struct(values.type) or values.type.get_field_index(key) < 0:
            return None
        values = pc.struct_field(values, values.type.get_field_index(key))
    return values


def from_arrow(values: pa.Array, column: Column, rules: TextRules) -> Converted:
    """A typed column as the contract's type; what has no meaning there is bad.

    Raises:
        ArrowException: its type can not be read as a text either.
    """
    values = values.dictionary_decode() if isinstance(values, pa.DictionaryArray) else values
    kind, wanted = values.type, column.logical_type
    if wanted == "number" and (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        numbers = values.cast(pa.float64(), safe=False)
        numbers = pc.if_else(pc.is_finite(numbers), numbers, pa.scalar(None, pa.float64()))
        return normalized(Converted(numbers, failures(values, numbers)), column, rules)
    if wanted == "integer" and pa.types.is_floating(kind):
        exact = pc.and_(pc.equal(pc.floor(values), values), pc.less_equal(pc.abs(values), 2.0**53))
        whole = pc.if_else(exact, values, pa.scalar(None, kind)).cast(pa.int64(), safe=False)
        return Converted(whole, failures(values, whole))
    if wanted == "timestamp" and pa.types.is_timestamp(kind):
        return _instants(values, rules)
    if wanted == "date" and pa.types.is_timestamp(kind) and kind.tz is None:
        days = _micro(values).cast(pa.date32(), safe=False)
        midnight = pc.if_else(pc.equal(days.cast(_MICRO), _micro(values)), days, pa.scalar(None, pa.date32()))
        return Converted(midnight, failures(values, midnight))
    if (wanted, kind) in (("boolean", pa.bool_()), ("date", pa.date32()), ("integer", pa.int64())):
        return Converted(values, pa.repeat(pa.scalar(False), len(values)))
    if pa.types.is_date64(kind) and wanted == "date":
        return Converted(values.cast(pa.date32(), safe=False), pa.repeat(pa.scalar(False), len(values)))
    texts = values.cast(pa.string())
    return convert(pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts), column, rules)


def _instants(values: pa.Array, rules: TextRules) -> Converted:
    exact = _micro(values)
    if values.type.tz is not None:
        instants = pc.assume_timezone(exact, "UTC")
        return Converted(instants, failures(values, instants))
    instants, repeated = local(exact, rules.zone)
    return Converted(instants, failures(values, instants), repeated=repeated)


def _micro(values: pa.Array) -> pa.TimestampArray:
    """Times in microseconds without a zone; finer ones are cut, those of no year of four digits are null."""
    scale = _PER_SECOND[values.type.unit]
    count = values.cast(pa.int64(), safe=False)
    seconds = pc.floor(pc.divide(count.cast(pa.float64(), safe=False), float(scale)))
    sane = pc.and_(pc.greater_equal(seconds, -62_135_596_800), pc.less(seconds, 253_402_214_400))
    count = pc.if_else(sane, count, pa.scalar(None, pa.int64()))
    micro = pc.divide(count, scale // 1_000_000) if scale > 1_000_000 else pc.multiply(count, 1_000_000 // scale)
    return micro.cast(_MICRO)
