"""Migrations of the hub's database: forward only, one process at a time, never on a state unknown to this version."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text

from storage.database.engine import database_engine, translated
from storage.errors import NewerStateError

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x41_52_44_4F_49_53_45  # "ARDOISE": one advisory lock for all who migrate this database


def upgrade(url: str) -> str:
    """Bring the database at `url` to this version's state; return the revision it is now at.

    Two processes that start together take turns. May be repeated.

    Raises:
        NewerStateError: a newer version has migrated it.
        StoreUnavailableError: it does not answer.
    """
    engine = database_engine(url)
    try:
        with translated("its migrations"), engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
            connection.commit()
            try:
                return _migrate(connection)
            finally:
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
                connection.commit()
    finally:
        engine.dispose()


def _migrate(connection: Connection) -> str:
    """Run what is missing, all in one transaction."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    present = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()
    if present is not None and not _known(scripts, present):
        raise NewerStateError(
            f"the hub's database is at revision {present}, which this version of Ardoise does not know: "
            "a newer version has migrated it. Start that version, or restore a backup"
        )
    head = scripts.get_current_head() or ""
    command.upgrade(config, "head")
    return head


def _known(scripts: ScriptDirectory, revision: str) -> bool:
    try:
        return scripts.get_revision(revision) is not None
    except CommandError:
        return False
