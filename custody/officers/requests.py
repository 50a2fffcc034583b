"""Requests and their approvals: what was asked, who put their name to it, and whether that is enough.

1. A request is a signed statement; its digest covers every field. It is kept sealed, as evidence, for good.
2. An approval is a signed statement that names the digest. Two different officers approve, neither of them the
   requester nor who will be told the answer. What is changed after an approval has another digest, hence no approval.
3. A request expires. It ends once, by its effect or by a refusal; the log of requests is asked too, so that emptying a
   column does not open it again.
4. Nothing is believed because a row says so: signatures are checked against the enrolled keys whenever it matters.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects.postgresql import insert

from custody.database.officer_tables import approvals, officer_requests
from custody.database.tables import requests as log
from custody.errors import RefusedError
from custody.journal import entry
from custody.officers.acts import LONGEST_WAIT, Approve, Reidentification, Rotation, read_act
from custody.officers.people import Person, PersonRole, find_person
from custody.officers.sealing import seal, unseal
from custody.officers.statements import Signed, canonical_json
from custody.vault import Vault

APPROVERS = 2
ENDINGS = ("request:refuse", "request:done")  # what the log says of a request that has ended


@dataclass(frozen=True, slots=True)
class Kept:
    """A request as custody keeps it, opened and checked."""

    digest: str
    signed: Signed
    asked: Reidentification | Rotation
    requester: Person


def keep_request(
    vault: Vault, connection: Connection, requester: Person, asked: Reidentification | Rotation, signed: Signed
) -> str:
    """Keep a request and return its digest; the same statement again is the same request.

    Raises:
        RefusedError: its expiry is past or too far.
    """
    now, digest = vault.now(), signed.digest()
    if not now < asked.expires_at <= now + LONGEST_WAIT:
        raise RefusedError("bad_request", f"a request expires within {LONGEST_WAIT.days} days, and not at once")
    row = {
        "digest": digest,
        "kind": asked.kind,
        "domain": asked.domain,
        "requester": requester.name,
        "sealed": seal(vault, connection, canonical_json(signed.to_json()).encode(), "officer_request", digest),
        "made_at": now,
        "expires_at": asked.expires_at,
    }
    made = insert(officer_requests).values(row).on_conflict_do_nothing().returning(officer_requests.c.digest)
    if connection.execute(made).first() is not None:
        _note(vault, connection, requester, f"request:{asked.kind}", asked.domain, digest)
    return digest


def open_request(vault: Vault, connection: Connection, digest: str) -> Kept:
    """Return a request that something may still come of; its row is locked until the transaction ends.

    Raises:
        RefusedError: there is none, it has expired or ended, or its requester is no longer enrolled.
        TamperedError: it is not what was kept.
    """
    row = find_row(connection, digest, lock=True)
    kept = read_request(vault, connection, row)
    ends = (log.c.reference == digest) & log.c.action.in_(ENDINGS) & log.c.outcome.is_(None)  # not attempts refused
    ended = select(log.c.action).where(ends).limit(1)
    if row.outcome is not None or connection.execute(ended).first() is not None:
        raise RefusedError("request_ended", "this request has ended: what it asked was done, or refused")
    if vault.now() >= kept.asked.expires_at:
        raise RefusedError("request_expired", "this request has expired: make another, to be approved again")
    return kept


def read_request(vault: Vault, connection: Connection, row: Row[Any]) -> Kept:
    """Return what a row keeps, checked against its digest and its requester's key.

    Raises:
        RefusedError: its requester is no longer enrolled.
        TamperedError: it is not what was kept.
    """
    signed = Signed.from_json(json.loads(unseal(vault, connection, row.sealed, "officer_request", row.digest)))
    asked = read_act(signed)
    requester = find_person(vault, connection, asked.by)
    signed.check(requester.card.signing_key)
    if not isinstance(asked, Reidentification | Rotation) or signed.digest() != row.digest:
        raise RefusedError("record_altered", "the record of this request was altered: it counts for nothing")
    return Kept(row.digest, signed, asked, requester)


def approve(vault: Vault, connection: Connection, officer: Person, act: Approve, signed: Signed) -> Kept:
    """Add an approval and return the request it is about; :func:`approval_entry` is its row of the log.

    Raises:
        RefusedError: the person is no officer, is the requester or the recipient, or has approved it before.
    """
    officer.require(PersonRole.OFFICER)
    kept = open_request(vault, connection, act.request)
    _refuse_interested(kept, officer)
    row = {
        "request": kept.digest,
        "officer": officer.name,
        "statement": signed.statement,
        "signature": signed.signature,
        "at": vault.now(),
    }
    added = insert(approvals).values(row).on_conflict_do_nothing().returning(approvals.c.officer)
    if connection.execute(added).first() is None:
        raise RefusedError("approved_before", f"« {officer.name} » has approved this request: another officer must too")
    return kept


def approval_entry(vault: Vault, officer: Person, kept: Kept) -> dict[str, Any]:
    """The row of the log that an approval makes; written last, for nobody else writes the log until then."""
    now = vault.now()
    return entry(officer.logged, "request:approve", now, domain=kept.asked.domain, reference=kept.digest)


def refuse(vault: Vault, connection: Connection, person: Person, digest: str) -> None:
    """End a request without effect: an officer's refusal, or its requester's own withdrawal.

    Raises:
        RefusedError: the person is neither, or it has ended before.
    """
    kept = open_request(vault, connection, digest)
    if person.name != kept.requester.name:
        person.require(PersonRole.OFFICER)
    _close(connection, digest, "refused", vault.now())
    _note(vault, connection, person, "request:refuse", kept.asked.domain, digest)


def end_request(vault: Vault, connection: Connection, kept: Kept, person: Person, count: int = 0) -> dict[str, Any]:
    """Close a request whose effect is there; return the row of the log that says so, to be written last."""
    now = vault.now()
    _close(connection, kept.digest, "done", now)
    domain, digest = kept.asked.domain, kept.digest
    return entry(person.logged, "request:done", now, domain=domain, reference=digest, identifiers=count)


def approvers(vault: Vault, connection: Connection, kept: Kept) -> list[str]:
    """Return the officers whose approval stands, in the order they gave it.

    An approval by somebody who has left the list, or is no longer an officer, does not stand.

    Raises:
        RefusedError: a row is not an approval that its officer signed: somebody wrote it into the database.
    """
    rows = connection.execute(select(approvals).where(approvals.c.request == kept.digest).order_by(approvals.c.at))
    standing: dict[bytes, str] = {}
    for row in rows:
        try:
            officer = find_person(vault, connection, row.officer)
            officer.require(PersonRole.OFFICER)
        except RefusedError:
            continue
        signed = Signed(row.statement, row.signature)
        signed.check(officer.card.signing_key)
        act = read_act(signed)
        if not isinstance(act, Approve) or (act.by, act.request) != (officer.name, kept.digest):
            raise RefusedError("record_altered", "an approval in the database is not of this request and officer")
        _refuse_interested(kept, officer)
        standing[officer.card.signing_key] = officer.name
    return list(standing.values())


def check_approved(vault: Vault, connection: Connection, kept: Kept) -> list[str]:
    """Return the approvers of a request that has enough of them.

    Raises:
        RefusedError: it has not, or an approval was forged.
    """
    found = approvers(vault, connection, kept)
    if len(found) < APPROVERS:
        raise RefusedError("not_approved", f"{len(found)} of {APPROVERS} officers have approved this request")
    return found


def find_row(connection: Connection, digest: str, *, lock: bool = False) -> Row[Any]:
    """Return the row of a request.

    Raises:
        RefusedError: there is none.
    """
    query = select(officer_requests).where(officer_requests.c.digest == digest)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise RefusedError("request_unknown", "there is no request of this digest")
    return row


def _refuse_interested(kept: Kept, officer: Person) -> None:
    """Who asks, or is to be told, does not approve."""
    if officer.name == kept.requester.name:
        raise RefusedError("own_request", "nobody approves their own request")
    if isinstance(kept.asked, Reidentification) and officer.name == kept.asked.recipient:
        raise RefusedError("own_request", "who will be told the answer does not approve the request")


def _note(vault: Vault, connection: Connection, person: Person, action: str, domain: str, digest: str) -> None:
    vault.note(connection, person.logged, action, vault.now(), domain=domain, reference=digest)


def _close(connection: Connection, digest: str, outcome: str, now: datetime) -> None:
    where = officer_requests.c.digest == digest
    connection.execute(update(officer_requests).where(where).values(outcome=outcome, closed_at=now))
