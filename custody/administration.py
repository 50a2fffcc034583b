"""What an administrator on custody's own machine does. Each act is a row of the log."""

from __future__ import annotations

import dataclasses
import os
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from anonymization.pseudonyms import ROLES, Action, Kind
from custody.callers import new_token, put_client
from custody.database.tables import domains
from custody.domains import Declaration, declare_domain
from custody.errors import RefusedError, SettingsError
from custody.journal import ADMINISTRATOR, verify
from custody.settings import load_settings
from custody.vault import LOG_KEY, Vault, open_vault


@contextmanager
def opened(home: Path, now: Callable[[], datetime], *, trust_log: bool = False) -> Iterator[Vault]:
    """Open the custody kept in ``home`` for as long as the block lasts."""
    vault = open_vault(load_settings(home), now, trust_log=trust_log)
    try:
        yield vault
    finally:
        vault.engine.dispose()


def declaration(name: str, said: Mapping[str, Any]) -> Declaration:
    """Return a declaration from the words of a command line or a file.

    Raises:
        SettingsError: a word that a declaration does not have, or a kind that there is not.
    """
    known = {field.name for field in dataclasses.fields(Declaration)} - {"name"}
    if unknown := set(said) - known:
        raise SettingsError(f"domain « {name} »: {', '.join(sorted(unknown))} can not be declared")
    kinds = [kind.value for kind in Kind]
    if said.get("kind", Kind.ONE_WAY.value) not in kinds:
        raise SettingsError(f"domain « {name} »: its kind is one of {', '.join(kinds)}")
    return Declaration(name, **{**said, "kind": Kind(said.get("kind", Kind.ONE_WAY.value))})


def read_domains(file: Path) -> list[Declaration]:
    """Return the domains that a TOML file declares, a table each.

    Raises:
        SettingsError: the file can not be read, or declares something else.
    """
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file} is not readable ({type(error).__name__})") from None
    return [declaration(name, said if isinstance(said, dict) else {"a value": said}) for name, said in tables.items()]


def declare(vault: Vault, wanted: Declaration) -> bool:
    """Declare a domain; return False if it was there (what may change of it is taken over)."""
    with vault.transaction() as connection:
        before = connection.execute(select(domains).where(domains.c.name == wanted.name)).first()
        made = declare_domain(connection, vault.wrapping(connection), wanted, vault.now())
        after = connection.execute(select(domains).where(domains.c.name == wanted.name)).first()
        if before != after:
            vault.note(connection, ADMINISTRATOR, "domain:declare", vault.now(), domain=wanted.name)
    return made


def ensure_client(
    vault: Vault,
    name: str,
    role: str,
    token_file: Path,
    names_of_domains: Iterable[str] = (),
    quota: int = 0,
    lasts: timedelta | None = None,
) -> bool:
    """Declare a client whose token is in ``token_file``; return whether that file had to be made (mode 600).

    An operator's client names its domains, its quota of identifiers and its end; other roles have none of their own.

    Raises:
        SettingsError: there is no such role, or the file can not be read or written.
        RefusedError: domains, quota and end do not go with the role.
    """
    if role not in ROLES:
        raise SettingsError(f"there is no role « {role} »: {', '.join(sorted(ROLES))}")
    scope, wanted = ROLES[role], frozenset(names_of_domains)
    if Action.PSEUDONYMIZE in scope.actions:
        if not wanted or quota < 1 or lasts is None or lasts.total_seconds() <= 0:
            raise RefusedError("bad_request", f"a client of role « {role} » has domains, a quota and an end")
        scope = dataclasses.replace(scope, domains=wanted)
    elif wanted or quota or lasts is not None:
        raise RefusedError("bad_request", f"a client of role « {role} » has no domains, quota or end of its own")
    token = _read(token_file)
    made = token is None
    if token is None:
        token = new_token("client")
        _write(token_file, token)
    now = vault.now()
    with vault.transaction() as connection:
        known = set(connection.scalars(select(domains.c.name).where(domains.c.name.in_(wanted))))
        if known != wanted:
            raise RefusedError("domain_unknown", "one of these domains was never declared")
        expires_at = now + lasts if lasts is not None else None
        if put_client(connection, name, scope, token, now, quota, expires_at):
            vault.note(connection, ADMINISTRATOR, "client:declare", now, reference=name, identifiers=quota)
    return made


def verify_log(vault: Vault) -> int:
    """Read the whole log; return how many rows it has.

    Raises:
        LogError: it was altered or cut off.
    """
    with vault.engine.connect() as connection:
        key = vault.service_key(connection, LOG_KEY)
        return verify(connection, key, vault.witness.read() if vault.witness else None)


def accept_log(vault: Vault, reason: str) -> int:
    """Go on from the log as it is, though it is not the one that was witnessed; return the number of its new row.

    For a database restored from a backup. What is left of the log must be whole; why it is shorter stays in it.

    Raises:
        LogError: it was altered.
    """
    with vault.transaction() as connection:
        key = vault.service_key(connection, LOG_KEY)
        verify(connection, key, None)
        vault.note(connection, ADMINISTRATOR, "log:accept", vault.now(), reference=reason)
        head = vault.head(connection)
    if vault.witness is not None:
        vault.witness.move(head, back=True)
    return head.row


def _read(file: Path) -> str | None:
    try:
        token = file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{file} is not readable: check its owner and mode") from None
    if len(token) < 32:
        raise SettingsError(f"{file} does not hold a token: remove it and a new one is made")
    return token


def _write(file: Path, token: str) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise SettingsError(f"{file} can not be written ({type(error).__name__})") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(token + "\n")
