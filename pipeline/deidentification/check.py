"""Check each row against its contract: what fails is set aside with a coded reason, nothing is repaired.

A row is rejected once, for the first rule it breaks, in the contract's order. Rejects carry the raw row, which is why
they only ever travel from here to a sealed quarantine object.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.periods import last_correction_at, period_keys
from policies.contract import Column, Contract, QualityRule
from sources.protocol import REJECT_SCHEMA, Decoded

CLOCK_TOLERANCE = timedelta(hours=26)  # a wrong Paris offset is at most two hours, a wrong day one more day


@dataclass(frozen=True, slots=True)
class Checked:
    """Rows that passed, with their position in the delivery, and all rejects of the batch (decoder's included).

    From here on only stored columns are there: rejects alone still have the others.
    """

    batch: pa.RecordBatch
    positions: pa.Array
    rejects: pa.RecordBatch


def check(decoded: Iterator[Decoded], contract: Contract, timezone: str, now: datetime) -> Iterator[Checked]:
    """Yield each batch without the rows that break the contract."""
    for item in decoded:
        yield _check_batch(item, contract, timezone, now)


def _check_batch(item: Decoded, contract: Contract, timezone: str, now: datetime) -> Checked:
    batch = item.batch
    codes: dict[tuple[str, str | None], pa.Array] = {}
    passing = pa.array([True]).take(pa.nulls(batch.num_rows, pa.int64()).fill_null(0))
    for code, column, broken in _broken(batch, contract, timezone, now):
        fresh = pc.and_(broken, passing)
        if pc.any(fresh).as_py():
            reason = (code, column)
            codes[reason] = pc.or_(codes[reason], fresh) if reason in codes else fresh
            passing = pc.and_(passing, pc.invert(fresh))
    kept = batch.select([column.name for column in contract.columns if column.stored])
    if not codes:
        return Checked(kept, item.positions, item.rejects)
    rejects = [item.rejects]
    known = batch.select([column.name for column in contract.columns if column.checked])
    for (code, column), mask in codes.items():
        rejects.append(rejects_of(known.filter(mask), item.positions.filter(mask), code, column))
    combined = pa.Table.from_batches(rejects, REJECT_SCHEMA).combine_chunks()
    return Checked(kept.filter(passing), item.positions.filter(passing), combined.to_batches()[0])


def _broken(
    batch: pa.RecordBatch, contract: Contract, timezone: str, now: datetime
) -> Iterator[tuple[str, str | None, pa.Array]]:
    """Yield (code, column, mask of rows that break it)."""
    for column in contract.columns:
        values = batch.column(column.name)
        if column.required or column.primary_key:
            yield "nullValues", column.name, pc.is_null(values)
        for rule in column.quality:
            if rule.code != "nullValues":
                yield rule.code, column.name, pc.fill_null(_breaks(rule, column, values), False)
    times = batch.column(contract.event_time)
    keys = period_keys(times, contract.period, timezone)
    for period in keys.dictionary.to_pylist():
        if period is not None and now >= last_correction_at(contract, period, timezone):
            yield "tooLate", contract.event_time, pc.fill_null(pc.equal(keys, period), False)
    limit = pa.scalar(now + CLOCK_TOLERANCE).cast(pa.timestamp("us", tz="UTC"))
    if pa.types.is_timestamp(times.type):
        yield "inTheFuture", contract.event_time, pc.fill_null(pc.greater(times, limit.cast(times.type)), False)
    else:
        yield "inTheFuture", contract.event_time, pc.fill_null(pc.greater(times, (now + CLOCK_TOLERANCE).date()), False)


def _breaks(rule: QualityRule, column: Column, values: pa.Array) -> pa.Array:
    broken = pa.nulls(len(values), pa.bool_()).fill_null(False)
    if rule.minimum is not None:
        broken = pc.or_kleene(broken, pc.less(values, pa.scalar(rule.minimum).cast(values.type)))
    if rule.maximum is not None:
        broken = pc.or_kleene(broken, pc.greater(values, pa.scalar(rule.maximum).cast(values.type)))
    if rule.pattern is not None:
        broken = pc.or_kleene(broken, _mismatches(values, rule.pattern))
    if rule.lengths is not None:
        broken = pc.or_kleene(broken, _wrong_length(values, *rule.lengths))
    if rule.valid_values:
        broken = pc.or_kleene(broken, pc.invert(pc.is_in(values, pa.array(rule.valid_values).cast(values.type))))
    return broken


def _mismatches(values: pa.Array, pattern: str) -> pa.Array:
    """Where a text does not match; each distinct text is looked at once, as an expression costs more than a look-up."""
    encoded = pc.dictionary_encode(values)
    return pc.invert(pc.match_substring_regex(encoded.dictionary, rf"^(?:{pattern})$")).take(encoded.indices)


def _wrong_length(values: pa.Array, fewest: int, most: int | None) -> pa.Array:
    characters = pc.utf8_length(values)
    short = pc.less(characters, fewest)
    return short if most is None else pc.or_kleene(short, pc.greater(characters, most))


def rejects_of(rows: pa.RecordBatch, positions: pa.Array, code: str, column: str | None) -> pa.RecordBatch:
    """Rows that are set aside for one reason, as they stand."""
    records = [json.dumps(row, ensure_ascii=False, default=str, sort_keys=True) for row in rows.to_pylist()]
    return pa.record_batch(
        [
            positions.cast(pa.int64()),
            pa.array([code] * rows.num_rows, pa.string()),
            pa.array([column] * rows.num_rows, pa.string()),
            pa.array(records, pa.string()),
        ],
        schema=REJECT_SCHEMA,
    )
