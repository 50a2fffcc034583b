"""Keeps one process's :mod:`~ckanext.ardoise.search.columns` in step with the table of the index.

Each row tells the generation that wrote it, and the generation's own row tells when rows were last erased: what
changed since is read anew, the rest stays. Columns belong to one generation exactly, and a search answers with those of
the generation that it ends in; a document that a reader may no longer see is gone with the write that hid it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA

from ckanext.ardoise.search.columns import ChangedError, Columns
from ckanext.ardoise.search.renewal import nothing, read, renewed
from ckanext.ardoise.search.table import GENERATION, INDEX

NOTHING = sa.literal_column("''::bytea", BYTEA)
NUMBERS = sa.func.coalesce(sa.func.string_agg(sa.func.int8send(INDEX.c.number), NOTHING, type_=BYTEA), NOTHING)
# A statement finds long texts by an index or not at all: PostgreSQL does not count what reading each of them costs.
_NOW = sa.text("SELECT number, erased, set_config('enable_seqscan', 'off', true) FROM ardoise_search_generation")
_SCANNING, _SEEKING = (sa.text(f"SET LOCAL enable_seqscan = {each}") for each in ("on", "off"))


@dataclass(frozen=True)
class _Kept:
    """Columns, and how many rows came since all were read: values of those before them stay in the lists of names."""

    columns: Columns
    replaced: int = 0


class Mirror:
    """The columns of one process."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew: in a forked process no lock is held by a thread that is not there."""
        self._lock = threading.Lock()
        self._kept: _Kept | None = None

    @property
    def newest(self) -> Columns | None:
        """The last columns made, if any; the index may have changed since."""
        kept = self._kept
        return None if kept is None else kept.columns

    def at(self, connection: sa.Connection) -> Columns:
        """Return the columns as the connection's snapshot has them; its first statement fixes that snapshot.

        Raises:
            ChangedError: another thread has newer ones already.
        """
        generation, erased, _ = connection.execute(_NOW).one()
        with self._lock:
            kept = self._kept
            made = -1 if kept is None else kept.columns.generation
            if made > generation and self._is_newer(made, connection):
                raise ChangedError
            if kept is None or made > generation or kept.replaced > kept.columns.size:
                kept = _Kept(_all(connection, generation))
            elif made < generation:
                kept = _renewed(connection, kept, generation, erased)
            kept.columns.stems.follow(connection, kept.columns.parts["title"].words.names)
            self._kept = kept
        return kept.columns

    def _is_newer(self, generation: int, connection: sa.Connection) -> bool:
        """Whether the index really is at ``generation`` by now."""
        with connection.engine.connect() as other:
            return bool(other.execute(sa.select(GENERATION.c.number)).scalar_one() >= generation)


def numbers(told: Any) -> Any:
    """The numbers of rows in PostgreSQL's answer to :data:`NUMBERS`."""
    return np.frombuffer(told, ">i8").astype(np.int64)


@contextmanager
def _reading_all(connection: sa.Connection) -> Iterator[None]:
    """Where the whole table is read, it is read as it lies."""
    connection.execute(_SCANNING)
    yield
    connection.execute(_SEEKING)


def among(rows: Any) -> sa.ColumnElement[bool]:
    """Whether a row's number is one of an array's."""
    given = sa.bindparam(None, rows.tolist(), type_=ARRAY(sa.BigInteger))
    return INDEX.c.number == sa.any_(given)


def _all(connection: sa.Connection, generation: int) -> Columns:
    with _reading_all(connection):
        told = read(connection, sa.true())
    columns = renewed(nothing(generation), generation, np.zeros(0, np.bool_), told)
    columns.arrange()
    return columns


def _renewed(connection: sa.Connection, kept: _Kept, generation: int, erased: int) -> _Kept:
    """The columns with all that was written since."""
    columns = kept.columns
    told = read(connection, INDEX.c.written > columns.generation)
    new = told.columns["number"]
    stays = ~np.isin(columns.numbers, np.array(new, np.int64))
    if erased > columns.generation:
        with _reading_all(connection):
            left = connection.execute(sa.select(NUMBERS)).scalar_one()
        stays &= np.isin(columns.numbers, numbers(left))
    if not new and stays.all():
        return replace(kept, columns=replace(columns, generation=generation))
    return _Kept(renewed(columns, generation, stays, told), kept.replaced + len(new))
