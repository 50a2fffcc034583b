"""Who is asking: a client of the hub, or one of its runs. Tokens are random; only their SHA-256 is kept."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, LargeBinary, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from anonymization.pseudonyms import Action, ClientScope
from custody.database.tables import clients, runs
from custody.errors import RefusedError

_TOKEN_BYTES = 32
_RUN_TOKEN = "custody_run_"  # noqa: S105 (what such a token begins with)


_HASHES = bindparam("hashes", type_=ARRAY(LargeBinary))

CLIENTS = select(clients).where(clients.c.token_hash == any_(_HASHES)).order_by(clients.c.name)
"""The clients whose tokens have these hashes."""

RUNS = (
    select(
        runs,
        clients.c.actions.label("client_actions"),
        clients.c.domains.label("client_domains"),
        clients.c.zones.label("client_zones"),
    )
    .join(clients, clients.c.name == runs.c.client)
    .where(runs.c.token_hash == any_(_HASHES))
    .order_by(runs.c.id)
)
"""The runs whose tokens have these hashes, and what their clients may do."""


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


def is_run(token: str) -> bool:
    """Tell whether a token, if it is known at all, is a run's."""
    return token.startswith(_RUN_TOKEN)


def token_hash(token: str) -> bytes:
    """Return what is kept of a token. It is random, so it needs neither salt nor slow hash."""
    return hashlib.sha256(token.encode()).digest()


def identify(connection: Connection, token: str | None) -> Caller:
    """Return whose token this is, expired or not: see :func:`require_fresh`.

    Raises:
        RefusedError: there is none, or it is unknown.
    """
    if not token:
        raise RefusedError("token_missing", "custody is asked with « Authorization: Bearer … »")
    hashes = {"hashes": [token_hash(token)]}
    for row in connection.execute(CLIENTS, hashes):
        return client_of(row)
    for row in connection.execute(RUNS, hashes):
        return run_of(row)
    raise RefusedError("token_unknown", "custody does not know this token")


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


def client_of(row: Any) -> Client:
    """Return the client that a row of :data:`CLIENTS` tells."""
    scope = ClientScope(frozenset(map(Action, row.actions)), frozenset(row.domains), frozenset(row.zones))
    return Client(row.name, scope, row.expires_at)


def run_of(row: Any) -> Run:
    """Return the run that a row of :data:`RUNS` tells."""
    scope = ClientScope(
        frozenset(map(Action, row.client_actions)), frozenset(row.client_domains), frozenset(row.client_zones)
    )
    return Run(
        row=row.id,
        run_id=row.run_id,
        dataset=row.dataset,
        client=Client(row.client, scope),
        domains=frozenset(row.domains),
        key_ids=frozenset(row.key_ids),
        expires_at=row.expires_at,
    )
