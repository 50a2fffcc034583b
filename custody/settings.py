"""What the custody service knows about its surroundings: one folder of its own, and nothing of the hub's.

    <home>/custody.toml               the database's address, without its password
    <home>/secrets/postgres-custody   that password
    <home>/secrets/master.key         what every other key is wrapped under

Whoever copies only the database, or only this folder, opens nothing.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import URL, make_url

from custody.errors import SettingsError

FILE = "custody.toml"


class CustodySettings(BaseModel):
    """Settings of one custody home. Immutable; secrets are read when asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path
    database: str = "postgresql+psycopg://custody@127.0.0.1:5443/custody"
    stall_seconds: float = 900.0  # how long a stream may bring nothing
    streams: int = 16  # how many are served at once; others wait

    @property
    def master_key_file(self) -> Path:
        """The file of the master key."""
        return self.home / "secrets" / "master.key"

    @property
    def password_file(self) -> Path:
        """The file of the database's password."""
        return self.home / "secrets" / "postgres-custody"

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
