"""The log of requests: who, which domain or key, how many, when. Only ever added to, in the request's transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert

from custody.callers import Caller, Run
from custody.database.tables import requests


def note(
    connection: Connection,
    caller: Caller,
    action: str,
    now: datetime,
    *,
    dataset: str | None = None,
    domain: str | None = None,
    purpose: str | None = None,
    key_id: str | None = None,
    identifiers: int = 0,
) -> None:
    """Write one line, before what it is about is answered."""
    run = caller if isinstance(caller, Run) else None
    client = caller.client if isinstance(caller, Run) else caller
    row = {
        "at": now,
        "client": client.name,
        "run_id": run.run_id if run else None,
        "dataset": dataset or (run.dataset if run else None),
        "action": action,
        "domain": domain,
        "purpose": purpose,
        "key_id": key_id,
        "identifiers": identifiers,
    }
    connection.execute(insert(requests).values(row))
