"""Keeps one process's :mod:`~ckanext.ardoise.search.columns` in step with the table of the index.

Each row tells the generation that wrote it, and the generation's own row tells when rows were last erased: what
changed since is read anew, the rest stays. Columns belong to one generation exactly, and a search answers with those of
the generation that it ends in; a document that a reader may no longer see is gone with the write that hid it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA

from ckanext.ardoise.search.columns import NO_DATE, ChangedError, Columns
from ckanext.ardoise.search.fields import DATES, LISTS, SCALARS
from ckanext.ardoise.search.parts import Parts
from ckanext.ardoise.search.table import GENERATION, INDEX
from ckanext.ardoise.search.values import Mask, Values

MIRRORED = (*(name for name in SCALARS if name not in ("index_id", "id")), *LISTS)
_TITLE, _TITLE_WORDS = "title", "words of the title"  # beside them
NOTHING = sa.literal_column("''::bytea", BYTEA)
NUMBERS = sa.func.coalesce(sa.func.string_agg(sa.func.int8send(INDEX.c.number), NOTHING, type_=BYTEA), NOTHING)
# A statement finds long texts by an index or not at all: PostgreSQL does not count what reading each of them costs.
_NOW = sa.text("SELECT number, erased, set_config('enable_seqscan', 'off', true) FROM ardoise_search_generation")
_SCANNING, _SEEKING = (sa.text(f"SET LOCAL enable_seqscan = {each}") for each in ("on", "off"))
_EMPTY, _NO_PLACES = np.empty(0, np.int64), np.empty(0, np.int32)


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
    empty = {name: Values([], {}, _NO_PLACES, _NO_PLACES, 0) for name in (*MIRRORED, _TITLE, _TITLE_WORDS)}
    nothing = _columns(generation, _EMPTY, empty, dict.fromkeys(DATES, _EMPTY))
    with _reading_all(connection):
        told = _read(connection, sa.true())
    return _with(nothing, generation, np.zeros(0, np.bool_), told)


def _renewed(connection: sa.Connection, kept: _Kept, generation: int, erased: int) -> _Kept:
    """The columns with all that was written since."""
    columns = kept.columns
    told = _read(connection, INDEX.c.written > columns.generation)
    new = told["number"]
    stays = ~np.isin(columns.numbers, np.array(new, np.int64))
    if erased > columns.generation:
        with _reading_all(connection):
            left = connection.execute(sa.select(NUMBERS)).scalar_one()
        stays &= np.isin(columns.numbers, numbers(left))
    if not new and stays.all():
        return replace(kept, columns=replace(columns, generation=generation))
    return _Kept(_with(columns, generation, stays, told), kept.replaced + len(new))


def _read(connection: sa.Connection, where: Any) -> dict[str, Sequence[Any]]:
    """Some rows, by column."""
    times = [sa.cast(sa.func.extract("epoch", INDEX.c[name]) * 1_000_000, sa.BigInteger) for name in DATES]
    names = ("number", _TITLE, *MIRRORED, *DATES)
    # As the driver reads them: SQLAlchemy would look at each array again.
    wanted = [sa.type_coerce(each, sa.types.NullType) for each in (*(INDEX.c[name] for name in names[:-2]), *times)]
    rows = connection.execute(sa.select(*wanted).where(where).order_by(INDEX.c.number)).all()
    return dict(zip(names, zip(*rows, strict=True) if rows else [()] * len(names), strict=True))


def _with(columns: Columns, generation: int, stays: Mask, told: Mapping[str, Sequence[Any]]) -> Columns:
    """The columns without the rows that do not stay, and then the rows ``told``."""
    places = np.cumsum(stays, dtype=np.int32) - 1
    left = int(stays.sum())
    held = {name: _longer(old, stays, places, left, _each(name, told)) for name, old in _held(columns).items()}
    dates = {}
    for name in DATES:
        new = np.array([NO_DATE if each is None else each for each in told[name]], np.int64)
        dates[name] = np.concatenate([columns.dates[name][stays], new])
    return _columns(
        generation, np.concatenate([columns.numbers[stays], np.array(told["number"], np.int64)]), held, dates
    )


def _longer(old: Values, stays: Mask, places: Any, left: int, told: Sequence[Sequence[str]]) -> Values:
    """A field's values without those of rows that do not stay, and then those of new rows."""
    codes, rows = [], []
    known = old.known
    for row, values in enumerate(told, left):
        for value in values:
            code = known.get(value)
            codes.append(old.code(value) if code is None else code)
            rows.append(row)
    kept = stays[old.rows]
    return Values(
        old.names,
        known,
        np.concatenate([old.codes[kept], np.array(codes, np.int32)]),
        np.concatenate([places[old.rows[kept]], np.array(rows, np.int32)]),
        left + len(told),
    )


def _each(name: str, told: Mapping[str, Sequence[Any]]) -> Sequence[Sequence[str]]:
    """A field's values of each row told."""
    if name == _TITLE_WORDS:
        return [text.split() for text in told[_TITLE]]
    if name in LISTS:
        return [dict.fromkeys(values) for values in told[name]]  # type: ignore[misc]
    return [() if value is None else (value,) for value in told[name]]


def _columns(generation: int, numbers: Any, held: dict[str, Values], dates: dict[str, Any]) -> Columns:
    values = {name: held[name] for name in MIRRORED}
    parts = {"name": Parts(held["name"], held["name"]), "title": Parts(held[_TITLE_WORDS], held[_TITLE])}
    return Columns(generation, numbers, values, parts, dates)


def _held(columns: Columns) -> dict[str, Values]:
    """All that :func:`_columns` was given."""
    title = columns.parts["title"]
    return {**columns.values, _TITLE: title.texts, _TITLE_WORDS: title.words}
