"""What a connector hands over and what a decoder makes of it.

A connector never interprets bytes; a decoder never fetches any. Between the two the payload lies sealed in landing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa

from storage import REJECT_SCHEMA, PayloadPart

__all__ = ["REJECT_SCHEMA", "Connector", "Cursor", "Decoded", "Decoder", "Delivery", "PayloadPart"]

Cursor = dict[str, Any]  # JSON: where a connector stands; stored by the pipeline once the delivery has landed


@dataclass(slots=True)
class Delivery:
    """What one visit to an operator brought. `parts` can be read once."""

    source: str  # address or file name, for the sealed manifest only: never logged
    fetched_at: datetime
    parts: Iterator[PayloadPart]
    next_cursor: Cursor = field(default_factory=dict)


class Connector(Protocol):
    """Fetches what is new since `cursor`; yields nothing when nothing is."""

    @property
    def problems(self) -> list[str]:
        """What a person must look at and that held up nothing else: sentences in French, without a value."""
        ...

    def fetch(self, cursor: Cursor | None, now: datetime) -> Iterator[Delivery]:
        """Yield deliveries, oldest first. Asked for the next one, it knows that the journal has the one before.

        Raises:
            SourceUnavailableError: the operator can not be reached or answers with an error.
        """
        ...


@dataclass(frozen=True, slots=True)
class Decoded:
    """A batch in the contract's source columns (all of them, by `name`, typed), and what could not be read.

    `rejects` has columns: position (int64, 0-based row of the delivery), code (string), column (string, nullable),
    record (string: the raw record, sealed in quarantine and shown nowhere else).
    """

    batch: pa.RecordBatch
    rejects: pa.RecordBatch
    positions: pa.Int64Array  # of each row of `batch`


class Decoder(Protocol):
    """Turns the parts of a delivery into typed batches, streaming, in bounded memory."""

    def decode(self, parts: Iterator[PayloadPart]) -> Iterator[Decoded]:
        """Yield batches of at most some tens of thousands of rows.

        Raises:
            PayloadError: the payload as a whole can not be read (not JSON, a required column is gone or changed type).
        """
        ...
