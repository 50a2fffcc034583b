"""Tokens that carry pseudonyms of one domain from its epoch to the next, and do nothing else: they mint nothing.

Like a run's token they have a quota and an end, and every batch is paid for, and logged, before it is answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from custody.callers import Client, new_token, token_hash
from custody.database.officer_tables import rotation_runs, rotations
from custody.errors import RefusedError
from custody.officers.rotation import ROTATING, check_client, find_rotating
from custody.vault import Vault


@dataclass(frozen=True, slots=True)
class RotationRun:
    """A run of the hub that carries a domain over, for as long as its token lasts."""

    row: int
    run_id: str
    client: str
    domain: str
    epoch: int  # the one it leads to
    expires_at: datetime


def create_rotation_run(
    vault: Vault, client: Client, run_id: str, domain: str, quota: int, expires_in: timedelta
) -> tuple[str, int]:
    """Return the token of a new run, and the epoch it leads to.

    Raises:
        RefusedError: the client may not carry this domain over, or it is not rotating.
    """
    check_client(client, domain)
    now, token = vault.now(), new_token("rotation")
    with vault.transaction() as connection:
        found = find_rotating(connection, domain)
        row = {
            "run_id": run_id,
            "client": client.name,
            "domain": domain,
            "epoch": found.epoch,
            "token_hash": token_hash(token),
            "quota": quota,
            "quota_left": quota,
            "created_at": now,
            "expires_at": now + expires_in,
        }
        connection.execute(insert(rotation_runs).values(row))
        vault.note(
            connection,
            client,
            "rotation:run",
            now,
            domain=domain,
            epoch=found.epoch,
            reference=run_id,
            identifiers=quota,
        )
    return token, int(found.epoch)


def identify_rotation_run(connection: Connection, token: str | None, now: datetime) -> RotationRun:
    """Return whose token this is.

    Raises:
        RefusedError: there is none, it is unknown here (a client's or another run's is), or it has expired.
    """
    if not token:
        raise RefusedError("token_missing", "custody is asked with « Authorization: Bearer … »")
    query = select(rotation_runs).where(rotation_runs.c.token_hash == token_hash(token))
    row = connection.execute(query).first()
    if row is None:
        raise RefusedError("token_unknown", "this is no token of a rotation")
    if now >= row.expires_at:
        raise RefusedError("token_expired", "this token has expired: ask for another")
    return RotationRun(row.id, row.run_id, row.client, row.domain, row.epoch, row.expires_at)


def spend_rotation(vault: Vault, run: RotationRun, pseudonyms: int) -> None:
    """Take ``pseudonyms`` from the run's quota and log it, in one transaction.

    Raises:
        RefusedError: so many are not left (none are then taken), the token has expired, or the rotation is finished.
    """
    now = vault.now()
    with vault.transaction() as connection:
        rotating = select(rotations.c.state).where(
            rotations.c.domain == run.domain, rotations.c.epoch == run.epoch, rotations.c.state == ROTATING
        )
        if connection.execute(rotating.with_for_update(read=True)).first() is None:
            raise RefusedError("rotation_finished", f"the rotation of domain « {run.domain} » is finished")
        statement = (
            update(rotation_runs)
            .where(
                rotation_runs.c.id == run.row,
                rotation_runs.c.quota_left >= pseudonyms,
                rotation_runs.c.expires_at > now,
            )
            .values(quota_left=rotation_runs.c.quota_left - pseudonyms)
            .returning(rotation_runs.c.id)
        )
        if connection.execute(statement).first() is None:
            if now >= run.expires_at:
                raise RefusedError("token_expired", "this token has expired: ask for another")
            raise RefusedError("quota_spent", "this run may not send so many pseudonyms more")
        vault.note(
            connection,
            run.client,
            "rotation:carry",
            now,
            domain=run.domain,
            epoch=run.epoch,
            reference=run.run_id,
            identifiers=pseudonyms,
        )
