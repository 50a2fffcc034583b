"""Insert, or update the line that has the same primary key: one statement, on PostgreSQL and in memory."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Engine, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(
    engine: Engine,
    table: Table,
    values: dict[str, Any],
    *,
    update: bool = True,
    expressions: dict[str, ColumnElement[Any]] | None = None,
) -> Executable:
    """The statement that writes one line.

    Args:
        engine: tells the dialect.
        table: whose primary key is among `values`.
        values: the line. Columns left out keep what they have.
        update: False leaves a line that exists as it is.
        expressions: for an existing line, what columns become in place of the values given.
    """
    insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(**values)
    key = [column.name for column in table.primary_key.columns]
    if not update:
        return statement.on_conflict_do_nothing(index_elements=key)
    changed = {name: value for name, value in values.items() if name not in key} | (expressions or {})
    return statement.on_conflict_do_update(index_elements=key, set_=changed)
