"""Data keys: one random key for each stored object of the hub, wrapped here, forgotten on demand.

The hub holds ids. A key goes to who created it, to the runs that name it, and to a client
that may have those of a zone. A destroyed key leaves its row, so that
« destroyed » and « unknown » stay different answers.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field

from sqlalchemy import Connection, Row, insert, select, update

from anonymization.pseudonyms import Action
from custody.callers import Caller, Client, Run
from custody.database.tables import data_keys, runs
from custody.errors import RefusedError
from custody.keyring import fields, split
from custody.vault import FINGERPRINT_KEY, Vault

DATA_KEY_BYTES = 32
_FINGERPRINT_BYTES = 20  # 160 bits: 32 characters of base32


@dataclass(frozen=True, slots=True)
class NewKey:
    """A data key on its way to who asked for it."""

    id: str
    key: bytes = field(repr=False)


def create_key(vault: Vault, caller: Caller, zone: str, dataset: str) -> NewKey:
    """Return a new data key; a run spends one of its new keys.

    Raises:
        RefusedError: the caller may not make keys for this zone, or its run has made all it may.
    """
    client = caller.client if isinstance(caller, Run) else caller
    if isinstance(caller, Client):
        caller.require(Action.CREATE_KEYS)
    if zone not in client.scope.zones:
        raise RefusedError("zone_not_in_scope", f"client « {client.name} » makes no data keys for this zone")
    now, key = vault.now(), NewKey(secrets.token_hex(16), os.urandom(DATA_KEY_BYTES))
    with vault.transaction() as connection:
        if isinstance(caller, Run):
            _spend_new_key(connection, caller)
        row = {
            "id": key.id,
            "zone": zone,
            "dataset": dataset,
            "client": client.name,
            "run": caller.row if isinstance(caller, Run) else None,
            "wrapped": vault.wrapping(connection).wrap(key.key, "data", key.id, zone, dataset),
            "created_at": now,
        }
        connection.execute(insert(data_keys).values(row))
        vault.note(connection, caller, "keys:create", now, dataset=dataset, key_id=key.id)
    return key


def release_key(vault: Vault, caller: Caller, key_id: str) -> bytes:
    """Return a data key to who created it, to a run that names it, or to a client that may have all of its zone.

    Raises:
        RefusedError: it does not exist, was destroyed, or is not this caller's.
    """
    now = vault.now()
    with vault.transaction() as connection:
        row = _find(connection, key_id)
        if not (_created(caller, row) or _named(caller, key_id) or _of_its_zones(caller, row)):
            raise RefusedError("key_not_in_scope", "this token neither created nor names this data key")
        if row.wrapped is None:
            raise RefusedError("key_destroyed", "this data key was destroyed: what it sealed can not be opened again")
        with vault.opening(connection):
            key = vault.master.unwrap(row.wrapped, "data", key_id, row.zone, row.dataset)
        vault.note(connection, caller, "keys:release", now, dataset=row.dataset, key_id=key_id)
    return key


def destroy_key(vault: Vault, client: Client, key_id: str) -> None:
    """Forget a data key; quiet if it was destroyed before.

    Raises:
        RefusedError: it does not exist, or is not this client's to destroy.
    """
    now = vault.now()
    with vault.transaction() as connection:
        row = _find(connection, key_id)
        if not _created(client, row) and Action.DESTROY_KEYS not in client.scope.actions:
            raise RefusedError("key_not_in_scope", f"client « {client.name} » did not create this data key")
        if row.wrapped is None:
            return
        statement = update(data_keys).where(data_keys.c.id == key_id).values(wrapped=None, destroyed_at=now)
        connection.execute(statement)
        vault.note(connection, client, "keys:destroy", now, dataset=row.dataset, key_id=key_id)


def fingerprint(vault: Vault, client: Client, dataset: str, digest: str) -> str:
    """Return the opaque name of a payload: HMAC-SHA-256 of its digest under a key for the dataset, base32."""
    client.require(Action.FINGERPRINT)
    now = vault.now()
    with vault.transaction() as connection:
        key = split(vault.service_key(connection, FINGERPRINT_KEY), "fingerprint", dataset)
        vault.note(connection, client, "fingerprint", now, dataset=dataset)
    mac = hmac.digest(key, fields(dataset, digest), hashlib.sha256)
    return base64.b32encode(mac[:_FINGERPRINT_BYTES]).decode().lower()


def _spend_new_key(connection: Connection, run: Run) -> None:
    statement = update(runs).where(runs.c.id == run.row, runs.c.new_keys_left > 0)
    changed = connection.execute(statement.values(new_keys_left=runs.c.new_keys_left - 1).returning(runs.c.id)).first()
    if changed is None:
        raise RefusedError("new_keys_spent", "this run has made all the data keys it may")


def _created(caller: Caller, row: Row[tuple[object, ...]]) -> bool:
    if isinstance(caller, Run):
        return bool(row.run == caller.row)
    return bool(row.run is None and row.client == caller.name)


def _named(caller: Caller, key_id: str) -> bool:
    return isinstance(caller, Run) and key_id in caller.key_ids


def _of_its_zones(caller: Caller, row: Row[tuple[object, ...]]) -> bool:
    """A client's right only: its runs do not have it."""
    return isinstance(caller, Client) and Action.RELEASE_KEYS in caller.scope.actions and row.zone in caller.scope.zones


def _find(connection: Connection, key_id: str) -> Row[tuple[object, ...]]:
    row = connection.execute(select(data_keys).where(data_keys.c.id == key_id)).first()
    if row is None:
        raise RefusedError("key_unknown", "no data key has this id")
    return row
