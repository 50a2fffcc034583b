"""Delimited text (RFC 4180, one record a line) to typed batches, at the speed of Arrow's own reader.

The file is cut at line ends into blocks of a few megabytes, so memory does not depend on its size; two are read side
by side.

1. A block is first read in one go with the contract's types: this is all that happens to a clean file.
2. If anything in it can not be read, the same block is read again as plain texts, and each column converted by
   :mod:`sources.columns`, which tells bad rows from good ones. Both readings accept the same values: a property test
   compares them.

Dates and whole numbers repeat, so they are read as dictionaries and each distinct one is parsed once. A record never
spans two lines: an unbalanced quote spoils its own line only. Columns that the contract does not know, or neither
keeps nor checks, are never even materialised.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import partial
from typing import IO, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from policies.contract import Contract, Territory
from sources.batches import DriftGuard, assemble, gone, joined, refused, structural_rejects
from sources.clock import RepeatedHours
from sources.columns import ARROW_TYPES, Converted, convert, normalized
from sources.decoders.lines import BLOCK_BYTES, Lines, as_utf8, blocks, is_utf8, line_feeds
from sources.options import CsvOptions, read_options
from sources.protocol import Decoded, PayloadPart
from sources.rules import reading_rules
from storage import side_by_side

_REPEATED = pa.dictionary(pa.int32(), pa.string())
Judges = tuple[DriftGuard, RepeatedHours]


class CsvDecoder:
    """Decodes every part of a delivery as one table; positions go on from part to part."""

    def __init__(self, contract: Contract, territory: Territory) -> None:
        self._options = options = read_options(contract, CsvOptions)
        self._contract = contract
        self._read_columns = [column for column in contract.columns if column.read]
        self._rules = reading_rules(contract, options, territory, options.decimal, options.thousands)

    def decode(self, parts: Iterator[PayloadPart]) -> Iterator[Decoded]:
        """Yield a batch a block. See :class:`sources.protocol.Decoder`."""
        position = 0
        judges = DriftGuard(self._contract), RepeatedHours(self._contract, self._rules.repeated_hour)
        for part in parts:
            stream = as_utf8(part.stream, self._options.encoding)
            header = self._header(stream, part.name)
            quickly = partial(self._quickly, header=header)
            for block, columns in side_by_side(quickly, blocks(stream, self._contract, part.name)):
                decoded, rows = self._block(block, columns, header, position, judges)
                position += rows
                yield decoded

    def _header(self, stream: IO[bytes], part: str) -> list[str]:
        """Read the names of columns; refuse a file without those that the contract requires."""
        for _ in range(self._options.skip_lines):
            stream.readline(BLOCK_BYTES)
        names = list(self._options.header) or self._first_line(stream, part)
        for column in self._contract.columns:
            if column.required and column.physical_name not in names:
                raise gone(self._contract, column.physical_name)
            if names.count(column.physical_name) > 1:
                raise refused(self._contract, part, f"source column « {column.physical_name} » stands twice")
        if not any(column.physical_name in names for column in self._read_columns):
            raise refused(self._contract, part, "the header names no column that the contract reads")
        # Arrow wants distinct names; those we do not know are numbered, as they could repeat, or be data.
        known = {column.physical_name for column in self._contract.columns}
        return [name if name in known else f"#{number}" for number, name in enumerate(names)]

    def _first_line(self, stream: IO[bytes], part: str) -> list[str]:
        try:
            line = stream.readline(BLOCK_BYTES).decode("utf-8-sig").rstrip("\r\n")
            return next(csv.reader([line], delimiter=self._options.delimiter), [])
        except UnicodeDecodeError:
            raise refused(self._contract, part, f"the header is not {self._options.encoding}") from None
        except csv.Error:
            raise refused(self._contract, part, "the first line is not a header of delimited text") from None

    def _block(
        self, block: bytes, columns: dict[str, Converted] | None, header: list[str], position: int, judges: Judges
    ) -> tuple[Decoded, int]:
        """Decode a block, if its quick reading gave nothing; also tell how many records it holds, good or not."""
        if columns is not None:
            rows = len(next(iter(columns.values())).values)
            columns = self._judged(columns, rows, judges)
            positions = pa.array(np.arange(position, position + rows))
            lines = Lines(block)
            return assemble(self._contract, columns, positions, lines.texts), rows
        return self._carefully(block, header, position, judges)

    def _judged(self, columns: dict[str, Converted], rows: int, judges: Judges) -> dict[str, Converted]:
        guard, hours = judges
        columns = hours.settle(columns)
        guard.note(columns, rows)
        return columns

    def _quickly(self, block: bytes, header: list[str]) -> tuple[bytes, dict[str, Converted] | None]:
        """The block, and its typed reading; None if it needs the careful one."""
        return block, self._typed(block, header)

    def _typed(self, block: bytes, header: list[str]) -> dict[str, Converted] | None:
        if b"\r" in block and block.count(b"\r") != block.count(b"\r\n"):
            return None  # Arrow ends a record at a lone carriage return
        if not is_utf8(block):
            return None
        types = {column.physical_name: self._quick_type(column.logical_type) for column in self._read_columns}
        try:
            table = self._read(block, header, types, None)
        except pa.ArrowInvalid:
            return None
        if table.num_rows != line_feeds(block):
            return None  # blank lines, or a quote opened in one line and closed in another
        columns = {}
        for column in self._contract.columns:
            if column.physical_name not in header or not column.read:
                columns[column.name] = self._absent(column.logical_type, table.num_rows)
                continue
            values = _whole(table[column.physical_name])
            if pa.types.is_floating(values.type):
                if not pc.all(pc.is_finite(values)).as_py():
                    return None  # null means true here: only "inf" and "nan" are refused
                columns[column.name] = normalized(Converted(values, _no(table.num_rows)), column, self._rules)
            else:
                columns[column.name] = convert(values, column, self._rules)
        return columns

    def _quick_type(self, logical_type: str) -> pa.DataType:
        """Numbers are read by Arrow itself, whose grammar for them is ours, unless their digits come in groups."""
        quick = logical_type == "number" and not self._options.thousands
        return pa.float64() if quick else _tolerant_type(logical_type)

    def _absent(self, logical_type: str, rows: int) -> Converted:
        return Converted(pa.nulls(rows, ARROW_TYPES[logical_type]), _no(rows))

    def _carefully(self, block: bytes, header: list[str], position: int, judges: Judges) -> tuple[Decoded, int]:
        """The reading as texts, which survives any line."""
        lines = Lines(block)
        broken = dict.fromkeys(lines.unclosed(self._options.delimiter), "badQuoting")
        broken.update(dict.fromkeys(lines.undecodable(), "badEncoding"))
        kept = np.delete(np.arange(len(lines)), list(broken))

        def skip(row: pacsv.InvalidRow) -> Literal["skip"]:
            broken[int(kept[row.number - 1])] = "columnCount"
            return "skip"

        types = {column.physical_name: _tolerant_type(column.logical_type) for column in self._read_columns}
        table = self._read(lines.without(broken), header, types, skip)
        kept = np.delete(np.arange(len(lines)), list(broken))
        columns = {
            column.name: convert(_whole(table[column.physical_name]), column, self._rules)
            if column.physical_name in header and column.read
            else self._absent(column.logical_type, table.num_rows)
            for column in self._contract.columns
        }
        columns = self._judged(columns, table.num_rows, judges)
        positions = pa.array(position + kept)
        decoded = assemble(self._contract, columns, positions, lambda rows: lines.texts(kept[list(rows)].tolist()))
        structural = [
            structural_rejects([position + n for n in numbers], code, lines.texts(numbers))
            for code in ("badEncoding", "badQuoting", "columnCount")
            if (numbers := sorted(number for number, why in broken.items() if why == code))
        ]
        return Decoded(decoded.batch, joined(decoded.rejects, *structural), decoded.positions), len(lines)

    def _read(self, block: bytes, header: list[str], types: dict[str, pa.DataType], skip: object) -> pa.Table:
        present = {name: kind for name, kind in types.items() if name in header}
        if not block:
            return pa.table({name: pa.nulls(0, kind) for name, kind in present.items()})
        return pacsv.read_csv(
            pa.py_buffer(block),
            read_options=pacsv.ReadOptions(column_names=header, block_size=len(block) + 1, use_threads=False),
            parse_options=pacsv.ParseOptions(delimiter=self._options.delimiter, invalid_row_handler=skip),
            convert_options=pacsv.ConvertOptions(
                column_types=present,
                include_columns=list(present),
                null_values=["", *self._options.nulls],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                decimal_point=self._options.decimal,
                check_utf8=False,  # of the whole block, before
            ),
        )


def _tolerant_type(logical_type: str) -> pa.DataType:
    """Texts, so that nothing fails; those that repeat are kept once."""
    return _REPEATED if logical_type in ("integer", "date", "timestamp") else pa.string()


def _no(rows: int) -> pa.BooleanArray:
    return pa.repeat(pa.scalar(False), rows)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """A column of one block as one array."""
    if column.num_chunks == 1:
        return column.chunk(0)
    whole = column.combine_chunks()
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
