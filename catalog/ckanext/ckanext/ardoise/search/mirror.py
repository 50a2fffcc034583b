"""Keeps one process's :mod:`~ckanext.ardoise.search.columns` in step with the table of the index.

Each row tells the generation that wrote it, and the generation's own row tells when rows were last erased: what
changed since is read anew, the rest stays. Columns belong to one generation exactly, and a search only uses those of
its own snapshot; a document that a reader may no longer see is gone from them with the write that hid it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA

from ckanext.ardoise.search.columns import NO_DATE, Columns, Mask, Parts, Values
from ckanext.ardoise.search.fields import DATES, LISTS, SCALARS
from ckanext.ardoise.search.table import GENERATION, INDEX

MIRRORED = (*(name for name in SCALARS if name not in ("index_id", "id")), *LISTS)
_TITLE, _TITLE_WORDS = "title", "words of the title"  # beside them
NOTHING = sa.literal_column("''::bytea", BYTEA)
NUMBERS = sa.func.coalesce(sa.func.string_agg(sa.func.int8send(INDEX.c.number), NOTHING, type_=BYTEA), NOTHING)
# A statement finds long texts by an index or not at all: PostgreSQL does not count what reading each of them costs.
_NOW = sa.text("SELECT number, erased, set_config('enable_seqscan', 'off', true) FROM ardoise_search_generation")
_SCANNING, _SEEKING = (sa.text(f"SET LOCAL enable_seqscan = {each}") for each in ("on", "off"))
_EMPTY = np.empty(0, np.int64)


class BehindError(Exception):
    """The snapshot is older than the columns that another thread has made meanwhile: begin the search again."""


@dataclass(frozen=True)
class _Kept:
    """Columns, and what they are of."""

    generation: int
    columns: Columns
    replaced: int = 0  # rows since all were read; their values stay in the lists of names


class Mirror:
    """The columns of one process."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew: in a forked process no lock is held by a thread that is not there."""
        self._lock = threading.Lock()
        self._kept: _Kept | None = None

    def at(self, connection: sa.Connection) -> Columns:
        """Return the columns as the connection's snapshot has them; its first statement fixes that snapshot.

        Raises:
            BehindError: they are newer already.
        """
        generation, erased, _ = connection.execute(_NOW).one()
        kept = self._kept
        if kept is not None and kept.generation == generation:
            return kept.columns
        with self._lock:
            kept = self._kept
            if kept is not None and kept.generation > generation and self._is_newer(kept.generation, connection):
                raise BehindError
            if kept is None or kept.generation > generation or kept.replaced > kept.columns.size:
                kept = _Kept(generation, _all(connection))
            elif kept.generation < generation:
                kept = _renewed(connection, kept, generation, erased)
            self._kept = kept
        return kept.columns

    def _is_newer(self, generation: int, connection: sa.Connection) -> bool:
        """Whether the index really is at ``generation`` by now, and has not been put back to an older state."""
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


def _all(connection: sa.Connection) -> Columns:
    empty = {name: Values([], {}, *_occurrences([]), 0) for name in (*MIRRORED, _TITLE, _TITLE_WORDS)}
    dates = dict.fromkeys(DATES, _EMPTY)
    nothing = _columns(_EMPTY, empty, dates)
    with _reading_all(connection):
        rows = _read(connection, sa.true())
    return _with(nothing, np.zeros(0, np.bool_), rows)


def _renewed(connection: sa.Connection, kept: _Kept, generation: int, erased: int) -> _Kept:
    """The columns with all that was written since."""
    rows = _read(connection, INDEX.c.written > kept.generation)
    columns = kept.columns
    stays = ~np.isin(columns.numbers, [each.number for each in rows])
    if erased > kept.generation:
        with _reading_all(connection):
            left = connection.execute(sa.select(NUMBERS)).scalar_one()
        stays &= np.isin(columns.numbers, numbers(left))
    if not rows and stays.all():
        return replace(kept, generation=generation)
    return _Kept(generation, _with(columns, stays, rows), kept.replaced + len(rows))


def _read(connection: sa.Connection, where: Any) -> Sequence[Any]:
    times = [sa.cast(sa.func.extract("epoch", INDEX.c[name]) * 1_000_000, sa.BigInteger).label(name) for name in DATES]
    wanted = (INDEX.c.number, INDEX.c.title, *(INDEX.c[name] for name in MIRRORED), *times)
    return connection.execute(sa.select(*wanted).where(where).order_by(INDEX.c.number)).all()


def _with(columns: Columns, stays: Mask, rows: Sequence[Any]) -> Columns:
    """The columns without the rows that do not stay, and then ``rows``."""
    left = int(stays.sum())
    size = left + len(rows)
    places = np.cumsum(stays, dtype=np.int32) - 1

    def values(name: str) -> Values:
        old, told = _held(columns)[name], _teller(name)
        codes, at = _occurrences(
            [(old.code(value), left + place) for place, row in enumerate(rows) for value in told(row)]
        )
        kept = stays[old.rows]
        return Values(
            old.names,
            old.known,
            np.concatenate([old.codes[kept], codes]),
            np.concatenate([places[old.rows[kept]], at]),
            size,
        )

    dates = {}
    for name in DATES:
        told = [NO_DATE if (each := getattr(row, name)) is None else each for row in rows]
        dates[name] = np.concatenate([columns.dates[name][stays], np.array(told, np.int64)])
    new = np.array([row.number for row in rows], np.int64)
    return _columns(
        np.concatenate([columns.numbers[stays], new]), {name: values(name) for name in _held(columns)}, dates
    )


def _columns(numbers: Any, held: dict[str, Values], dates: dict[str, Any]) -> Columns:
    values = {name: held[name] for name in MIRRORED}
    parts = {"name": Parts(held["name"], held["name"]), "title": Parts(held[_TITLE_WORDS], held[_TITLE])}
    return Columns(numbers, values, parts, dates)


def _held(columns: Columns) -> dict[str, Values]:
    """All that :func:`_columns` was given."""
    title = columns.parts["title"]
    return {**columns.values, _TITLE: title.texts, _TITLE_WORDS: title.words}


def _teller(name: str) -> Callable[[Any], Sequence[str]]:
    """What a row's values of a field are: each once."""
    if name == _TITLE_WORDS:
        return lambda row: row.title.split()
    if name in LISTS:
        return lambda row: tuple(dict.fromkeys(getattr(row, name)))
    return lambda row: () if getattr(row, name) is None else (getattr(row, name),)


def _occurrences(pairs: Sequence[tuple[int, int]]) -> tuple[Any, Any]:
    both = np.array(pairs, np.int32).reshape(-1, 2)
    return both[:, 0], both[:, 1]
