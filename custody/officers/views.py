"""What stands in custody, for those who may see it: requests, domains, epochs, the log. Names and counts, no values.

Officers see everything; a requester or recipient sees the requests that name them. On custody's own machine the
administrator sees what officers see.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, select

from custody.database.officer_tables import officer_requests, rotations
from custody.database.tables import domain_keys, domains
from custody.database.tables import requests as log
from custody.errors import RefusedError, TamperedError
from custody.officers.acts import Look, Reidentification
from custody.officers.people import Person, PersonRole
from custody.officers.requests import APPROVERS, Kept, approvers, find_row, read_request
from custody.officers.rotation import ROTATING
from custody.vault import Vault

MOST_LOG_ROWS = 200
MOST_REQUESTS = 200


def look(vault: Vault, connection: Connection, person: Person | None, act: Look) -> dict[str, Any]:
    """Return what ``act`` asks to see.

    Args:
        person: who looks, None for the administrator on custody's own machine.

    Raises:
        RefusedError: the person may not see that.
    """
    if act.what == "requests":
        return {"requests": list(_requests(vault, connection, person))}
    if act.what == "request":
        return _request(vault, connection, person, act.request or "")
    if person is not None:
        person.require(PersonRole.OFFICER)
    match act.what:
        case "domains":
            return {"domains": _domains(connection)}
        case "epochs":
            return {"epochs": _epochs(connection)}
        case "log":
            return {"log": _log(connection)}


def _requests(vault: Vault, connection: Connection, person: Person | None) -> Iterator[dict[str, Any]]:
    newest = select(officer_requests).order_by(officer_requests.c.made_at.desc()).limit(MOST_REQUESTS)
    for row in connection.execute(newest).all():
        line = {
            "request": row.digest,
            "kind": row.kind,
            "domain": row.domain,
            "requester": row.requester,
            "made_at": row.made_at.isoformat(),
            "expires_at": row.expires_at.isoformat(),
        }
        try:
            kept = read_request(vault, connection, row)
            if person is None or _may_see(person, kept):
                yield line | {"state": _state(vault, connection, row, kept)}
        except (TamperedError, RefusedError):  # altered, or its requester has left: nothing can come of it
            if person is None or PersonRole.OFFICER in person.roles:
                yield line | {"state": row.outcome or "void"}


def _request(vault: Vault, connection: Connection, person: Person | None, digest: str) -> dict[str, Any]:
    row = find_row(connection, digest)
    kept = read_request(vault, connection, row)
    if person is not None and not _may_see(person, kept):
        raise RefusedError("request_unknown", "there is no request of this digest")
    return {
        "request": digest,
        **kept.signed.to_json(),
        "state": _state(vault, connection, row, kept),
        "approvers": approvers(vault, connection, kept),
    }


def _may_see(person: Person, kept: Kept) -> bool:
    named = {kept.requester.name}
    if isinstance(kept.asked, Reidentification):
        named.add(kept.asked.recipient)
    return PersonRole.OFFICER in person.roles or person.name in named


def _state(vault: Vault, connection: Connection, row: Row[Any], kept: Kept) -> str:
    if row.outcome is not None:
        return str(row.outcome)
    if vault.now() >= kept.asked.expires_at:
        return "expired"
    return "approved" if len(approvers(vault, connection, kept)) >= APPROVERS else "waiting"


def _domains(connection: Connection) -> list[dict[str, Any]]:
    rotating = set(connection.scalars(select(rotations.c.domain).where(rotations.c.state == ROTATING)))
    return [
        {
            "domain": row.name,
            "kind": row.kind,
            "recipient": row.recipient,
            "purpose": row.purpose,
            "epoch": row.epoch,
            "rotating": row.name in rotating,
        }
        for row in connection.execute(select(domains).order_by(domains.c.name))
    ]


def _epochs(connection: Connection) -> list[dict[str, Any]]:
    current = {row.name: row.epoch for row in connection.execute(select(domains.c.name, domains.c.epoch))}
    query = select(domain_keys).order_by(domain_keys.c.domain, domain_keys.c.epoch)
    return [
        {
            "domain": row.domain,
            "epoch": row.epoch,
            "state": _epoch_state(row, current[row.domain]),
            "created_at": row.created_at.isoformat(),
            "destroyed_at": row.destroyed_at.isoformat() if row.destroyed_at else None,
        }
        for row in connection.execute(query)
    ]


def _epoch_state(row: Row[Any], current: int) -> str:
    if row.destroyed_at is not None:
        return "destroyed"
    if row.epoch == current:
        return "current"
    return "next" if row.epoch > current else "past"


def _log(connection: Connection) -> list[dict[str, Any]]:
    names = ("at", "client", "action", "domain", "epoch", "purpose", "run_id", "reference", "identifiers", "outcome")
    rows = connection.execute(select(log).order_by(log.c.id.desc()).limit(MOST_LOG_ROWS)).all()
    found = [{name: getattr(row, name) for name in names} for row in reversed(rows)]
    return [line | {"at": line["at"].isoformat()} for line in found]
