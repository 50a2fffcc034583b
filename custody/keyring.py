"""The wrapping of every key under a master key, and the splitting of keys into uses.

Domain and data keys are random, never derived: forgetting a wrapped key forgets the key. HKDF (RFC 5869) only splits
the uses of one key; its fields are length-prefixed, so that no two lists of fields give the same bytes. A wrap is

    marker (1 byte: 1) | nonce (12) | AES-256-GCM of the key | tag (16)

bound to its context (what it is a key of): a wrap moved to another row does not open there.
"""

from __future__ import annotations

import os
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from custody.errors import MasterKeyError, TamperedError

MASTER_KEY_BYTES = 32
FIRST_MASTER = "master"
_WRAP_MARK = b"\x01"
_NONCE_BYTES = 12


def fields(*parts: str) -> bytes:
    """Encode a list of texts so that no other list gives the same bytes."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def split(key: bytes, *use: str, length: int = 32) -> bytes:
    """Return the key of ``length`` bytes for one use of ``key``."""
    return HKDF(SHA256(), length=length, salt=None, info=fields("ardoise", "custody", *use)).derive(key)


class Wrapper(Protocol):
    """A master key, wherever it is kept: it wraps and opens the keys of one custody home, and is never shown.

    Attributes:
        name: what the database calls it.
    """

    @property
    def name(self) -> str:
        """See above."""
        ...

    def wrap(self, key: bytes, *context: str) -> bytes:
        """Return ``key`` wrapped for ``context``.

        Raises:
            MasterKeyError: the device or server that keeps the master key does not do it.
        """
        ...

    def unwrap(self, wrapped: bytes, *context: str) -> bytes:
        """Return the key that :meth:`wrap` was given for the same ``context``.

        Raises:
            TamperedError: anything else than what was written for this context under this master key.
            MasterKeyError: the device or server that keeps the master key does not do it.
        """
        ...


class MasterKey:
    """A master key in this process's memory."""

    def __init__(self, key: bytes, name: str = FIRST_MASTER) -> None:
        self.name = name
        if len(key) != MASTER_KEY_BYTES:
            raise MasterKeyError(f"a master key has {MASTER_KEY_BYTES} bytes")
        self._wrapping = AESGCM(split(key, "wrap", "aes-256-gcm"))

    def __repr__(self) -> str:
        return "MasterKey(…)"

    def wrap(self, key: bytes, *context: str) -> bytes:
        """See :class:`Wrapper`."""
        nonce = os.urandom(_NONCE_BYTES)
        return _WRAP_MARK + nonce + self._wrapping.encrypt(nonce, key, _WRAP_MARK + fields(*context))

    def unwrap(self, wrapped: bytes, *context: str) -> bytes:
        """See :class:`Wrapper`."""
        mark, nonce, sealed = wrapped[:1], wrapped[1 : 1 + _NONCE_BYTES], wrapped[1 + _NONCE_BYTES :]
        if mark != _WRAP_MARK:
            raise TamperedError("a wrapped key has an unknown mark")
        try:
            return self._wrapping.decrypt(nonce, sealed, mark + fields(*context))
        except (InvalidTag, ValueError):
            raise TamperedError("a wrapped key does not open: altered, moved, or under another master key") from None
