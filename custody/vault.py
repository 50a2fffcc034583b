"""What every operation of custody works with: its database, its master key, its log, its clock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from anonymization.pseudonyms import CONSENT_DOMAIN
from custody.callers import Caller
from custody.database import check, open_engine, upgrade
from custody.database.tables import masters, service_keys
from custody.domains import Declaration, OpenDomain, complete, declare_domain, domain_names, open_domain
from custody.errors import MasterKeyError, RefusedError, StateError, TamperedError
from custody.journal import Head, Witness, append, check_head, entry
from custody.keyring import FIRST_MASTER, Wrapper
from custody.masters import keeper
from custody.settings import CustodySettings

CONSENT = Declaration(CONSENT_DOMAIN, recipient="the consent ledger", purpose="to tell who consents, and who objects")
FINGERPRINT_KEY, LOG_KEY, LEDGER_KEY = "fingerprint", "log", "ledger"
MASTER_LOCK = 0x4152444D  # shared by whoever wraps a key, alone for whoever replaces the master key

_SERVICE_KEYS = (FINGERPRINT_KEY, LOG_KEY, LEDGER_KEY)
_HEAD = "custody.log.head"


@dataclass(slots=True)
class Vault:
    """An open custody. Every operation takes one; safe to share by threads."""

    engine: Engine
    master: Wrapper
    now: Callable[[], datetime]
    settings: CustodySettings | None = None
    witness: Witness | None = None
    _service_keys: dict[str, bytes] = field(default_factory=dict, repr=False)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a transaction; once it is durable, the log's last row is witnessed."""
        with self.engine.connect() as connection, self.logged(connection):
            yield connection

    @contextmanager
    def logged(self, connection: Connection, *, lazily: bool = False) -> Iterator[None]:
        """Open a transaction of ``connection``; once it is durable, the log's last row is witnessed.

        Args:
            lazily: see :meth:`custody.journal.Witness.move`.
        """
        connection.info.pop(_HEAD, None)
        with connection.begin():
            yield
        head: Head | None = connection.info.pop(_HEAD, None)
        if head is not None and self.witness is not None:
            self.witness.move(head, lazily=lazily)

    def note(self, connection: Connection, who: Caller | str, action: str, now: datetime, **facts: Any) -> None:
        """Write one row of the log (see :func:`custody.journal.entry`) in a :meth:`transaction`, as its last act."""
        self.note_all(connection, [entry(who, action, now, **facts)])

    def note_all(self, connection: Connection, rows: list[dict[str, Any]]) -> None:
        """Write rows of the log in a :meth:`transaction`, as its last act."""
        connection.info[_HEAD] = append(connection, self.service_key(connection, LOG_KEY), rows)

    def head(self, connection: Connection) -> Head:
        """Return the row of the log that this transaction wrote last."""
        found: Head = connection.info[_HEAD]
        return found

    def service_key(self, connection: Connection, name: str) -> bytes:
        """Return one of custody's own keys."""
        if name not in self._service_keys:
            self._service_keys[name] = service_key(connection, self.master, name)
        return self._service_keys[name]

    def open_domain(self, connection: Connection, name: str, epoch: int | None = None) -> OpenDomain:
        """Return a domain with its keys. See :func:`custody.domains.open_domain`.

        Raises:
            RefusedError: it does not exist, or the master key has just been replaced: ask again.
        """
        with self.opening(connection):
            return open_domain(connection, self.master, name, epoch)

    @contextmanager
    def opening(self, connection: Connection) -> Iterator[None]:
        """Open wrapped keys here: if the master key was replaced since this process started, the new one is taken."""
        try:
            yield
        except TamperedError:
            self.require_renewed(connection)

    def require_renewed(self, connection: Connection) -> None:
        """A wrapped key did not open: take the master key that replaced this process's, if one did.

        Raises:
            RefusedError: it was replaced, and whoever asked is to ask again.
            TamperedError: it was not.
        """
        if not self._renew(connection):
            raise TamperedError("a wrapped key does not open: altered, moved, or under another master key")
        raise RefusedError("master_replaced", "the master key was replaced just now: ask again")

    def wrapping(self, connection: Connection) -> Wrapper:
        """Return the master key to wrap new keys under; until the transaction ends nobody replaces it."""
        connection.execute(text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": MASTER_LOCK})
        self._renew(connection)
        return self.master

    def _renew(self, connection: Connection) -> bool:
        current = connection.execute(select(masters.c.name, masters.c.provider).where(_CURRENT)).one()
        if current.name == self.master.name or self.settings is None:
            return False
        self.master = keeper(current.provider, self.settings).open(current.name)
        return True


_CURRENT = masters.c.current_since.is_not(None) & masters.c.replaced_at.is_(None)


def prepare(settings: CustodySettings, now: Callable[[], datetime]) -> Vault:
    """Bring the database forward; at first, make the master key, custody's own keys and the consent domain.

    Raises:
        MasterKeyError: the database holds keys and the master key is missing or another one.
        NewerStateError: a newer version has been here.
        LogError: the log was cut off or replaced.
    """
    engine = open_engine(settings.database_url())
    upgrade(engine)
    witness = Witness(settings.witness_file)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": MASTER_LOCK})
        master = _open_master(connection, settings) or _first_master(connection, settings, now())
        for name in _SERVICE_KEYS:
            if connection.scalar(select(service_keys.c.name).where(service_keys.c.name == name)) is None:
                wrapped = master.wrap(os.urandom(32), "service", name)
                connection.execute(insert(service_keys).values(name=name, wrapped=wrapped, created_at=now()))
        _check_master(connection, master)
        check_head(connection, witness.read())
        complete(connection, master, now())
        if CONSENT.name not in domain_names(connection):
            declare_domain(connection, master, CONSENT, now())
    return Vault(engine, master, now, settings, witness)


def open_vault(settings: CustodySettings, now: Callable[[], datetime], *, trust_log: bool = False) -> Vault:
    """Open a custody that was prepared.

    Args:
        trust_log: do not compare the log with its witness; for who is about to look into that.

    Raises:
        MasterKeyError: the master key is missing, readable by others, or not this database's.
        StateError: the database is older or newer than this version, or was never prepared.
        LogError: the log was cut off or replaced.
    """
    engine = open_engine(settings.database_url())
    check(engine)
    witness = Witness(settings.witness_file)
    with engine.connect() as connection:
        master = _open_master(connection, settings)
        if master is None:
            raise StateError("it was never prepared: run « python -m custody init »")
        _check_master(connection, master)
        if not trust_log:
            check_head(connection, witness.read())
    return Vault(engine, master, now, settings, witness)


def service_key(connection: Connection, master: Wrapper, name: str) -> bytes:
    """Return one of custody's own keys."""
    wrapped = connection.scalar(select(service_keys.c.wrapped).where(service_keys.c.name == name))
    if wrapped is None:
        raise StateError(f"custody's own key « {name} » is missing: run « python -m custody init »")
    return master.unwrap(wrapped, "service", name)


def _open_master(connection: Connection, settings: CustodySettings) -> Wrapper | None:
    row = connection.execute(select(masters.c.name, masters.c.provider).where(_CURRENT)).first()
    return None if row is None else keeper(row.provider, settings).open(row.name)


def _first_master(connection: Connection, settings: CustodySettings, now: datetime) -> Wrapper:
    """Make the first master key; of state 0001, name the one in its file."""
    used = connection.execute(select(service_keys.c.name).limit(1)).first() is not None
    provider = "file" if used else settings.master
    place = keeper(provider, settings)
    master = place.open(FIRST_MASTER) if used else place.create(FIRST_MASTER)
    row = {"name": FIRST_MASTER, "provider": provider, "created_at": now, "current_since": now}
    connection.execute(upsert(masters).values(row))
    return master


def _check_master(connection: Connection, master: Wrapper) -> None:
    try:
        service_key(connection, master, FINGERPRINT_KEY)
    except TamperedError:
        raise MasterKeyError("the master key is not the one this database was made with: restore that one") from None
