"""What the custody service knows about its surroundings: one folder of its own, and nothing of the hub's.

    <home>/custody.toml               the settings below; no secret
    <home>/secrets/postgres-custody   the database's password
    <home>/secrets/master.key         what every other key is wrapped under, unless an HSM or Vault has it
    <home>/log.witness                the last row of the log that was written

Whoever copies only the database, or only this folder, opens nothing.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from sqlalchemy import URL, make_url

from custody.errors import SettingsError

FILE = "custody.toml"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HsmSettings(_Table):
    """``[pkcs11]``: where the HSM is. Its PIN is a file of the folder of secrets."""

    module: Path  # the vendor's PKCS#11 library
    token: str  # the token's label
    pin: str = "pkcs11-pin"
    prefix: str = "ardoise-custody-"  # of the labels of master keys


class VaultSettings(_Table):
    """``[vault]``: where Vault is. Its token is a file of the folder of secrets."""

    address: str  # https://host:port
    mount: str = "transit"
    token: str = "vault-token"  # noqa: S105 (the name of a file)
    prefix: str = "ardoise-custody-"  # of the names of master keys
    ca: Path | None = None  # who signed its certificate; None: the system's authorities
    timeout_seconds: float = 10.0


class TlsSettings(_Table):
    """``[tls]``: serve over TLS; with ``clients``, only to holders of a certificate that this authority signed."""

    certificate: Path
    key: Path
    clients: Path | None = None


class CustodySettings(_Table):
    """Settings of one custody home. Immutable; secrets are read when asked for."""

    home: Path
    database: str = "postgresql+psycopg://custody@127.0.0.1:5443/custody"
    stall_seconds: float = 900.0  # how long a stream may bring nothing
    streams: int = 16  # how many are served at once; others wait
    master: Literal["file", "pkcs11", "vault"] = "file"  # where new master keys are made
    pkcs11: HsmSettings | None = None
    vault: VaultSettings | None = None
    tls: TlsSettings | None = None
    host: str = "127.0.0.1"
    backup_days: int | None = Field(default=None, ge=0)  # how long backups of its database and folder are kept

    @property
    def secrets(self) -> Path:
        """The folder of secrets."""
        return self.home / "secrets"

    @property
    def password_file(self) -> Path:
        """The file of the database's password."""
        return self.secrets / "postgres-custody"

    @property
    def witness_file(self) -> Path:
        """The file that remembers the last row of the log."""
        return self.home / "log.witness"

    def secret(self, name: str) -> SecretStr:
        """Return what a file of the folder of secrets holds.

        Raises:
            SettingsError: it can not be read.
        """
        try:
            return SecretStr((self.secrets / name).read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError):
            raise SettingsError(f"{self.secrets / name} is not readable: check its owner and mode") from None

    def database_url(self) -> URL:
        """Return the database's address with its password, if there is one."""
        url = make_url(self.database)
        try:
            return url.set(password=self.password_file.read_text(encoding="utf-8").strip())
        except FileNotFoundError:
            return url
        except OSError as error:
            raise SettingsError(f"{self.password_file} is not readable: check its owner and mode") from error


def load_settings(home: Path) -> CustodySettings:
    """Read the settings of ``home``.

    Raises:
        SettingsError: the file is absent, or names an unknown field.
    """
    home = home.resolve()
    file = home / FILE
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError:
        raise SettingsError(f"{file} is not readable: run « python -m custody init --home {home} » first") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file} is not valid TOML: {error}") from None
    try:
        return CustodySettings.model_validate(values | {"home": home})
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors())
        raise SettingsError(f"{file}: these fields are not valid: {fields}") from None
