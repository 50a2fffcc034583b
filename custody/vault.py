"""What every operation of custody works with: its database, its master key, its clock."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects.postgresql import insert

from anonymization.pseudonyms import CONSENT_DOMAIN
from custody.database import check, open_engine, upgrade
from custody.database.tables import service_keys
from custody.domains import Declaration, complete, declare_domain, domain_names
from custody.errors import MasterKeyError, StateError, TamperedError
from custody.keyring import Wrapper, create_master_key, load_master_key
from custody.settings import CustodySettings

CONSENT = Declaration(CONSENT_DOMAIN, recipient="the consent ledger", purpose="to tell who consents, and who objects")
FINGERPRINT_KEY = "fingerprint"


@dataclass(frozen=True, slots=True)
class Vault:
    """An open custody. Every operation takes one."""

    engine: Engine
    master: Wrapper
    now: Callable[[], datetime]


def prepare(settings: CustodySettings, now: Callable[[], datetime]) -> Vault:
    """Bring the database forward; at first, make the master key, custody's own keys and the consent domain.

    Raises:
        MasterKeyError: the database holds keys and the master key is missing or another one.
        NewerStateError: a newer version has been here.
    """
    engine = open_engine(settings.database_url())
    upgrade(engine)
    with engine.begin() as connection:
        used = connection.execute(select(service_keys.c.name).limit(1)).first() is not None
        if used or settings.master_key_file.exists():
            master = load_master_key(settings.master_key_file)
        else:
            master = create_master_key(settings.master_key_file)
        row = {
            "name": FINGERPRINT_KEY,
            "wrapped": master.wrap(os.urandom(32), "service", FINGERPRINT_KEY),
            "created_at": now(),
        }
        connection.execute(insert(service_keys).values(row).on_conflict_do_nothing())
        complete(connection, master, now())
        if CONSENT.name not in domain_names(connection):
            declare_domain(connection, master, CONSENT, now())
        _check_master(connection, master)
    return Vault(engine, master, now)


def open_vault(settings: CustodySettings, now: Callable[[], datetime]) -> Vault:
    """Open a custody that was prepared.

    Raises:
        MasterKeyError: the master key is missing, readable by others, or not this database's.
        StateError: the database is older or newer than this version.
    """
    master = load_master_key(settings.master_key_file)
    engine = open_engine(settings.database_url())
    check(engine)
    with engine.connect() as connection:
        _check_master(connection, master)
    return Vault(engine, master, now)


def service_key(connection: Connection, master: Wrapper, name: str) -> bytes:
    """Return one of custody's own keys."""
    wrapped = connection.scalar(select(service_keys.c.wrapped).where(service_keys.c.name == name))
    if wrapped is None:
        raise StateError(f"custody's own key « {name} » is missing: run « python -m custody init »")
    return master.unwrap(wrapped, "service", name)


def _check_master(connection: Connection, master: Wrapper) -> None:
    try:
        service_key(connection, master, FINGERPRINT_KEY)
    except TamperedError:
        raise MasterKeyError("the master key is not the one this database was made with: restore that one") from None
