"""Converted columns put together: good rows on one side, rejects with position, code and raw record on the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from policies.contract import Contract
from sources.columns import BAD_CODES, Converted, source_schema
from sources.errors import PayloadError, SchemaDriftError
from sources.protocol import REJECT_SCHEMA, Decoded

DRIFT_SAMPLE = 10  # values: fewer prove nothing about a column

Records = Callable[[Sequence[int]], list[str]]  # raw records of these rows of the batch


@dataclass(slots=True)
class DriftGuard:
    """Tells a few unreadable values (rejects) from a column that changed (a person must look at the contract).

    A column none of whose first :data:`DRIFT_SAMPLE` or more values can be read has changed type; a required column
    that no record has is gone.
    """

    contract: Contract
    rows: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)

    def note(self, columns: dict[str, Converted], rows: int) -> None:
        """Count a batch.

        Raises:
            SchemaDriftError: a column vanished or changed type.
        """
        self.rows += rows
        for column in self.contract.columns:
            converted = columns[column.name]
            failed = pc.sum(converted.bad).as_py() or 0
            readable = rows - converted.values.null_count
            self.failed[column.name] = self.failed.get(column.name, 0) + failed
            self.seen[column.name] = self.seen.get(column.name, 0) + readable + failed
            if self.failed[column.name] == self.seen[column.name] >= DRIFT_SAMPLE:
                raise SchemaDriftError(
                    f"{self.contract.id}: none of the first {self.seen[column.name]} values of source column "
                    f"« {column.physical_name} » is a {column.logical_type}: it changed type. Mend the contract or "
                    "tell the operator, then run again"
                )
            if column.required and self.rows >= DRIFT_SAMPLE and not self.seen[column.name]:
                raise gone(self.contract, column.physical_name)


def refused(contract: Contract, part: str, reason: str, byte: int | None = None) -> PayloadError:
    """The error about a payload that can not be read at all: operator, feed, object, position, and no value."""
    where = f", byte {byte}" if byte is not None else ""
    return PayloadError(f"{contract.feed.operator}, {contract.id}, {part}{where}: {reason}")


def gone(contract: Contract, physical_name: str) -> SchemaDriftError:
    """The error about a required column that is no longer there."""
    return SchemaDriftError(
        f"{contract.id}: required source column « {physical_name} » is no longer in the payload. "
        "Mend the contract or tell the operator, then run again"
    )


def assemble(contract: Contract, columns: dict[str, Converted], positions: pa.Int64Array, records: Records) -> Decoded:
    """Split rows into those whose every text could be read and rejects, which name the first column that could not."""
    length = len(positions)
    code = pa.nulls(length, pa.string())
    culprit = pa.nulls(length, pa.string())
    for column in contract.columns:
        bad = columns[column.name].bad
        if not pc.any(bad).as_py():
            continue
        first = pc.and_(bad, code.is_null())
        why = columns[column.name].code or BAD_CODES.get(column.logical_type, "badText")
        code = pc.if_else(first, why, code)
        culprit = pc.if_else(first, column.physical_name, culprit)
    batch = pa.RecordBatch.from_arrays(
        [columns[column.name].values for column in contract.columns], schema=source_schema(contract)
    )
    if code.null_count == length:
        return Decoded(batch, no_rejects(), positions)
    rejected = pc.indices_nonzero(code.is_valid())
    rejects = pa.RecordBatch.from_arrays(
        [
            positions.take(rejected),
            code.take(rejected),
            culprit.take(rejected),
            pa.array(records(rejected.to_pylist()), pa.string()),
        ],
        schema=REJECT_SCHEMA,
    )
    return Decoded(batch.filter(code.is_null()), rejects, positions.filter(code.is_null()))


def no_rejects() -> pa.RecordBatch:
    """An empty batch of rejects."""
    return pa.RecordBatch.from_pylist([], schema=REJECT_SCHEMA)


def structural_rejects(
    positions: Sequence[int], code: str, records: Sequence[str], column: str | None = None
) -> pa.RecordBatch:
    """Rejects of records that are not even rows."""
    count = len(positions)
    return pa.RecordBatch.from_arrays(
        [
            pa.array(positions, pa.int64()),
            pa.repeat(code, count),
            pa.repeat(pa.scalar(column, pa.string()), count),
            pa.array(records, pa.string()),
        ],
        schema=REJECT_SCHEMA,
    )


def joined(*rejects: pa.RecordBatch) -> pa.RecordBatch:
    """Several batches of rejects as one, by position."""
    kept = [batch for batch in rejects if batch.num_rows]
    if len(kept) < 2:
        return kept[0] if kept else no_rejects()
    table = pa.Table.from_batches(kept).sort_by("position").combine_chunks()
    return table.to_batches()[0]
