"""What a hub process knows about its surroundings: addresses, folders, credentials.

Order of precedence: built-in default < ``<home>/ardoise.toml`` < environment (``ARDOISE_…``) < flag given to
:func:`load_settings`. Secrets are never in the file: each is one file of ``<home>/secrets/``, mode 600, read when it is
first asked for and only by the process that asks. Nothing below an entry point reads the environment itself.
"""

from __future__ import annotations

import os
import ssl
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, SecretStr, model_validator

from settings.errors import MissingSecretError, SettingsError

ENVIRONMENT_PREFIX = "ARDOISE_"
SHIPPED_TERRITORY = Path(__file__).resolve().parent.parent / "policies" / "angers"


@dataclass(frozen=True, slots=True)
class Credential:
    """An S3 identity: one per reader, so that whoever reads one zone can not read the next."""

    access_key: str
    secret_key: SecretStr


class S3Settings(BaseModel):
    """Where the object store listens and the names of its few buckets."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str = "http://127.0.0.1:8333"
    region: str = "us-east-1"
    private_bucket: str = "ardoise-private"  # landing, trusted, quarantine, candidate as prefixes
    open_bucket: str = "ardoise-open"  # readable by anyone over HTTP
    audit_bucket: str = "ardoise-audit"  # lineage events, verdicts, certificates


class Settings(BaseModel):
    """Everything a hub process is told. Immutable; secrets are fetched by name and never stored in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path
    territory: Path
    s3: S3Settings = S3Settings()
    database: str = "postgresql+psycopg://ardoise@127.0.0.1:5432/ardoise"  # no password: see `hub_database_url`
    custody_url: str = "http://127.0.0.1:8701"
    custody_ca: Path | None = None  # who signed custody's certificate, over https; None: the system's authorities
    custody_certificate: Path | None = None  # the hub's own, where custody wants one
    custody_key: Path | None = None
    console_url: str = "http://127.0.0.1:8702"
    ckan_url: str = "http://127.0.0.1:5000"
    airflow_url: str = "http://127.0.0.1:8080"
    operators_url: str = "http://127.0.0.1:8703"  # base address of the operators' HTTP services
    operators_ca: Path | None = None  # who signed operators' certificates, beside the system's authorities
    inbox_url: str = "http://127.0.0.1:8704"  # where operators post by themselves
    inbox_certificate: Path | None = None  # needed to serve others than this machine
    inbox_key: Path | None = None
    drop_folder: Path | None = None  # where operators' files arrive
    smtp_server: str = ""  # « host:port » that mails go through; empty: the catalogue sends none
    smtp_sender: str = ""  # the address mails come from, needed with a server
    smtp_starttls: bool = True  # refuse a server that offers no TLS
    smtp_user: str = ""  # its password is the secret « smtp-password »

    @model_validator(mode="after")
    def _mails_have_a_sender(self) -> Self:
        if self.smtp_server and "@" not in self.smtp_sender:
            raise ValueError("smtp_sender: an address is needed with smtp_server")
        return self

    def secret(self, name: str) -> SecretStr:
        """Return the secret called ``name`` (a file of ``<home>/secrets``).

        Raises:
            MissingSecretError: the file is absent or unreadable to this process.
        """
        path = self.home / "secrets" / name
        try:
            return SecretStr(path.read_text(encoding="utf-8").strip())
        except OSError as error:
            raise MissingSecretError(
                f"secret « {name} » is not readable in {path.parent}: run « ardoise up », which creates it"
            ) from error

    def custody_tls(self) -> ssl.SSLContext | None:
        """Return whom to trust as custody, and who to be, over https; None over http.

        Raises:
            SettingsError: a certificate or key can not be read.
        """
        if not self.custody_url.startswith("https:"):
            return None
        try:
            context = ssl.create_default_context(cafile=self.custody_ca)
            if self.custody_certificate is not None:
                context.load_cert_chain(self.custody_certificate, self.custody_key)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(f"the certificates for custody are not readable ({type(error).__name__})") from None
        return context

    @property
    def inbox_tokens(self) -> Path:
        """The file with the hashes of operators' tokens."""
        return self.home / "secrets" / "inbox-tokens"

    def operators_tls(self) -> ssl.SSLContext:
        """Return whom to trust as an operator: the system's authorities, and the one of these settings.

        Raises:
            SettingsError: a certificate can not be read.
        """
        context = ssl.create_default_context()
        if self.operators_ca is not None:
            try:
                context.load_verify_locations(self.operators_ca)
            except (OSError, ssl.SSLError) as error:
                raise SettingsError(f"operators_ca is not readable ({type(error).__name__})") from None
        return context

    def credential(self, role: str) -> Credential:
        """Return the S3 identity of ``role`` (``ingest``, ``deidentify``, ``anonymize``, ``assess``, ``publish``…)."""
        value = self.secret(f"s3-{role}").get_secret_value()
        access_key, _, secret_key = value.partition(":")
        return Credential(access_key, SecretStr(secret_key))

    def hub_database_url(self) -> str:
        """SQLAlchemy URL of the hub's database, with its password."""
        password = self.secret("postgres-ardoise").get_secret_value()
        return self.database.replace("ardoise@", f"ardoise:{password}@", 1)


def load_settings(home: Path | None = None, **flags: Any) -> Settings:
    """Build the settings of this process.

    Args:
        home: the state folder; by default ``ARDOISE_HOME``, else ``.ardoise`` under the current folder.
        flags: fields given on the command line; ``None`` means not given.

    Raises:
        SettingsError: the file can not be read, or names an unknown field.
    """
    home = (home or Path(os.environ.get("ARDOISE_HOME", ".ardoise"))).resolve()
    values: dict[str, Any] = {"home": home}
    file = home / "ardoise.toml"
    if file.exists():
        try:
            values.update(tomllib.loads(file.read_text(encoding="utf-8")))
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"{file} is not valid TOML: {error}") from error
    for name in Settings.model_fields:
        if (text := os.environ.get(f"{ENVIRONMENT_PREFIX}{name.upper()}")) and name != "home":
            values[name] = text
    values.update({name: value for name, value in flags.items() if value is not None})
    values.setdefault("territory", SHIPPED_TERRITORY)
    values["home"] = home
    try:
        return Settings.model_validate(values)
    except ValueError as error:
        raise SettingsError(f"settings of {home} are not valid: {error}") from None
