"""What reading a delivery comes to, noted while its batches go by: for the console, and for whoever watches the feed.

Only counts, codes, positions and names of the contract's own columns are noted. A reject's column is translated to the
contract's name, and left out if the contract has none of that name; unknown names of the payload are counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from pipeline.deidentification.aside import UNREADABLE
from pipeline.hub import Hub
from policies.contract import Contract
from sources.names import watched_parts
from sources.protocol import Decoded, PayloadPart
from storage import Reading, RejectCount

_Reason = tuple[str, str | None]  # code, column of the contract


@dataclass(slots=True)
class Noted:
    """What has gone by of one delivery."""

    contract: Contract
    filled: set[str] = field(default_factory=set)
    unknown: int = 0
    reasons: dict[_Reason, tuple[int, int]] = field(default_factory=dict)  # rows, first position

    def parts(self, parts: Iterator[PayloadPart]) -> Iterator[PayloadPart]:
        """Let the payload pass, counting names that the contract does not describe."""

        def note(count: int) -> None:
            self.unknown = count

        return watched_parts(parts, self.contract, note)

    def decoded(self, batches: Iterator[Decoded]) -> Iterator[Decoded]:
        """Let decoded batches pass, noting which columns have values."""
        names = [column.name for column in self.contract.columns]
        for item in batches:
            waited = [name for name in names if name not in self.filled]
            self.filled.update(name for name in waited if item.batch.column(name).null_count < item.batch.num_rows)
            yield item

    def rejected(self, rejects: pa.RecordBatch) -> None:
        """Note the rejects of a batch."""
        if not rejects.num_rows:
            return
        table = pa.table({name: rejects.column(name) for name in ("code", "column", "position")})
        counted = table.group_by(["code", "column"]).aggregate([("position", "count"), ("position", "min")])
        for row in counted.to_pylist():
            reason = (row["code"], self._own(row["column"]))
            rows, first = self.reasons.get(reason, (0, row["position_min"]))
            self.reasons[reason] = (rows + row["position_count"], min(first, row["position_min"]))

    def reading(self, hub: Hub, run_id: str, delivery: str, rows: int) -> Reading:
        """What it came to."""
        reasons = tuple(
            RejectCount(code, column, count, first)
            for (code, column), (count, first) in sorted(self.reasons.items(), key=lambda item: -item[1][0])
        )
        rejected = sum(one.rows for one in reasons)
        filled = tuple(column.name for column in self.contract.columns if column.name in self.filled)
        return _reading(hub, self.contract, run_id, delivery, rows, rejected, False, self.unknown, filled, reasons)

    def _own(self, name: str | None) -> str | None:
        found = (column.name for column in self.contract.columns if name in (column.name, column.physical_name))
        return next(found, None)


def unreadable(hub: Hub, contract: Contract, run_id: str, delivery: str) -> Reading:
    """What a delivery that can not be read comes to."""
    reasons = (RejectCount(UNREADABLE, None, 1, 0),)
    return _reading(hub, contract, run_id, delivery, 0, 0, True, 0, (), reasons)


def _reading(
    hub: Hub,
    contract: Contract,
    run_id: str,
    delivery: str,
    rows: int,
    rejected: int,
    unreadable: bool,
    unknown: int,
    filled: tuple[str, ...],
    reasons: tuple[RejectCount, ...],
) -> Reading:
    now: datetime = hub.now()
    return Reading(
        delivery_id=delivery,
        dataset=str(contract.id),
        run_id=run_id,
        contract_version=str(contract.version),
        read_at=now,
        received_at=hub.journal.received_at(delivery) or now,
        rows=rows,
        rejected=rejected,
        unreadable=unreadable,
        unknown_columns=unknown,
        filled=filled,
        reasons=reasons,
    )
