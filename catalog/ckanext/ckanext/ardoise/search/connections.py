"""Connections to the index's database: for statements alone, for snapshots and writes, for writes that may wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy as sa

from ckanext.ardoise.search.spelling import RESEMBLANCE

SLOWEST_SECONDS = 20  # a statement that takes longer is given up
ATTEMPTS = 4  # of a write that another one made impossible
_CONTENDED = ("40001", "40P01")  # serialization failure, deadlock
# Compiling a statement to machine code takes longer than running it; sorts of a whole catalogue stay in memory.
_SETTINGS = f"SET jit = off; SET work_mem = '32MB'; SET pg_trgm.word_similarity_threshold = {RESEMBLANCE};"


def steady(url: str | sa.URL) -> sa.Engine:
    """Return connections whose transactions read one snapshot; they write too."""
    engine = sa.create_engine(url, pool_size=4, max_overflow=12, isolation_level="REPEATABLE READ")
    sa.event.listen(engine, "connect", _settle)
    return engine


def asking(url: str | sa.URL) -> sa.Engine:
    """Return connections for statements that stand alone."""
    engine = sa.create_engine(url, pool_size=4, max_overflow=12, isolation_level="AUTOCOMMIT")
    sa.event.listen(engine, "connect", _seek)
    return engine


def deferring(url: str | sa.URL) -> sa.Engine:
    """Return connections whose writes do not wait for the disk."""
    engine = sa.create_engine(url, pool_size=1, max_overflow=12)
    sa.event.listen(engine, "connect", _defer)
    return engine


Result = TypeVar("Result")


def again_if_needed(work: Callable[[], Result], lost: Callable[[], None]) -> Result:
    """Do ``work``, again when another write made it impossible or the connection had been lost meanwhile.

    ``lost`` is called after each connection that was lost.
    """
    for attempt in range(ATTEMPTS):
        try:
            return work()
        except sa.exc.DBAPIError as error:
            if error.connection_invalidated:
                lost()
            if attempt == ATTEMPTS - 1 or not (error.connection_invalidated or state(error) in _CONTENDED):
                raise
    raise AssertionError("unreachable")


def state(error: sa.exc.DBAPIError) -> str | None:
    """PostgreSQL's five letters; None where it did not answer."""
    return getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)


def _settle(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"{_SETTINGS} SET statement_timeout = '{SLOWEST_SECONDS}s'")
    connection.commit()


def _seek(connection: Any, record: Any) -> None:
    """A statement finds long texts by an index: PostgreSQL does not count what reading each of them costs."""
    _settle(connection, record)
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
    connection.commit()


def _defer(connection: Any, record: Any) -> None:
    _settle(connection, record)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    connection.commit()
