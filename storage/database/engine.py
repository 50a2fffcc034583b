"""Connections to the hub's database, and its errors in our words.

PostgreSQL holds the records of a running hub. :func:`memory_engine` gives the same tables in SQLite, for tests that
want the real statements without a server. A driver's exception quotes the values of the statement it failed on, so none
leaves this room: :func:`translated` says what failed, never with what.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import StaticPool

from storage.database.tables import METADATA
from storage.errors import RecordError, StoreUnavailableError

_CONNECT_TIMEOUT = 5  # seconds


def database_engine(url: str) -> Engine:
    """An engine on PostgreSQL. Connections open when first used; a broken one is replaced before it is used again."""
    return create_engine(
        url,
        pool_pre_ping=True,
        pool_size=2,
        max_overflow=8,
        pool_timeout=_CONNECT_TIMEOUT,
        hide_parameters=True,
        connect_args={"connect_timeout": _CONNECT_TIMEOUT, "options": "-c timezone=UTC"},
    )


def memory_engine() -> Engine:
    """The hub's tables, empty, in memory. One connection, shared."""
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}, hide_parameters=True
    )
    METADATA.create_all(engine)
    return engine


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn the driver's exceptions into ours; `what` tells which record was read or written."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError):
        raise _unavailable(what) from None
    except DBAPIError as error:
        code = getattr(error.orig, "sqlstate", None) or type(error.orig).__name__
        raise RecordError(f"the hub's database refused {what} ({code})") from None
    except psycopg.OperationalError:  # while copying, which passes by SQLAlchemy
        raise _unavailable(what) from None
    except psycopg.Error as error:
        raise RecordError(f"the hub's database refused {what} ({error.sqlstate})") from None
    except SQLAlchemyError as error:
        raise RecordError(f"the hub's database could not be asked for {what} ({type(error).__name__})") from None


def _unavailable(what: str) -> StoreUnavailableError:
    return StoreUnavailableError(
        f"the hub's database does not answer ({what}): nothing was written. See « ardoise status », then try again"
    )
