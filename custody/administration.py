"""What an administrator on custody's own machine does: declare domains and clients."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from anonymization.pseudonyms import ROLES
from custody.callers import new_token, put_client
from custody.domains import Declaration, declare_domain
from custody.errors import SettingsError
from custody.settings import load_settings
from custody.vault import Vault, open_vault


@contextmanager
def opened(home: Path, now: Callable[[], datetime]) -> Iterator[Vault]:
    """Open the custody kept in ``home`` for as long as the block lasts."""
    vault = open_vault(load_settings(home), now)
    try:
        yield vault
    finally:
        vault.engine.dispose()


def ensure_domain(vault: Vault, name: str) -> bool:
    """Declare a domain; return False if it was there."""
    with vault.engine.begin() as connection:
        return declare_domain(connection, vault.master, Declaration(name), vault.now())


def ensure_client(vault: Vault, name: str, role: str, token_file: Path) -> bool:
    """Declare a client whose token is in ``token_file``; return whether that file had to be made (mode 600).

    Raises:
        SettingsError: there is no such role, or the file can not be read or written.
    """
    if role not in ROLES:
        raise SettingsError(f"there is no role « {role} »: {', '.join(sorted(ROLES))}")
    token = _read(token_file)
    made = token is None
    if token is None:
        token = new_token("client")
        _write(token_file, token)
    with vault.engine.begin() as connection:
        put_client(connection, name, ROLES[role], token, vault.now())
    return made


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
