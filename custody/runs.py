"""Runs: a token with domains, data keys, a quota and an end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, insert, select

from anonymization.pseudonyms import Action
from custody.callers import Client, new_token, token_hash
from custody.database.tables import data_keys, domains, runs
from custody.errors import RefusedError
from custody.vault import Vault


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a client wants one of its runs to be able to do."""

    run_id: str
    dataset: str
    domains: frozenset[str]
    key_ids: frozenset[str]
    new_keys: int
    quota: int  # identifiers
    expires_in: timedelta


def create_run(vault: Vault, client: Client, request: RunRequest) -> str:
    """Return the token of a new run.

    Raises:
        RefusedError: the client may not grant one of these things, or it does not exist.
    """
    client.require(Action.CREATE_RUNS)
    if request.key_ids:
        client.require(Action.GRANT_KEYS)
    if request.new_keys:
        client.require(Action.CREATE_KEYS)
    now, token = vault.now(), new_token("run")
    with vault.transaction() as connection:
        known = set(connection.scalars(select(domains.c.name).where(domains.c.name.in_(request.domains))))
        for domain in sorted(request.domains):
            check_domain(domain, known=domain in known, allowed=client.scope.may_use(domain))
        query = select(func.count(), func.count(data_keys.c.wrapped)).where(data_keys.c.id.in_(request.key_ids))
        found, whole = connection.execute(query).one()
        if found < len(request.key_ids):
            raise RefusedError("key_unknown", f"{len(request.key_ids) - found} of the data keys do not exist")
        if whole < found:
            raise RefusedError("key_destroyed", f"{found - whole} of the data keys were destroyed")
        row = {
            "run_id": request.run_id,
            "dataset": request.dataset,
            "client": client.name,
            "token_hash": token_hash(token),
            "domains": sorted(request.domains),
            "key_ids": sorted(request.key_ids),
            "new_keys_left": request.new_keys,
            "quota": request.quota,
            "quota_left": request.quota,
            "created_at": now,
            "expires_at": now + request.expires_in,
        }
        connection.execute(insert(runs).values(row))
        vault.note(connection, client, Action.CREATE_RUNS.value, now, dataset=request.dataset)
    return token


def check_domain(domain: str, *, known: bool, allowed: bool) -> None:
    """Refuse a domain that does not exist, or that is not the caller's to use."""
    if not known:
        raise RefusedError("domain_unknown", f"no domain is called « {domain} »")
    if not allowed:
        raise RefusedError("domain_not_in_scope", f"domain « {domain} » is not in this scope")
