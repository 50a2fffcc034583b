"""The hub's database: engine, tables, migrations."""

from storage.database.bulk import append_rows
from storage.database.engine import database_engine, memory_engine, translated
from storage.database.migrate import upgrade
from storage.database.tables import METADATA, Json, UtcDateTime
from storage.database.upsert import upsert

__all__ = [
    "METADATA",
    "Json",
    "UtcDateTime",
    "append_rows",
    "database_engine",
    "memory_engine",
    "translated",
    "upgrade",
    "upsert",
]
