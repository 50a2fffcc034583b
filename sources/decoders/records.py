"""What JSON decoders share: parsed records become text columns, then typed ones.

An operator's page holds a hundred records or so; pages are gathered until a batch is worth its overhead.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from policies.contract import Contract
from sources.batches import DriftGuard, assemble, joined, structural_rejects
from sources.columns import TextRules, convert
from sources.errors import PayloadError
from sources.protocol import Decoded, PayloadPart

BATCH_RECORDS = 16_384
PAGE_BYTES = 64 * 1024 * 1024

Record = Mapping[str, Any]


def read_json(part: PayloadPart, dataset: str) -> Any:
    """Parse one page.

    Raises:
        PayloadError: it is too large, or not JSON. The message names the part and tells nothing of its content.
    """
    content = part.stream.read(PAGE_BYTES + 1)
    if len(content) > PAGE_BYTES:
        raise PayloadError(f"{dataset}: {part.name} is larger than {PAGE_BYTES} bytes")
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise PayloadError(
            f"{dataset}: {part.name} is not JSON; ask the operator, or wait for the next delivery"
        ) from None


def decode_records(contract: Contract, rules: TextRules, pages: Iterator[Sequence[Any]]) -> Iterator[Decoded]:
    """Turn pages of flat records, keyed by physical name, into batches."""
    guard = DriftGuard(contract)
    waiting: list[Any] = []
    position = 0
    for page in pages:
        waiting.extend(page)
        if len(waiting) >= BATCH_RECORDS:
            yield _batch(contract, rules, guard, waiting, position)
            position += len(waiting)
            waiting = []
    if waiting:
        yield _batch(contract, rules, guard, waiting, position)


def _batch(contract: Contract, rules: TextRules, guard: DriftGuard, found: list[Any], start: int) -> Decoded:
    """One batch. The comprehensions below are the price of JSON; everything after them goes by column."""
    numbers = [number for number, record in enumerate(found) if isinstance(record, dict)]
    records = [found[number] for number in numbers]
    columns = {
        column.name: convert(
            pa.array([_text(record.get(column.physical_name)) for record in records], pa.string()), column, rules
        )
        for column in contract.columns
    }
    guard.note(columns, len(records))
    positions = pa.array([start + number for number in numbers], pa.int64())
    decoded = assemble(contract, columns, positions, lambda rows: [_raw(records[row]) for row in rows])
    others = [number for number, record in enumerate(found) if not isinstance(record, dict)]
    structural = structural_rejects([start + n for n in others], "notObject", [_raw(found[n]) for n in others])
    return Decoded(decoded.batch, joined(decoded.rejects, structural), decoded.positions)


def _text(value: Any) -> str | None:
    """A JSON value as the text that the column's grammar reads; empty strings are nothing."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if not value.isascii() else value
    return json.dumps(value, ensure_ascii=False)


def _raw(record: Any) -> str:
    return json.dumps(record, ensure_ascii=True)
