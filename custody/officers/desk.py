"""The one door for what enrolled people say: who says it is checked here, then it is done, or refused and logged."""

from __future__ import annotations

import base64
from typing import Any

from sqlalchemy import Connection

from custody.errors import RefusedError, TamperedError
from custody.officers import requests, rotation, views
from custody.officers.acts import Approve, Collect, Look, Refuse, Reidentification, Rotation, check_moment, read_act
from custody.officers.people import Person, PersonRole, find_person
from custody.officers.reidentification import check_answerable, collect
from custody.officers.statements import Signed
from custody.vault import Vault

Answer = dict[str, Any]


def hear(vault: Vault, signed: Signed) -> Answer:
    """Do what a signed statement asks, and return what its author may know of it.

    1. Read the statement. 2. Find its author and check the signature and the moment. 3. Act, in one transaction.
    A refusal after step 2 is logged under the author's name.

    Raises:
        RefusedError: a field, the signature, the author's roles or the state of things does not allow it.
    """
    act = read_act(signed)
    try:
        with vault.transaction() as connection:
            person = find_person(vault, connection, act.by)
            signed.check(person.card.signing_key)
            check_moment(act.at, vault.now())
    except TamperedError:
        raise _altered() from None
    try:
        with vault.transaction() as connection:
            return _do(vault, connection, person, act, signed)
    except TamperedError:
        refusal = _altered()
    except RefusedError as error:
        refusal = error
    _log_refusal(vault, person, act, refusal)
    raise refusal


def _do(
    vault: Vault,
    connection: Connection,
    person: Person,
    act: Reidentification | Rotation | Approve | Refuse | Collect | Look,
    signed: Signed,
) -> Answer:
    match act:
        case Reidentification() | Rotation():
            return {"request": _ask(vault, connection, person, act, signed)}
        case Approve():
            return _approve(vault, connection, person, act, signed)
        case Refuse():
            requests.refuse(vault, connection, person, act.request)
            return {"request": act.request, "state": "refused"}
        case Collect():
            kept = requests.open_request(vault, connection, act.request)
            answer = collect(vault, connection, person, kept)
            return {"request": kept.digest, "answer": base64.b64encode(answer).decode()}
        case Look():
            return _look(vault, connection, person, act)


def _ask(
    vault: Vault, connection: Connection, person: Person, asked: Reidentification | Rotation, signed: Signed
) -> str:
    person.require(PersonRole.REQUESTER, PersonRole.OFFICER)
    if isinstance(asked, Rotation):
        rotation.check_rotatable(connection, asked)
    else:
        check_answerable(vault, connection, asked)
    return requests.keep_request(vault, connection, person, asked, signed)


def _approve(vault: Vault, connection: Connection, person: Person, act: Approve, signed: Signed) -> Answer:
    """Add the approval; a rotation begins with the last one that it needs."""
    kept = requests.approve(vault, connection, person, act, signed)
    found = requests.approvers(vault, connection, kept)
    enough = len(found) >= requests.APPROVERS
    answer: Answer = {"request": kept.digest, "approvals": len(found), "state": "approved" if enough else "waiting"}
    rows = [requests.approval_entry(vault, person, kept)]
    if enough and isinstance(kept.asked, Rotation):
        epoch, begun = rotation.start(vault, connection, kept, person)
        answer |= {"state": "rotating", "epoch": epoch}
        rows += begun
    vault.note_all(connection, rows)
    return answer


def _look(vault: Vault, connection: Connection, person: Person, act: Look) -> Answer:
    """Show it; who reads a request, with its pseudonyms and reason, is in the log."""
    answer = views.look(vault, connection, person, act)
    if act.what == "request":
        vault.note(connection, person.logged, "request:look", vault.now(), reference=act.request)
    return answer


def _altered() -> RefusedError:
    return RefusedError("record_altered", "a record in custody's database was altered: it counts for nothing")


def _log_refusal(vault: Vault, person: Person, act: Any, refusal: RefusedError) -> None:
    """The attempt stays in the log, whatever became of its transaction."""
    digest, domain = getattr(act, "request", None), getattr(act, "domain", None)
    with vault.transaction() as connection:
        now = vault.now()
        action = f"request:{getattr(act, 'kind', None) or act.act}"
        vault.note(connection, person.logged, action, now, domain=domain, reference=digest, outcome=refusal.code)
