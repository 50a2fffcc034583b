"""The database's state: made and brought forward by Alembic, never backward, and never a newer one touched."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, text

from custody.errors import NewerStateError, StateError

_MIGRATIONS = Path(__file__).resolve().parent / "migrations"
_LOCK = 0x41524443  # two migrations at once would trip over each other


def open_engine(url: URL) -> Engine:
    """Return an engine whose errors never quote parameters."""
    return create_engine(
        url,
        pool_size=8,
        max_overflow=16,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": 5, "application_name": "custody"},
    )


def upgrade(engine: Engine) -> str:
    """Bring the database to this version's state and return its name.

    Raises:
        NewerStateError: a newer version has been here.
    """
    config = _config()
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        _refuse_newer(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return head()


def check(engine: Engine) -> str:
    """Return the name of the database's state, if it is the one this version works on.

    Raises:
        NewerStateError: a newer version has been here.
        StateError: migrations have still to be run.
    """
    with engine.connect() as connection:
        found = _refuse_newer(connection)
    if found != head():
        raise StateError(
            f"its database is in state {found or 'none'}, custody needs {head()}: run « python -m custody migrate »"
        )
    return found


def current(connection: Connection) -> str:
    """Return the name of the state the database is in; reads nothing but the database."""
    return MigrationContext.configure(connection).get_current_revision() or "none"


def head() -> str:
    """Return the name of the state this version works on."""
    name = ScriptDirectory.from_config(_config()).get_current_head()
    if name is None:
        raise StateError(f"no migration is found in {_MIGRATIONS}: the installation is damaged")
    return name


def _refuse_newer(connection: Connection) -> str | None:
    found = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found is not None and found not in known:
        raise NewerStateError(
            f"the database is in state {found}, which this version does not know: install a newer one"
        )
    return found


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
