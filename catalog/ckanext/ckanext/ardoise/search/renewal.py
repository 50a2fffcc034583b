"""Makes the columns of one generation from those before it and the rows written since, read as the driver has them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sqlalchemy as sa

from ckanext.ardoise.search.columns import NO_DATE, Columns
from ckanext.ardoise.search.fields import DATES, LISTS, SCALARS
from ckanext.ardoise.search.headings import Headings
from ckanext.ardoise.search.parts import Parts
from ckanext.ardoise.search.postings import Postings
from ckanext.ardoise.search.stems import Stems
from ckanext.ardoise.search.table import INDEX
from ckanext.ardoise.search.values import Mask, Values

_MIRRORED = (*(name for name in SCALARS if name not in ("index_id", "id")), *LISTS)
_TITLE, _TITLE_WORDS = "title", "words of the title"  # beside them
_EMPTY, _NO_PLACES = np.empty(0, np.int64), np.empty(0, np.int32)
_MICROSECONDS = {
    name: sa.cast(sa.func.extract("epoch", INDEX.c[name]) * 1_000_000, sa.BigInteger).label(name) for name in DATES
}
_LENGTH = sa.text("(SELECT coalesce(sum(cardinality(positions)), 0) FROM unnest(heading)) AS length")
_WORDS = sa.text("array_to_string(tsvector_to_array(words), ' ')")
_HEADING = sa.text("(SELECT string_agg(lexeme || ':' || array_to_string(weights, ''), ' ') FROM unnest(heading))")
_NAMES = ("number", _TITLE, *_MIRRORED, *DATES, "length")
_AT_ONCE = 1_000  # rows whose texts are in memory at a time


@dataclass(frozen=True)
class Told:
    """Rows of the index, as the driver has them."""

    columns: Mapping[str, Sequence[Any]]
    words: Iterable[str]  # read when they are wanted, and once
    headings: Iterable[str]


def nothing(generation: int) -> Columns:
    """Return the columns of no row at all."""
    empty = {name: Values([], {}, _NO_PLACES, _NO_PLACES, 0) for name in (*_MIRRORED, _TITLE, _TITLE_WORDS)}
    dates = dict.fromkeys(DATES, _EMPTY)
    return Columns(generation, _EMPTY, _values(empty), _parts(empty), dates, Postings.none(), Headings.none(), Stems())


def read(connection: sa.Connection, where: sa.ColumnElement[bool]) -> Told:
    """Return some rows of the index, in their order; the connection's snapshot must last until they are read."""
    # As the driver reads them: SQLAlchemy would look at each array again.
    plain = (sa.type_coerce(INDEX.c[name], sa.types.NullType) for name in ("number", _TITLE, *_MIRRORED))
    rows = connection.execute(_ordered(where, *plain, *_MICROSECONDS.values(), _LENGTH)).all()
    columns = dict(zip(_NAMES, zip(*rows, strict=True) if rows else [()] * len(_NAMES), strict=True))
    return Told(columns, _texts(connection, where, _WORDS), _texts(connection, where, _HEADING))


def _texts(connection: sa.Connection, where: sa.ColumnElement[bool], text: Any) -> Iterator[str]:
    """A long text of each row, a few rows at a time."""
    found = connection.execute(_ordered(where, text), execution_options={"yield_per": _AT_ONCE})
    yield from (each or "" for each in found.scalars())


def _ordered(where: sa.ColumnElement[bool], *wanted: Any) -> sa.Select[Any]:
    return sa.select(*wanted).select_from(INDEX).where(where).order_by(INDEX.c.number)


def renewed(columns: Columns, generation: int, stays: Mask, told: Told) -> Columns:
    """Return ``columns`` without the rows that do not stay, and then the rows ``told``."""
    held = {name: _longer(old, stays, _each(name, told.columns)) for name, old in _held(columns).items()}
    dates = {name: np.concatenate([columns.dates[name][stays], _times(told.columns[name])]) for name in DATES}
    return replace(
        columns,
        generation=generation,
        numbers=np.concatenate([columns.numbers[stays], np.array(told.columns["number"], np.int64)]),
        values=_values(held),
        parts=_parts(held),
        dates=dates,
        words=columns.words.renewed(stays, told.words),
        headings=columns.headings.renewed(stays, told.headings, told.columns["length"]),
        found={},
        recent={},
    )


def _longer(old: Values, stays: Mask, told: Sequence[Sequence[str]]) -> Values:
    """A field's values without those of rows that do not stay, and then those of new rows."""
    codes, rows = array("i"), array("i")
    places, left, known = np.cumsum(stays, dtype=np.int32) - 1, int(stays.sum()), old.known
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


def _times(told: Sequence[int | None]) -> Any:
    return np.array([NO_DATE if each is None else each for each in told], np.int64)


def _held(columns: Columns) -> dict[str, Values]:
    """All the values there are, those of titles beside the others."""
    title = columns.parts["title"]
    return {**columns.values, _TITLE: title.texts, _TITLE_WORDS: title.words}


def _values(held: Mapping[str, Values]) -> dict[str, Values]:
    return {name: held[name] for name in _MIRRORED}


def _parts(held: Mapping[str, Values]) -> dict[str, Parts]:
    return {"name": Parts(held["name"], held["name"]), "title": Parts(held[_TITLE_WORDS], held[_TITLE])}
