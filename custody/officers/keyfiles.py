"""A person's own keys: a file that never leaves their hands, and a card that the administrator enrolls.

The file holds private keys as PEM (PKCS#8, RFC 5958): Ed25519 to sign and, for who receives re-identified people,
X25519 to open answers. The card is one line of public keys:

    ardoise-person-1 <Ed25519, base64> [<X25519, base64>]
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from custody.errors import SettingsError

CARD_MARK = "ardoise-person-1"
PUBLIC_KEY_BYTES = 32

_PEM = re.compile(rb"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----\n?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Card:
    """The public keys of a person."""

    signing_key: bytes
    encryption_key: bytes | None = None

    def to_text(self) -> str:
        """Return the line that the administrator is given."""
        keys = [self.signing_key, *([self.encryption_key] if self.encryption_key else [])]
        return " ".join([CARD_MARK, *(base64.b64encode(key).decode() for key in keys)])

    @classmethod
    def from_text(cls, text: str) -> Card:
        """Return the card written as ``text``.

        Raises:
            SettingsError: it is no card.
        """
        mark, *words = text.split()[:3] or [""]
        try:
            keys = [base64.b64decode(word, validate=True) for word in words]
            if mark != CARD_MARK or not keys or any(len(key) != PUBLIC_KEY_BYTES for key in keys):
                raise ValueError
            Ed25519PublicKey.from_public_bytes(keys[0])
            if keys[1:]:
                X25519PublicKey.from_public_bytes(keys[1])
        except (ValueError, binascii.Error):
            raise SettingsError(f"a card is one line that begins with « {CARD_MARK} »: ask for it again") from None
        return cls(*keys)


@dataclass(frozen=True, slots=True, repr=False)
class PrivateKeys:
    """The private keys of a person."""

    signing_key: Ed25519PrivateKey
    encryption_key: X25519PrivateKey | None = None

    @property
    def card(self) -> Card:
        """The public half."""
        opening = self.encryption_key.public_key().public_bytes_raw() if self.encryption_key else None
        return Card(self.signing_key.public_key().public_bytes_raw(), opening)


def new_keys(*, receives: bool) -> PrivateKeys:
    """Return fresh keys; with ``receives``, also one to open answers with."""
    return PrivateKeys(Ed25519PrivateKey.generate(), X25519PrivateKey.generate() if receives else None)


def write_keys(file: Path, keys: PrivateKeys, passphrase: str | None) -> None:
    """Write the keys to a new file, mode 600, under a passphrase if one is given.

    Raises:
        SettingsError: the file exists, or can not be written.
    """
    protection: KeySerializationEncryption = (
        BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    )
    blocks = [keys.signing_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)]
    if keys.encryption_key is not None:
        blocks.append(keys.encryption_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection))
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise SettingsError(f"{file} can not be made ({type(error).__name__}): it may be there already") from None
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(b"".join(blocks))


def read_keys(file: Path, passphrase: str | None) -> PrivateKeys:
    """Return the keys kept in ``file``.

    Raises:
        SettingsError: it is not readable, not such a file, or under another passphrase.
    """
    try:
        blocks = _PEM.findall(file.read_bytes())
    except OSError as error:
        raise SettingsError(f"{file} is not readable ({type(error).__name__})") from None
    try:
        keys = [load_pem_private_key(block, passphrase.encode() if passphrase else None) for block in blocks]
    except (ValueError, TypeError):
        raise SettingsError(f"{file} does not open: it is damaged, or its passphrase is another one") from None
    signing = [key for key in keys if isinstance(key, Ed25519PrivateKey)]
    opening = [key for key in keys if isinstance(key, X25519PrivateKey)]
    if len(signing) != 1 or len(opening) > 1 or len(keys) != len(signing) + len(opening):
        raise SettingsError(f"{file} holds no person's keys: make them with « python -m custody officer keys »")
    return PrivateKeys(signing[0], opening[0] if opening else None)


def is_protected(file: Path) -> bool:
    """Tell whether a passphrase is needed to read the file."""
    try:
        return b"ENCRYPTED PRIVATE KEY" in file.read_bytes()
    except OSError as error:
        raise SettingsError(f"{file} is not readable ({type(error).__name__})") from None
