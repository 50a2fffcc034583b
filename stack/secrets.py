"""The hub's secrets: one file each in ``<home>/secrets``, mode 600, made at first start, never printed or logged."""

from __future__ import annotations

import base64
import os
import secrets as random_source
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

HUB_ROLES = ("ardoise", "airflow", "ckan", "datastore", "datastore_read")
S3_ROLES = ("admin", "ingest", "deidentify", "anonymize", "assess", "publish", "rotate", "lineage", "console")
LOGINS = ("steward", "dpo", "operator", "author", "ckan-admin")


def password() -> str:
    """Return a fresh URL-safe secret of 192 bits."""
    return random_source.token_urlsafe(24)


def key_pair() -> str:
    """Return a fresh S3 identity, ``access:secret``."""
    return f"{random_source.token_hex(10)}:{random_source.token_urlsafe(30)}"


def fernet_key() -> str:
    """Return a fresh Fernet key (32 random bytes, URL-safe base64)."""
    return base64.urlsafe_b64encode(random_source.token_bytes(32)).decode()


def long_key() -> str:
    """Return a fresh secret of 512 bits, for token signatures."""
    return random_source.token_urlsafe(64)


@dataclass(frozen=True, slots=True)
class Secrets:
    """A folder of secrets."""

    folder: Path

    def get(self, name: str) -> SecretStr:
        """Return the secret called ``name``; OSError if it is absent."""
        return SecretStr((self.folder / name).read_text(encoding="utf-8").strip())

    def has(self, name: str) -> bool:
        """Tell whether the secret exists."""
        return (self.folder / name).exists()

    def put(self, name: str, value: str) -> None:
        """Write a secret, whole or not at all, mode 600."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self.folder / f".{name}.partial"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(value)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.folder / name)

    def ensure(self, name: str, make: Callable[[], str] = password) -> SecretStr:
        """Return the secret called ``name``, making it with ``make`` if it does not exist yet."""
        if not self.has(name):
            self.put(name, make())
        return self.get(name)

    def ensure_all(self, names: Iterable[str], make: Callable[[], str] = password) -> None:
        """Make each secret of ``names`` that does not exist yet."""
        for name in names:
            self.ensure(name, make)


def generate(secrets: Secrets) -> None:
    """Make every secret that the stack decides by itself; those a service issues (API tokens) come from its module."""
    secrets.ensure_all(f"postgres-{role}" for role in ("admin", *HUB_ROLES))
    secrets.ensure_all((f"s3-{role}" for role in S3_ROLES), key_pair)
    secrets.ensure_all(f"login-{login}" for login in LOGINS)
    secrets.ensure_all(("console-lineage", "ckan-beaker", "valkey"))
    secrets.ensure_all(("console-session", "airflow-api", "airflow-jwt", "ckan-jwt", "s3-jwt"), long_key)
    secrets.ensure("airflow-fernet", fernet_key)
