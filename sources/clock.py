"""Clock times of the territory as instants, through days of 23 and of 25 hours.

A clock time without an offset is of the operator's zone. The hour that March skips does not exist: its times are
unreadable. The hour that October repeats comes twice, and a time in it may be of either pass; the contract's option
`repeatedHour` says how to tell:

- ``first``: always the first pass (nobody asked for more);
- ``order``: rows of one series come in the order of time, so a time seen again is of the second pass. A series is
  what the primary key tells apart, the time itself left out. A third time is unreadable;
- ``refuse``: unreadable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from policies.contract import Contract
from sources.errors import PayloadError

if TYPE_CHECKING:
    from sources.columns import Converted

RepeatedHour = Literal["first", "order", "refuse"]
SEEN_LIMIT = 2_000_000  # times of a repeated hour that one delivery may hold
_HOUR = pa.scalar(3_600_000_000, pa.duration("us"))


def local(clock: pa.TimestampArray, zone: str) -> tuple[pa.Array, pa.BooleanArray]:
    """Clock times (us, no zone) as instants (us, UTC), first pass, null where there is none; and which come twice."""
    first = pc.assume_timezone(clock, zone, ambiguous="earliest", nonexistent="latest")
    second = pc.assume_timezone(clock, zone, ambiguous="latest", nonexistent="latest")
    same = pc.equal(pc.local_timestamp(first), clock)
    instants = pc.if_else(same, first, pa.scalar(None, first.type)).cast(pa.timestamp("us", tz="UTC"))
    return instants, pc.fill_null(pc.not_equal(first, second), False)


@dataclass(slots=True)
class RepeatedHours:
    """Settles the times of repeated hours, batch after batch of one delivery."""

    contract: Contract
    policy: RepeatedHour
    seen: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def settle(self, columns: dict[str, Converted]) -> dict[str, Converted]:
        """Return `columns` with each repeated time in its place, or marked as unreadable.

        Raises:
            PayloadError: more repeated times than a delivery may hold.
        """
        if self.policy == "first":
            return columns
        settled = dict(columns)
        for name, found in columns.items():
            if found.repeated is None or not pc.any(found.repeated).as_py():
                continue
            if self.policy == "refuse":
                values = pc.if_else(found.repeated, pa.scalar(None, found.values.type), found.values)
                settled[name] = replace(found, values=values, bad=pc.or_(found.bad, found.repeated))
            else:
                settled[name] = self._in_order(name, found, columns)
        return settled

    def _in_order(self, name: str, found: Converted, columns: dict[str, Converted]) -> Converted:
        """Only rows of the hour are looked at one by one: an hour a year."""
        rows = pc.indices_nonzero(found.repeated)
        keys = [columns[key].values.take(rows).to_pylist() for key in self.contract.key if key != name]
        passes = [self._count((name, *key)) for key in zip(found.values.take(rows).to_pylist(), *keys, strict=True)]
        later = _mask(len(found.values), rows, [number == 2 for number in passes])
        lost = _mask(len(found.values), rows, [number > 2 for number in passes])
        values = pc.if_else(later, pc.add(found.values, _HOUR), found.values)
        values = pc.if_else(lost, pa.scalar(None, values.type), values)
        return replace(found, values=values, bad=pc.or_(found.bad, lost))

    def _count(self, key: tuple[Any, ...]) -> int:
        number = self.seen[key] = self.seen.get(key, 0) + 1
        if len(self.seen) > SEEN_LIMIT:
            raise PayloadError(f"{self.contract.id}: more than {SEEN_LIMIT} times of an hour that comes twice")
        return number


def _mask(length: int, rows: pa.Array, chosen: Sequence[bool]) -> pa.BooleanArray:
    mask = np.zeros(length, bool)
    mask[rows.to_numpy()] = chosen
    return pa.array(mask)
