"""Custody's own database: tables, migrations, state."""

from custody.database import officer_tables as officer_tables  # its tables belong to the same metadata
from custody.database.state import check, current, head, open_engine, upgrade

__all__ = ["check", "current", "head", "open_engine", "upgrade"]
