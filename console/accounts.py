"""Who may sign in: logins whose password the stack made, kept here as scrypt hashes only (RFC 7914).

The plain passwords are read once, hashed under a fresh salt and forgotten. A wrong login costs as much time as a wrong
password, so that answers do not tell which logins exist.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydantic import SecretStr

from console.errors import SignInError

SCRYPT_N = 2**14  # 16 MiB of memory with r = 8
SCRYPT_R = 8
SCRYPT_P = 1
SALT_BYTES = 16
MAXIMUM_PASSWORD_BYTES = 1024


class Role(StrEnum):
    """What a person does here."""

    DPO = "dpo"
    STEWARD = "steward"


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who has signed in."""

    login: str
    role: Role


@dataclass(frozen=True, slots=True)
class HashedPassword:
    """A salt and what scrypt makes of it and a password."""

    salt: bytes
    digest: bytes

    @classmethod
    def of(cls, password: SecretStr) -> HashedPassword:
        """Hash `password` under a fresh salt."""
        salt = secrets.token_bytes(SALT_BYTES)
        return cls(salt, _scrypt(password.get_secret_value(), salt))

    def matches(self, password: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self.digest, _scrypt(password, self.salt))

    def __repr__(self) -> str:
        return "HashedPassword(…)"


class Accounts:
    """The people who may sign in."""

    def __init__(self, passwords: Mapping[Person, SecretStr]) -> None:
        self._hashes = {person.login: (person, HashedPassword.of(secret)) for person, secret in passwords.items()}
        self._nobody = HashedPassword.of(SecretStr(secrets.token_urlsafe()))

    def sign_in(self, login: str, password: str) -> Person:
        """Return who this is.

        Raises:
            SignInError: the login or the password is wrong.
        """
        person, hashed = self._hashes.get(login, (None, self._nobody))
        if not hashed.matches(password[:MAXIMUM_PASSWORD_BYTES]) or person is None:
            raise SignInError("login or password is wrong")
        return person


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P, dklen=32)
