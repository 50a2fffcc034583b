"""Turns the clauses of a query into an SQL condition over the index table; every value is a bound parameter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any as AnyType

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from ckanext.ardoise.search.clauses import (
    All,
    Any,
    Between,
    Clause,
    Everything,
    Match,
    Not,
    Prefix,
    Present,
    QuerySyntaxError,
)
from ckanext.ardoise.search.documents import UNSEARCHABLE, Kind, fold, instant, kind_of, source_of

INDEX = sa.Table(
    "ardoise_search_index",
    sa.MetaData(),
    sa.Column("index_id", sa.Text, primary_key=True),
    sa.Column("fields", JSONB, nullable=False),  # field -> list of texts
    sa.Column("stored", JSONB, nullable=False),
    sa.Column("words", TSVECTOR, nullable=False),
)

Condition = sa.ColumnElement[bool]
FRENCH = sa.literal_column("'french'::regconfig")


def condition(clause: Clause, now: datetime) -> Condition:
    """Return the SQL condition that holds for the documents ``clause`` describes; ``now`` (UTC) is its ``NOW``.

    Raises:
        QuerySyntaxError: a field can not be compared in the way the clause asks for.
    """
    match clause:
        case Everything():
            return sa.true()
        case All(clauses):
            return sa.and_(*(condition(each, now) for each in clauses))
        case Any(clauses):
            return sa.or_(*(condition(each, now) for each in clauses))
        case Not(inner):
            return sa.not_(condition(inner, now))
        case Present(field):
            return INDEX.c.fields.has_key(source_of(_searchable(field)))
        case Match(field, value):
            return _match(_searchable(field), value)
        case Prefix(field, start):
            return _prefix(_searchable(field), start)
        case Between():
            return _between(clause, now)
    raise QuerySyntaxError("un terme d'une sorte inconnue")


def free_text(query: str) -> sa.ColumnElement[AnyType]:
    """Return the text query of words typed by a person: all must occur, "-word" must not, quotes make phrases."""
    return sa.func.websearch_to_tsquery(FRENCH, fold(query))


def _searchable(field: str) -> str:
    if field in UNSEARCHABLE:
        raise QuerySyntaxError(f"le champ {field} ne se cherche pas")
    return field


def _match(field: str, value: str) -> Condition:
    kind = kind_of(field)
    if kind is Kind.TEXT:
        query = sa.func.phraseto_tsquery(FRENCH, fold(value))
        return _vector(field).op("@@")(query)
    if kind is Kind.SUBSTRING:
        needle = fold(value)
        return _some_value(source_of(field), lambda text: sa.func.strpos(_folded(text), needle) > 0)
    if kind is Kind.DATE:
        value = instant(value) or _refuse(field, "une date")
    return INDEX.c.fields.contains({field: [value]})


def _prefix(field: str, start: str) -> Condition:
    kind = kind_of(field)
    if kind not in (Kind.WHOLE, Kind.TEXT) or field == "text":
        raise QuerySyntaxError(f"le champ {field} ne se cherche pas par un début de mot")
    if kind is Kind.TEXT:
        needle = fold(start)
        return _some_value(
            field, lambda text: sa.func.strpos(sa.func.concat(" ", _folded(text)), sa.func.concat(" ", needle)) > 0
        )
    return _some_value(field, lambda text: sa.func.starts_with(text, start))


def _between(clause: Between, now: datetime) -> Condition:
    kind = kind_of(_searchable(clause.field))
    if kind is Kind.DATE:
        low, high = (_date_bound(clause.field, bound, now) for bound in (clause.low, clause.high))
    elif kind is Kind.NUMBER:
        low, high = (_number_bound(clause.field, bound) for bound in (clause.low, clause.high))
    elif kind is Kind.WHOLE:
        low, high = clause.low, clause.high
    else:
        raise QuerySyntaxError(f"le champ {clause.field} n'a pas d'intervalle")

    def inside(text: sa.ColumnElement[str]) -> Condition:
        value: sa.ColumnElement[AnyType] = sa.cast(text, sa.BigInteger) if kind is Kind.NUMBER else text.collate("C")
        bounds = [sa.true()]
        if low is not None:
            bounds.append(value >= low if clause.with_low else value > low)
        if high is not None:
            bounds.append(value <= high if clause.with_high else value < high)
        return sa.and_(*bounds)

    return _some_value(clause.field, inside)


def _date_bound(field: str, bound: str | None, now: datetime) -> str | None:
    if bound is None:
        return None
    if bound == "NOW":
        return now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return instant(bound) or _refuse(field, "une date")


def _number_bound(field: str, bound: str | None) -> int | None:
    if bound is None:
        return None
    return int(bound) if bound.isdecimal() else int(_refuse(field, "un nombre entier"))


def _refuse(field: str, expected: str) -> str:
    raise QuerySyntaxError(f"le champ {field} se compare à {expected}")


def _some_value(field: str, test: Callable[[sa.ColumnElement[str]], Condition]) -> Condition:
    """Whether one of the field's values passes ``test``."""
    found = sa.func.coalesce(INDEX.c.fields[field], sa.cast([], JSONB))
    elements = sa.func.jsonb_array_elements_text(found).table_valued(sa.column("value", sa.Text))
    return sa.exists(sa.select(sa.literal(1)).select_from(elements).where(test(elements.c.value)).correlate(INDEX))


def _vector(field: str) -> sa.ColumnElement[AnyType]:
    if field == "text":
        return INDEX.c.words
    return sa.func.to_tsvector(FRENCH, _folded(sa.func.coalesce(INDEX.c.fields[field].astext, "")))


def _folded(text: sa.ColumnElement[AnyType]) -> sa.ColumnElement[AnyType]:
    """The database's side of :func:`~ckanext.ardoise.search.documents.fold`: NFKD, then marks (U+0300-U+036F) away."""
    decomposed = sa.func.normalize(sa.func.lower(text), sa.literal_column("NFKD"))
    return sa.func.regexp_replace(decomposed, "[\u0300-\u036f]", "", "g")
