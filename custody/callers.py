"""Who is asking: a client of the hub, or one of its runs. Tokens are random; only their SHA-256 is kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects.postgresql import insert

from anonymization.pseudonyms import Action, ClientScope
from custody.database.tables import clients, runs
from custody.errors import RefusedError

_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Client:
    """A part of the hub, or an operator, that holds a long-lived token."""

    name: str
    scope: ClientScope
    expires_at: datetime | None = None

    def require(self, action: Action) -> None:
        """Refuse unless this client may do ``action``."""
        if action not in self.scope.actions:
            raise RefusedError("action_not_in_scope", f"client « {self.name} » may not {action.value}")


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the hub, for as long as its token lasts."""

    row: int
    run_id: str
    dataset: str
    client: Client
    domains: frozenset[str]
    key_ids: frozenset[str]
    expires_at: datetime


Caller = Client | Run


def new_token(kind: str) -> str:
    """Return a fresh token of 256 random bits; ``kind`` helps whoever finds one in the wrong place."""
    return f"custody_{kind}_{secrets.token_urlsafe(_TOKEN_BYTES)}"


def token_hash(token: str) -> bytes:
    """Return what is kept of a token. It is random, so it needs neither salt nor slow hash."""
    return hashlib.sha256(token.encode()).digest()


def find(connection: Connection, tokens: Iterable[str], *, lock: bool = False) -> dict[str, tuple[Caller, int]]:
    """Return whose tokens these are, expired or not, and how much is left of their quotas; unknown ones are left out.

    Args:
        lock: keep the quotas for this transaction.
    """
    hashes = {token_hash(token): token for token in tokens}
    query = select(clients).where(clients.c.token_hash.in_(hashes)).order_by(clients.c.name)
    found: dict[str, tuple[Caller, int]] = {}
    for row in connection.execute(query.with_for_update() if lock else query):
        found[hashes[row.token_hash]] = _client(row), row.quota_left
    if len(found) < len(hashes):
        of_runs = select(runs).where(runs.c.token_hash.in_(hashes)).order_by(runs.c.id)
        rows = connection.execute(of_runs.with_for_update() if lock else of_runs).all()
        names = {row.client for row in rows}
        owners = {
            row.name: _client(row) for row in connection.execute(select(clients).where(clients.c.name.in_(names)))
        }
        for row in rows:
            found[hashes[row.token_hash]] = _run(row, owners[row.client]), row.quota_left
    return found


def identify(connection: Connection, token: str | None) -> Caller:
    """Return whose token this is, expired or not: see :func:`require_fresh`.

    Raises:
        RefusedError: there is none, or it is unknown.
    """
    if not token:
        raise RefusedError("token_missing", "custody is asked with « Authorization: Bearer … »")
    found = find(connection, [token])
    if token not in found:
        raise RefusedError("token_unknown", "custody does not know this token")
    return found[token][0]


def require_fresh(caller: Caller, now: datetime) -> None:
    """Refuse a caller whose token has expired."""
    if caller.expires_at is not None and now >= caller.expires_at:
        raise RefusedError("token_expired", "this token has expired: ask for another")


def require_client(caller: Caller) -> Client:
    """Return the caller if it is a client; a run's token does less."""
    if isinstance(caller, Run):
        raise RefusedError("action_not_in_scope", "a run's token does not allow that")
    return caller


def put_client(
    connection: Connection,
    name: str,
    scope: ClientScope,
    token: str,
    now: datetime,
    quota: int = 0,
    expires_at: datetime | None = None,
) -> bool:
    """Declare a client, or replace token, scope, quota and end of one; return whether anything changed."""
    row = {
        "name": name,
        "token_hash": token_hash(token),
        "actions": sorted(scope.actions),
        "domains": sorted(scope.domains),
        "zones": sorted(scope.zones),
        "quota": quota,
        "expires_at": expires_at,
    }
    known = connection.execute(select(clients).where(clients.c.name == name)).first()
    if known is not None and all(getattr(known, key) == value for key, value in row.items()):
        return False
    row |= {"quota_left": quota, "created_at": now}
    changes = {key: value for key, value in row.items() if key != "name"}
    connection.execute(insert(clients).values(row).on_conflict_do_update(index_elements=["name"], set_=changes))
    return True


def _client(row: Row[tuple[Any, ...]]) -> Client:
    scope = ClientScope(frozenset(map(Action, row.actions)), frozenset(row.domains), frozenset(row.zones))
    return Client(row.name, scope, row.expires_at)


def _run(row: Row[tuple[Any, ...]], client: Client) -> Run:
    return Run(
        row=row.id,
        run_id=row.run_id,
        dataset=row.dataset,
        client=client,
        domains=frozenset(row.domains),
        key_ids=frozenset(row.key_ids),
        expires_at=row.expires_at,
    )
