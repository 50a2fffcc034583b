"""What decoders of records share: parsed records, gathered until a batch is worth its overhead, become typed columns.

A record that could be parsed but not used is in its place as an :class:`Unreadable`, one that is of no concern to the
contract as None; so positions count the operator's records and nobody else's.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from policies.contract import Column, Contract
from sources.batches import DriftGuard, assemble, joined, refused, structural_rejects
from sources.clock import RepeatedHours
from sources.columns import ARROW_TYPES, Converted, TextRules, convert, in_unit, normalized
from sources.protocol import Decoded, PayloadPart

BATCH_RECORDS = 32_768
PAGE_BYTES = 64 * 1024 * 1024

Rows = np.ndarray[tuple[int], np.dtype[np.int64]]
Values = Mapping[str, Sequence[Any]]  # by physical name, or by `unit_of` one: a text for each row, or None
_MOST_ENTRIES = 2 * BATCH_RECORDS  # of one segment's part of a batch


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that goes to quarantine as a whole, and why."""

    code: str
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """Records that stand side by side in one document."""

    records: Sequence[Any]  # what `values` reads, Unreadable, or None
    values: Callable[[Sequence[Any]], Values]  # columns of those that can be read; one that is not there is null
    raw: Callable[[int], str]  # a record as the operator wrote it
    clean: bool = False  # whether all records are known to be readable


def read_json(part: PayloadPart, contract: Contract) -> Any:
    """Parse one page.

    Raises:
        PayloadError: it is too large, or not JSON. The message names the part and tells nothing of its content.
    """
    content = part.stream.read(PAGE_BYTES + 1)
    if len(content) > PAGE_BYTES:
        raise refused(contract, part.name, f"the page is larger than {PAGE_BYTES} bytes")
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        place: int | None = error.pos
    except (ValueError, RecursionError):
        place = None
    reason = "the page is not JSON; ask the operator, or wait for the next delivery"
    raise refused(contract, part.name, reason, place)


def flat(page: Sequence[Any], names: Sequence[str]) -> Segment:
    """A page of flat records, keyed by physical name."""
    records = [record if isinstance(record, dict) else Unreadable("notObject") for record in page]

    def values(kept: Sequence[Any]) -> Values:
        return {name: [record.get(name) for record in kept] for name in names}

    return Segment(records, values, lambda row: json.dumps(page[row]))


def unit_of(name: str) -> str:
    """The key in :data:`Values` of what each row says about the unit of column `name`."""
    return f"{name}\0unit"


def names_read(contract: Contract) -> list[str]:
    """The physical names whose values are needed, each once."""
    return list(dict.fromkeys(column.physical_name for column in contract.columns if column.read))


def decode_records(contract: Contract, rules: TextRules, segments: Iterator[Segment]) -> Iterator[Decoded]:
    """Turn records into batches; positions go on from segment to segment."""
    builder = _Builder(contract, rules)
    waiting: list[Segment] = []
    count = 0
    for segment in segments:
        for piece in _cut(segment):
            waiting.append(piece)
            count += len(piece.records)
            if count >= BATCH_RECORDS:
                yield builder.batch(waiting)
                waiting, count = [], 0
    if waiting:
        yield builder.batch(waiting)


def _cut(segment: Segment) -> Iterator[Segment]:
    """A large segment in pieces of a batch each."""
    if len(segment.records) <= _MOST_ENTRIES:
        yield segment
        return
    for start in range(0, len(segment.records), BATCH_RECORDS):
        yield _slice(segment, start)


def _slice(segment: Segment, start: int) -> Segment:
    records = segment.records[start : start + BATCH_RECORDS]
    return Segment(records, segment.values, lambda row: segment.raw(start + row), segment.clean)


