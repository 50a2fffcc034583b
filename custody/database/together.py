"""Several statements in one trip to the database: a trip costs more than what a small call asks for.

Over psycopg's pipeline mode, under SQLAlchemy's pool and with its statements, compiled once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection as Driver
from psycopg.rows import namedtuple_row
from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql import ClauseElement

_DIALECT: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]

Rows = list[Any]  # attributes are columns


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement and what it is compiled to; parameters by name."""

    sql: str

    @classmethod
    def of(cls, statement: ClauseElement) -> Statement:
        """Compile ``statement``; each of its parameters must be a ``bindparam`` of its own name."""
        return cls(str(statement.compile(dialect=_DIALECT)))


def together(driver: Driver[Any], *asked: tuple[Statement, Mapping[str, Any]], commit: bool = False) -> list[Rows]:
    """Run statements in order, in the transaction of ``driver``; return the rows of each, none for those without.

    Args:
        commit: end the transaction in the same trip.
    """
    cursors = []
    with driver.pipeline():
        for statement, parameters in asked:
            cursor = driver.cursor(row_factory=namedtuple_row)
            cursors.append(cursor.execute(statement.sql, parameters))
        if commit:
            driver.commit()
    return [cursor.fetchall() if cursor.description else [] for cursor in cursors]
