"""The counts of distinct inputs of all domains in use: kept in memory, written to the database, alerted of.

Written with each durable row of the log that pays for identifiers, and when a stream ends; so a kill forgets at most
the inputs of the streams then running. Several services over one database each merge what the others have written.
"""

from __future__ import annotations

import logging
from datetime import datetime
from threading import Lock
from typing import Any

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from custody.callers import Caller, Run
from custody.database.tables import alerts, distinct_inputs
from custody.inputs import DistinctInputs, Excess, excess
from custody.journal import entry
from custody.logs import event
from custody.metrics import ALERTS, DISTINCT, EXPECTED


class Counts:
    """The counts of a service's domains. Safe to share by threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._domains: dict[str, DistinctInputs] = {}

    def of(self, connection: Connection, domain: str) -> DistinctInputs:
        """Return the count of a domain, read from the database the first time."""
        with self._lock:
            if domain not in self._domains:
                self._domains[domain] = DistinctInputs(_stored(connection, domain))
            return self._domains[domain]

    def known(self, domain: str) -> DistinctInputs | None:
        """Return the count of a domain, if it has been read."""
        return self._domains.get(domain)

    def write(
        self, connection: Connection, caller: Caller, domain: str, expected: int, now: datetime
    ) -> list[dict[str, Any]]:
        """Write the count of a domain; return the rows of the log that this calls for: one if it must alert."""
        inputs = self.of(connection, domain)
        if (stored := _stored(connection, domain, lock=True)) is not None:
            inputs.merge(stored)
        estimate = inputs.estimate()
        row = {"sketch": inputs.state(), "estimate": estimate, "updated_at": now}
        statement = upsert(distinct_inputs).values(domain=domain, **row)
        connection.execute(statement.on_conflict_do_update(index_elements=["domain"], set_=row))
        DISTINCT.labels(domain).set(estimate)
        EXPECTED.labels(domain).set(expected)
        last = connection.scalar(select(func.max(alerts.c.estimate)).where(alerts.c.domain == domain))
        found = excess(domain, expected, estimate, last)
        return [_alert(connection, caller, found, now)] if found else []


def _stored(connection: Connection, domain: str, *, lock: bool = False) -> bytes | None:
    query = select(distinct_inputs.c.sketch).where(distinct_inputs.c.domain == domain)
    found: bytes | None = connection.scalar(query.with_for_update() if lock else query)
    return found


def _alert(connection: Connection, caller: Caller, found: Excess, now: datetime) -> dict[str, Any]:
    run = caller if isinstance(caller, Run) else None
    client = caller.client.name if isinstance(caller, Run) else caller.name
    row = {
        "at": now,
        "domain": found.domain,
        "expected": found.expected,
        "estimate": found.estimate,
        "client": client,
        "run_id": run.run_id if run else None,
    }
    connection.execute(insert(alerts).values(row))
    ALERTS.labels(found.domain).inc()
    event(
        "inputs_exceeded",
        level=logging.ERROR,
        domain=found.domain,
        expected=found.expected,
        estimate=found.estimate,
        client=client,
        run_id=row["run_id"],
    )
    return entry(caller, "alert", now, domain=found.domain, identifiers=found.estimate)