class _Builder:
    """Makes the batches of one delivery."""

    def __init__(self, contract: Contract, rules: TextRules) -> None:
        self._contract = contract
        self._rules = rules
        self._guard = DriftGuard(contract)
        self._hours = RepeatedHours(contract, rules.repeated_hour)
        self._position = 0
        self._units = [
            unit_of(column.physical_name)
            for column in contract.columns
            if column.logical_type == "number" and column.unit and column.physical_name not in rules.conversions
        ]

    def batch(self, segments: Sequence[Segment]) -> Decoded:
        """One batch out of some segments."""
        starts, positions, kept = [0], list[Rows](), list[Rows]()
        rejects: dict[Unreadable, list[tuple[int, str]]] = {}
        found: dict[str, list[Any]] = {name: [] for name in (*names_read(self._contract), *self._units)}
        for segment in segments:
            rows = self._sort_out(segment, rejects)
            kept.append(rows)
            positions.append(rows + self._position)
            starts.append(starts[-1] + len(rows))
            all_kept = len(rows) == len(segment.records)
            self._gather(
                segment.records if all_kept else [segment.records[row] for row in rows.tolist()], segment, found
            )
            self._position += len(segment.records)

        def raw(numbers: Sequence[int]) -> list[str]:
            places = [(bisect_right(starts, number) - 1, number) for number in numbers]
            return [segments[at].raw(int(kept[at][number - starts[at]])) for at, number in places]

        columns = self._hours.settle({column.name: self._column(column, found) for column in self._contract.columns})
        self._guard.note(columns, starts[-1])
        decoded = assemble(self._contract, columns, pa.array(np.concatenate(positions)), raw)
        structural = [
            structural_rejects([at for at, _ in lost], why.code, [text for _, text in lost], why.column)
            for why, lost in rejects.items()
        ]
        return Decoded(decoded.batch, joined(decoded.rejects, *structural), decoded.positions)

    def _sort_out(self, segment: Segment, rejects: dict[Unreadable, list[tuple[int, str]]]) -> Rows:
        """Rows of the segment that can be read; the others are noted."""
        count = len(segment.records)
        if segment.clean:
            return np.arange(count)
        rows = []
        for row, record in enumerate(segment.records):
            if isinstance(record, Unreadable):
                rejects.setdefault(record, []).append((self._position + row, segment.raw(row)))
            elif record is not None:
                rows.append(row)
        return np.array(rows, np.int64)

    def _gather(self, records: Sequence[Any], segment: Segment, found: dict[str, list[Any]]) -> None:
        values = segment.values(records)
        for name, column in found.items():
            column.extend(values.get(name) or [None] * len(records))

    def _column(self, column: Column, found: dict[str, list[Any]]) -> Converted:
        values = found.get(column.physical_name)
        if values is None:
            length = len(next(iter(found.values()), ()))
            return Converted(pa.nulls(length, ARROW_TYPES[column.logical_type]), pa.repeat(pa.scalar(False), length))
        read = from_values(values, column, self._rules)
        units = found.get(unit_of(column.physical_name), ())
        if column.unit is None or column.logical_type != "number" or all(unit is None for unit in units):
            return read
        return in_unit(read, pa.array([text_of(unit) for unit in units], pa.string()), column.unit)


def from_values(values: Sequence[Any], column: Column, rules: TextRules) -> Converted:
    """JSON values as the contract's type. Arrow tells of what kind they are; numbers need not become texts first."""
    try:
        found = pa.array(values)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):  # of several kinds, beyond 64 bits, lone surrogates
        found = None
    kind = None if found is None else found.type
    if kind == pa.string():
        return convert(_nothing(found), column, rules)
    numbers = _numbers(found, column.logical_type) if found is not None else None
    if numbers is not None:
        return normalized(Converted(numbers, pa.repeat(pa.scalar(False), len(values))), column, rules)
    return convert(pa.array([text_of(value) for value in values], pa.string()), column, rules)


def _numbers(found: pa.Array, logical_type: str) -> pa.Array | None:
    """Numbers that are already of the contract's type, or can be without loss."""
    if logical_type == "integer" and found.type == pa.int64():
        return found
    if logical_type != "number" or found.type not in (pa.int64(), pa.float64()):
        return None
    try:
        numbers = found.cast(pa.float64())
    except pa.ArrowInvalid:  # beyond 53 bits
        return None
    return numbers if pc.all(pc.is_finite(numbers)).as_py() is not False else None


def _nothing(texts: pa.StringArray) -> pa.StringArray:
    """Empty texts are nothing."""
    empty = pc.equal(pc.binary_length(texts), 0)
    return pc.if_else(empty, pa.scalar(None, pa.string()), texts) if pc.any(empty).as_py() else texts


def text_of(value: Any) -> str | None:
    """A JSON value as the text that the column's grammar reads; empty strings are nothing."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if not value.isascii() else value
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
