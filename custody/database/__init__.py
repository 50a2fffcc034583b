"""Custody's own database: tables, migrations, state."""

from custody.database.state import check, current, head, open_engine, upgrade

__all__ = ["check", "current", "head", "open_engine", "upgrade"]
