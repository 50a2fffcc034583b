"""Apache Parquet files to typed batches.

A Parquet file is read from its end, so it is held in memory, compressed, and never laid on a disk: it is limited to
:data:`FILE_BYTES`. Arrow reads it in a process of its own (:mod:`sources.decoders.parquet_child` says why), a batch
of rows at a time, columns that the contract does not read not at all. A small file may claim to be huge: it is
refused if it has more rows than bytes, or if that process comes to its limits of memory or time.

Physical names are column names; keys of a struct column stand behind dots. Types are those of the file, and what they
can say is taken: integers from whole floats, instants from times with a zone, clock times of the territory from times
without one. Texts are read by the grammars of all decoders.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from policies.contract import Column, Contract, Territory
from sources.batches import DriftGuard, assemble, gone, refused
from sources.clock import RepeatedHours, local
from sources.columns import ARROW_TYPES, Converted, TextRules, convert, failures, normalized
from sources.decoders import parquet_child
from sources.decoders.records import names_read
from sources.options import ParquetOptions, read_options
from sources.protocol import Decoded, PayloadPart
from sources.rules import reading_rules

FILE_BYTES = 256 * 1024 * 1024
_DAMAGED = "this is not a Parquet file, or it is damaged"
_REASONS = {
    parquet_child.MORE_ROWS_THAN_BYTES: "the file declares more rows than it has bytes",
    parquet_child.TWICE: "a source column that the contract reads stands twice",
    parquet_child.TOO_LARGE: "the file needs more memory than it may",
}
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
            content = part.stream.read(FILE_BYTES + 1)
            if len(content) > FILE_BYTES:
                raise refused(self._contract, part.name, f"the file is larger than {FILE_BYTES} bytes")
            for batch in self._batches(content, part.name):
                columns = hours.settle(self._columns(batch, part.name))
                guard.note(columns, batch.num_rows)
                positions = pa.array(range(position, position + batch.num_rows), pa.int64())
                yield assemble(self._contract, columns, positions, _Records(batch).texts)
                position += batch.num_rows

    def _batches(self, content: bytes, part: str) -> Iterator[pa.RecordBatch]:
        """What the child reads. Whatever Arrow says about a bad file stays there."""
        command = [sys.executable, "-I", str(Path(parquet_child.__file__)), *self._wanted()]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            try:
                yield from self._stream(child, content)
            except BaseException:
                child.kill()
                raise
        if child.returncode:
            raise refused(self._contract, part, _REASONS.get(child.returncode, _DAMAGED))

    def _stream(self, child: subprocess.Popen[bytes], content: bytes) -> Iterator[pa.RecordBatch]:
        if child.stdin is None or child.stdout is None:
            raise TypeError("the child has no pipes")
        try:
            child.stdin.write(content)
            child.stdin.close()
            reader = pa.ipc.open_stream(child.stdout)
        except (BrokenPipeError, pa.ArrowInvalid):  # it ended: its code tells why
            return
        self._check_columns(reader.schema)
        while True:
            try:
                batch = reader.read_next_batch()
            except (StopIteration, pa.ArrowException, OSError):
                return
            yield batch

    def _wanted(self) -> list[str]:
        """Names of columns that may be in the file: a name with dots may be one, or a path."""
        names = names_read(self._contract)
        return list(dict.fromkeys([*names, *(name.partition(".")[0] for name in names)]))

    def _check_columns(self, schema: pa.Schema) -> None:
        for column in self._contract.columns:
            name = column.physical_name
            if column.required and name not in schema.names and name.partition(".")[0] not in schema.names:
                raise gone(self._contract, name)

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
