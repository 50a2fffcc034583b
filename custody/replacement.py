"""Replacing the master key: the survivors are wrapped anew, then the old one is destroyed, and with it every wrap that
dead rows, write-ahead logs and backups of the database still hold.

Numbered as it happens, so that a kill at any point loses nothing and a second call finishes the first:
(1) a row names the new master key, before it exists; (2) it is made; (3) in one transaction, alone among those who wrap
keys, every wrap is opened and made again, and the new one becomes current; (4) the old one is destroyed; (5) its row
says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, insert, select, text, update

from custody.database.tables import data_keys, domain_keys, domains, masters, service_keys
from custody.errors import StateError
from custody.journal import ADMINISTRATOR
from custody.keyring import FIRST_MASTER, Wrapper
from custody.masters import keeper
from custody.settings import CustodySettings
from custody.vault import LOG_KEY, MASTER_LOCK, Vault

Context = Callable[[Row[Any]], tuple[str, ...]]

_CHUNK = 2_000  # rows opened and wrapped at a time

_WRAPPED: tuple[tuple[Table, Context], ...] = (
    (service_keys, lambda row: ("service", row.name)),
    (domains, lambda row: ("domain", row.name)),
    (domain_keys, lambda row: ("domain", row.domain, "epoch", str(row.epoch))),
    (data_keys, lambda row: ("data", row.id, row.zone, row.dataset)),
)
"""Every table with a column ``wrapped``, and the context its keys were wrapped for."""


def replace_master(vault: Vault) -> str:
    """Replace the master key, or finish a replacement that was cut short; return what was done.

    Raises:
        MasterKeyError: a place that keeps master keys does not do what it is asked.
        TamperedError: a wrap does not open. Nothing was changed: restore that row first.
    """
    settings = vault.settings
    if settings is None:
        raise StateError("a custody without settings has no other master key to take")
    if finished := _destroy_replaced(vault, settings):
        return f"finished: {', '.join(finished)} destroyed; {vault.master.name} is current"
    name, provider = _intend(vault, settings)
    new = keeper(provider, settings).create(name)
    old, count = vault.master.name, _rewrap(vault, new)
    vault.master = new
    _destroy_replaced(vault, settings)
    return f"{count} keys are wrapped under {name} ({provider}); {old} is destroyed"


def _intend(vault: Vault, settings: CustodySettings) -> tuple[str, str]:
    """Step 1. A name whose key was never used, from a call that was cut short, serves again."""
    keeper(settings.master, settings)  # refused before anything is written, if the settings do not describe it
    with vault.transaction() as connection:
        waiting = connection.execute(select(masters).where(masters.c.current_since.is_(None))).first()
        if waiting is not None:
            if waiting.provider != settings.master:
                keeper(waiting.provider, settings).destroy(waiting.name)
                moved = update(masters).where(masters.c.name == waiting.name)
                connection.execute(moved.values(provider=settings.master))
            return waiting.name, settings.master
        number = len(connection.execute(select(masters.c.name)).all()) + 1
        name = f"{FIRST_MASTER}-{number}"
        row = {"name": name, "provider": settings.master, "created_at": vault.now()}
        connection.execute(insert(masters).values(row))
        return name, settings.master


def _rewrap(vault: Vault, new: Wrapper) -> int:
    """Step 3. Return how many keys were wrapped anew."""
    with vault.transaction() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MASTER_LOCK})
        old, now = vault.wrapping(connection), vault.now()
        vault.service_key(connection, LOG_KEY)  # opened while it still opens: the row of the log is written last
        count = sum(_rewrap_table(connection, table, context, old, new) for table, context in _WRAPPED)
        connection.execute(update(masters).where(masters.c.name == old.name).values(replaced_at=now))
        connection.execute(update(masters).where(masters.c.name == new.name).values(current_since=now))
        vault.note(connection, ADMINISTRATOR, "master:replace", now, reference=f"{old.name} {new.name}")
    return count


def _rewrap_table(connection: Connection, table: Table, context: Context, old: Wrapper, new: Wrapper) -> int:
    keys = list(table.primary_key)
    query = select(table).where(table.c.wrapped.is_not(None)).with_for_update()
    rows = connection.execute(query.execution_options(yield_per=_CHUNK)).partitions()
    statement = update(table).where(*(key == bindparam(f"key_{key.name}") for key in keys))
    statement = statement.values(wrapped=bindparam("again"))
    count = 0
    for chunk in rows:
        changes = [
            {f"key_{key.name}": row._mapping[key.name] for key in keys}
            | {"again": new.wrap(old.unwrap(row.wrapped, *context(row)), *context(row))}
            for row in chunk
        ]
        connection.execute(statement, changes)
        count += len(changes)
    return count


def _destroy_replaced(vault: Vault, settings: CustodySettings) -> list[str]:
    """Steps 4 and 5, for every master key that was replaced and is not destroyed; return their names."""
    query = select(masters).where(masters.c.replaced_at.is_not(None), masters.c.destroyed_at.is_(None))
    with vault.engine.connect() as connection:
        waiting = connection.execute(query).all()
    for row in waiting:
        keeper(row.provider, settings).destroy(row.name)
        with vault.transaction() as connection:
            now = vault.now()
            connection.execute(update(masters).where(masters.c.name == row.name).values(destroyed_at=now))
            vault.note(connection, ADMINISTRATOR, "master:destroy", now, reference=row.name)
    return [row.name for row in waiting]
