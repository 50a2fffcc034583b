"""What officers' records keep closed: AES-256-GCM under a key of custody's own, bound to the row it stands in.

Who may write in the database but has not the master key can neither read these columns, nor make one, nor move one to
another row.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from custody.database.tables import service_keys
from custody.errors import TamperedError
from custody.keyring import fields, split
from custody.vault import Vault

OFFICERS_KEY = "officers"
_NONCE_BYTES = 12


def seal(vault: Vault, connection: Connection, plain: bytes, *context: str) -> bytes:
    """Return ``plain`` closed for one place: ``context`` names table and row."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(vault, connection, context[0]).encrypt(nonce, plain, fields(*context))


def unseal(vault: Vault, connection: Connection, sealed: bytes, *context: str) -> bytes:
    """Return what :func:`seal` was given for the same ``context``.

    Raises:
        TamperedError: it was altered, or stands in another place than it was written for.
    """
    nonce, closed = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return _cipher(vault, connection, context[0]).decrypt(nonce, closed, fields(*context))
    except (InvalidTag, ValueError):
        raise TamperedError(f"the sealed row « {' '.join(context)} » does not open: altered, or moved") from None


def ensure_key(vault: Vault, connection: Connection) -> None:
    """Make the key these seals rest on, unless it is there."""
    known = select(service_keys.c.name).where(service_keys.c.name == OFFICERS_KEY)
    if connection.execute(known).first() is None:
        wrapped = vault.wrapping(connection).wrap(os.urandom(32), "service", OFFICERS_KEY)
        row = {"name": OFFICERS_KEY, "wrapped": wrapped, "created_at": vault.now()}
        connection.execute(insert(service_keys).values(row).on_conflict_do_nothing())


def _cipher(vault: Vault, connection: Connection, table: str) -> AESGCM:
    return AESGCM(split(vault.service_key(connection, OFFICERS_KEY), "officers", table))
