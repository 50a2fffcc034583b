"""Which keys are destroyed, and since when for good.

A key is forgotten by taking its wrap out of its row. Dead rows, write-ahead logs and backups of the database still have
that wrap, so it opens for whoever has the master key it was made under: it is destroyed once that master key is. And a
backup may hold the master key's own file: it is destroyed *for good* once the backups of that day have expired. What is
not known (how long backups live) counts as not destroyed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, literal, select, union_all

from custody.database.tables import data_keys, domain_keys, masters
from custody.settings import CustodySettings


@dataclass(frozen=True, slots=True)
class Destruction:
    """Keys that were forgotten under one master key.

    Attributes:
        what: "data keys", "epoch keys".
        master: the master key in use then.
        master_destroyed_at: None while it exists.
        complete_at: when the last backup of it expires; None as long as that can not be told.
    """

    what: str
    count: int
    last_at: datetime
    master: str
    master_destroyed_at: datetime | None
    complete_at: datetime | None

    def complete(self, now: datetime) -> bool:
        """Tell whether nobody can have these keys any more."""
        return self.complete_at is not None and now >= self.complete_at


def destructions(connection: Connection, backup_days: int | None) -> list[Destruction]:
    """Return what was destroyed, by kind of key and by the master key in use then.

    Args:
        backup_days: how long a backup lives; None if that is not known.
    """
    forgotten = union_all(
        select(literal("data keys").label("what"), data_keys.c.destroyed_at.label("at")).where(
            data_keys.c.destroyed_at.is_not(None)
        ),
        select(literal("epoch keys"), domain_keys.c.destroyed_at).where(domain_keys.c.destroyed_at.is_not(None)),
    ).subquery()
    before = masters.c.replaced_at.is_(None) | (forgotten.c.at < masters.c.replaced_at)
    under = (masters.c.current_since <= forgotten.c.at) & before
    query = (
        select(
            forgotten.c.what,
            masters.c.name,
            masters.c.destroyed_at,
            func.count().label("keys"),
            func.max(forgotten.c.at).label("last_at"),
        )
        .join(masters, under)
        .group_by(forgotten.c.what, masters.c.name, masters.c.destroyed_at)
        .order_by(func.max(forgotten.c.at))
    )
    return [_destruction(row, backup_days) for row in connection.execute(query)]


def destroyed_lines(connection: Connection, settings: CustodySettings | None, now: datetime) -> Iterator[str]:
    """Yield a line for each :class:`Destruction`."""
    for one in destructions(connection, settings.backup_days if settings else None):
        told = f"{one.count} {one.what}, the last one forgotten {one.last_at:%Y-%m-%d %H:%M} under {one.master}"
        if one.master_destroyed_at is None:
            yield f"{told}: NOT COMPLETE, {one.master} can still open old copies: run « master replace »"
        elif one.complete_at is None:
            yield f"{told}: NOT COMPLETE, the settings do not say how long backups live (backup_days)"
        elif not one.complete(now):
            yield f"{told}: NOT COMPLETE, backups may hold {one.master} until {one.complete_at:%Y-%m-%d %H:%M}"
        else:
            yield f"{told}: complete since {one.complete_at:%Y-%m-%d %H:%M}"


def _destruction(row: Row[Any], backup_days: int | None) -> Destruction:
    known = row.destroyed_at is not None and backup_days is not None
    complete_at = row.destroyed_at + timedelta(days=backup_days or 0) if known else None
    return Destruction(row.what, row.keys, row.last_at, row.name, row.destroyed_at, complete_at)
