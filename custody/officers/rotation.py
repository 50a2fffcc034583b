"""The rotation of a one-way domain: from epoch n to n+1, by E_Rn+1(D_Rn(p)) over the pseudonyms that the hub holds.

1. Two officers approve a request that names the epoch to leave. That makes the key of epoch n+1 and a rotation in state
   « rotating ». New pseudonyms are still minted at epoch n: what the hub merges meanwhile is not mixed, and is carried
   over with the rest.
2. The hub streams pseudonyms of epoch n in and gets those of n+1 back, with a token of its own that mints nothing.
3. When its snapshot is complete the hub says what it counted; more than custody carried over can not be. In one
   transaction epoch n+1 becomes the one that pseudonyms are minted at, and the key of epoch n is destroyed.

There is no way back and no abandoning: a rotation that stops half-way is taken up again. The consent domain does not
rotate: its pseudonyms stand in the consent ledger, each entry of which is chained to all before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from anonymization.pseudonyms import CONSENT_DOMAIN, Action, Kind
from custody.callers import Client
from custody.database.officer_tables import rotation_runs, rotations
from custody.database.tables import domains
from custody.domains import add_epoch, destroy_epoch, enter_epoch
from custody.errors import RefusedError
from custody.journal import entry
from custody.officers.acts import Rotation
from custody.officers.people import Person
from custody.officers.requests import Kept, end_request
from custody.vault import Vault

ROTATING, FINISHED = "rotating", "finished"


@dataclass(frozen=True, slots=True)
class Counts:
    """What the hub counted over its complete snapshot of a domain's columns."""

    columns: int  # pseudonymised columns, one for each of them in each partition
    rows: int  # their values, nulls left out
    distinct: int  # distinct pseudonyms, added up over columns: what custody carried over


@dataclass(frozen=True, slots=True)
class RotationState:
    """A rotation, as the hub is told of it."""

    domain: str
    epoch: int  # the one it leads to
    state: str
    started_at: datetime


def check_rotatable(connection: Connection, asked: Rotation) -> None:
    """Refuse a rotation that can not begin.

    Raises:
        RefusedError: the domain is unknown, the consent domain or not one-way, is in another epoch or rotates already.
    """
    if asked.domain == CONSENT_DOMAIN:
        raise RefusedError(
            "domain_not_rotatable",
            "the consent domain does not rotate: the consent ledger is chained over its pseudonyms; if its key is "
            "compromised, consent is asked again under another ledger",
        )
    row = connection.execute(select(domains).where(domains.c.name == asked.domain).with_for_update()).first()
    if row is None:
        raise RefusedError("domain_unknown", "custody has no such domain")
    if Kind(row.kind) is not Kind.ONE_WAY:
        raise RefusedError("domain_not_rotatable", f"domain « {asked.domain} » is {row.kind}: only one-way ones rotate")
    if row.epoch != asked.from_epoch:
        raise RefusedError("epoch_unknown", f"domain « {asked.domain} » is in epoch {row.epoch}: ask to leave that one")
    under_way = select(rotations.c.epoch).where(rotations.c.domain == asked.domain, rotations.c.state == ROTATING)
    if connection.execute(under_way).first() is not None:
        raise RefusedError("rotation_under_way", f"domain « {asked.domain} » is rotating: let that end first")


def start(vault: Vault, connection: Connection, kept: Kept, officer: Person) -> tuple[int, list[dict[str, Any]]]:
    """Begin an approved rotation; return the epoch it leads to, and rows of the log, to be written last."""
    if not isinstance(kept.asked, Rotation):
        raise RefusedError("bad_request", "this request asks for no rotation")
    check_rotatable(connection, kept.asked)
    domain, now = kept.asked.domain, vault.now()
    epoch = add_epoch(connection, vault.wrapping(connection), domain, now)
    row = {"domain": domain, "epoch": epoch, "request": kept.digest, "state": ROTATING, "started_at": now}
    connection.execute(insert(rotations).values(row))
    begun = entry(officer.logged, "rotation:start", now, domain=domain, epoch=epoch, reference=kept.digest)
    return epoch, [begun, end_request(vault, connection, kept, officer)]


def current_rotations(connection: Connection) -> list[RotationState]:
    """Return the latest rotation of each domain that ever had one, by domain."""
    query = select(rotations).distinct(rotations.c.domain).order_by(rotations.c.domain, rotations.c.epoch.desc())
    return [RotationState(row.domain, row.epoch, row.state, row.started_at) for row in connection.execute(query)]


def check_client(client: Client, domain: str) -> None:
    """Refuse a client that may not carry this domain over.

    Raises:
        RefusedError: its scope lacks the action, or the domain.
    """
    client.require(Action.ROTATE)
    if not client.scope.may_use(domain):
        raise RefusedError("domain_not_in_scope", f"domain « {domain} » is not in this scope")


def find_rotating(connection: Connection, domain: str) -> Row[Any]:
    """Return the row of a domain's rotation, locked.

    Raises:
        RefusedError: it never rotated, or no longer does.
    """
    query = select(rotations).where(rotations.c.domain == domain).order_by(rotations.c.epoch.desc()).limit(1)
    row = connection.execute(query.with_for_update()).first()
    if row is None:
        raise RefusedError("rotation_unknown", f"domain « {domain} » is not rotating: two officers start a rotation")
    if row.state != ROTATING:
        raise RefusedError("rotation_finished", f"the rotation of domain « {domain} » is finished")
    return row


def finish(vault: Vault, client: Client, domain: str, epoch: int, counts: Counts) -> None:
    """End a rotation: mint at the new epoch from now on, destroy the key of the old one. Quiet if that was done.

    Raises:
        RefusedError: this is not the domain's rotation, or the hub counts more than was carried over.
    """
    check_client(client, domain)
    now = vault.now()
    with vault.transaction() as connection:
        found = connection.execute(
            select(rotations).where(rotations.c.domain == domain, rotations.c.epoch == epoch).with_for_update()
        ).first()
        if found is None:
            raise RefusedError("rotation_unknown", f"domain « {domain} » is not rotating to epoch {epoch}")
        if found.state == FINISHED:
            return
        carried = _carried(connection, domain, epoch)
        if not 0 <= counts.distinct <= min(counts.rows, carried) or counts.columns < 0:
            raise RefusedError(
                "rotation_incomplete",
                f"the hub counts {counts.distinct} distinct pseudonyms in {counts.rows}, {carried} were carried over",
            )
        enter_epoch(connection, domain, epoch)
        destroy_epoch(connection, domain, epoch - 1, now)
        changes = {"state": FINISHED, "finished_at": now}
        changes |= {"columns": counts.columns, "rows": counts.rows, "distinct": counts.distinct}
        where = (rotations.c.domain == domain) & (rotations.c.epoch == epoch)
        connection.execute(update(rotations).where(where).values(changes))
        vault.note(
            connection,
            client,
            "rotation:finish",
            now,
            domain=domain,
            epoch=epoch,
            reference=found.request,
            identifiers=counts.distinct,
        )


def _carried(connection: Connection, domain: str, epoch: int) -> int:
    """How many pseudonyms custody has carried to this epoch, all runs together."""
    spent = func.coalesce(func.sum(rotation_runs.c.quota - rotation_runs.c.quota_left), 0)
    where = (rotation_runs.c.domain == domain) & (rotation_runs.c.epoch == epoch)
    return int(connection.scalar(select(spent).where(where)) or 0)
