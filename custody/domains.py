"""Pseudonymisation domains: a name and, per epoch, a random key that never leaves this process."""

from __future__ import annotations

import os
import re
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from anonymization.pseudonyms.cmac import KEY_BYTES
from custody.database.tables import domain_keys
from custody.errors import RefusedError
from custody.keyring import MasterKey

FIRST_EPOCH = 0
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


def add_domain(connection: Connection, master: MasterKey, name: str, now: datetime) -> bool:
    """Declare a domain with a fresh key; return False, and change nothing, if it was there.

    Raises:
        RefusedError: the name is not lower-case letters, digits, dashes and underscores.
    """
    if not _NAME.fullmatch(name):
        raise RefusedError("bad_request", "a domain's name is 1 to 63 lower-case letters, digits, dashes, underscores")
    row = {
        "domain": name,
        "epoch": FIRST_EPOCH,
        "wrapped": master.wrap(os.urandom(KEY_BYTES), "domain", name, str(FIRST_EPOCH)),
        "created_at": now,
    }
    statement = insert(domain_keys).values(row).on_conflict_do_nothing().returning(domain_keys.c.domain)
    return connection.execute(statement).first() is not None


def domain_names(connection: Connection) -> list[str]:
    """Return the names of all domains, sorted."""
    return list(connection.scalars(select(domain_keys.c.domain).distinct().order_by(domain_keys.c.domain)))


def open_domain(connection: Connection, master: MasterKey, name: str) -> tuple[bytes, int]:
    """Return the key of a domain's current epoch, and that epoch.

    Raises:
        RefusedError: there is no such domain.
    """
    query = select(domain_keys.c.wrapped, domain_keys.c.epoch).where(domain_keys.c.domain == name)
    row = connection.execute(query.order_by(domain_keys.c.epoch.desc()).limit(1)).first()
    if row is None:
        raise RefusedError("domain_unknown", f"no domain is called « {name} »")
    return master.unwrap(row.wrapped, "domain", name, str(row.epoch)), row.epoch
