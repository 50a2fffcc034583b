"""What a simulated operator sends, read by the decoder of the shipped contract."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from stack.operators.defects import NO_DEFECTS, Defects
from tests.unit.sources.support import Whole, codes, contract, read

SPOILT = Defects(duplicates=0.1, missing=0.1, unreadable=0.1, truncated=0.1)
CLEAN = NO_DEFECTS
Reject = tuple[object, object, object]  # position, code, the operator's column


def as_read(dataset: str, payload: bytes | list[dict[str, Any]] | dict[str, Any]) -> Whole:
    """Rows, rejects and positions of one delivery."""
    sent = payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode()
    return read(contract(dataset), sent)


def clean_table(dataset: str, payload: bytes | list[dict[str, Any]] | dict[str, Any]) -> pa.Table:
    """The rows of a delivery in which nothing may be rejected."""
    table, rejects, _ = as_read(dataset, payload)
    assert rejects == []
    return table


def only_the_planted_are_rejected(
    dataset: str, records: list[dict[str, Any]], payload: Any, attribute: str, code: str = "badNumber"
) -> pa.Table:
    """Check that exactly the records whose `attribute` is no number are rejected, each where it stands."""
    planted = [position for position, one in enumerate(records) if _value(one.get(attribute)) == "n/c"]
    table, rejects, positions = as_read(dataset, payload)
    assert len(planted) > 3
    assert codes(rejects) == [(position, code, attribute) for position in planted]
    assert sorted([*planted, *positions]) == list(range(len(records)))
    return table


def _value(attribute: Any) -> Any:
    return attribute.get("value") if isinstance(attribute, dict) else attribute
