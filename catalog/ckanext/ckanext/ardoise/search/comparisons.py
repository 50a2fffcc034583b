"""Compares one field with what a clause says of it, in SQL; every value is a bound parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any as AnyType

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from ckanext.ardoise.search.clauses import (
    AnyWord,
    Area,
    Between,
    Match,
    QuerySyntaxError,
    Wildcard,
)
from ckanext.ardoise.search.dates import calculated, sortable
from ckanext.ardoise.search.fields import (
    DATES,
    EVERYTHING,
    LISTS,
    SCALARS,
    SUBSTRINGS,
    UNSEARCHABLE,
    Kind,
    is_searched_everywhere,
    kind_of,
)
from ckanext.ardoise.search.table import CONFIGURATION, INDEX, Box
from ckanext.ardoise.search.words import all_words, phrase, words_of

Condition = sa.ColumnElement[bool]
FORMS = sa.literal_column("'simple'::regconfig")
FRENCH = sa.literal_column(f"'{CONFIGURATION}'::regconfig")
SHORTEST_PART = 3  # characters that are looked for anywhere in a title; fewer, where a word begins
NOTHING = sa.false()


def text_query(text: str) -> sa.ColumnElement[AnyType]:
    """Return ``text``, made by :mod:`ckanext.ardoise.search.words`, as a text query in French."""
    return sa.func.to_tsquery(FRENCH, text)


def searchable(field: str) -> str:
    """Return ``field``, unless it is one that nobody searches."""
    if field in UNSEARCHABLE:
        raise QuerySyntaxError(f"le champ {field} ne se cherche pas")
    return field


def present(field: str) -> Condition:
    """Whether a document has a value in ``field``."""
    if field == EVERYTHING:
        return sa.true()
    if kind_of(field) is Kind.AREA:
        return INDEX.c.bounds.is_not(None)
    field = SUBSTRINGS.get(field, field)
    if field in LISTS:
        return sa.func.cardinality(INDEX.c[field]) > 0
    if field in SCALARS or field in DATES:
        return INDEX.c[field].is_not(None)
    if field == "title":
        return INDEX.c.title != ""
    return INDEX.c.others.has_key(field)


def match_value(clause: Match, now: datetime) -> Condition:
    """Whether a field has the value, or the words, of ``clause``."""
    field, value = searchable(clause.field), clause.value
    kind = kind_of(field)
    if kind is Kind.TEXT:
        return _words(field, phrase if clause.phrase else all_words, value)
    if kind is Kind.SUBSTRING:
        return _substring(field, value)
    if kind is Kind.DATE:
        return _equal(field, _date_bound(field, value, now))
    if kind is Kind.NUMBER:
        return _equal(field, str(_number(field, value)))
    if kind is Kind.AREA:
        raise QuerySyntaxError(f"le champ {field} se compare à une zone")
    return _equal(field, value)


def _equal(field: str, value: AnyType) -> Condition:
    if field in LISTS:
        return INDEX.c[field].contains([value])
    if field in SCALARS or field in DATES:
        return INDEX.c[field] == value
    return INDEX.c.others.contains({field: [value]})


def _words(field: str, query: Callable[..., str], value: str) -> Condition:
    text = query(value)
    if not text:
        return NOTHING
    if field == EVERYTHING:
        return INDEX.c.words.bool_op("@@")(text_query(text))
    if field == "title":
        return INDEX.c.heading.bool_op("@@")(text_query(query(value, "A")))
    found = sa.func.to_tsvector(FRENCH, sa.func.coalesce(INDEX.c.others[field].astext, ""))
    held = found.bool_op("@@")(text_query(text))
    if is_searched_everywhere(field):  # the index finds the few documents worth looking into
        return sa.and_(INDEX.c.words.bool_op("@@")(text_query(text)), held)
    return held


def substring(field: str, value: str) -> tuple[str, bool]:
    """Return the part of a name or title that is meant, and whether a word must begin with it: short ones are many."""
    needle = value.strip().lower() if field == "name_ngram" else " ".join(words_of(value))
    return needle, len(needle) < SHORTEST_PART and needle.isalnum()


def _substring(field: str, value: str) -> Condition:
    needle, words_only = substring(field, value)
    if not needle:
        return NOTHING
    if words_only:
        label = "B" if field == "name_ngram" else "A"
        return INDEX.c.heading.bool_op("@@")(sa.func.to_tsquery(FORMS, f"{needle}:*{label}"))
    column = INDEX.c.name if field == "name_ngram" else INDEX.c.title
    return column.like(like((needle,), (), anywhere=True), escape="\\")


def any_word(clause: AnyWord) -> Condition:
    """Whether a field of text has one of some words, as they are written."""
    return _form(clause.field, " | ".join(clause.words)) if clause.words else NOTHING


def _form(field: str, text: str) -> Condition:
    """Whether a field of text has words as they are written; ``text`` is the text query of folded words."""
    query = sa.func.to_tsquery(FORMS, text)
    held = INDEX.c.forms.bool_op("@@")(query)
    if field == EVERYTHING:
        return held
    within = INDEX.c.title if field == "title" else sa.func.coalesce(INDEX.c.others[field].astext, "")
    found = sa.func.to_tsvector(FORMS, within).bool_op("@@")(query)
    return sa.and_(held, found) if is_searched_everywhere(field) else found


def wildcard(clause: Wildcard) -> Condition:
    """Whether a value of a field is like the pattern of ``clause``."""
    field, kind = searchable(clause.field), kind_of(clause.field)
    if kind is Kind.TEXT and is_prefix(clause):
        return _form(field, f"{clause.pieces[0]}:*")
    if kind is not Kind.WHOLE:
        raise QuerySyntaxError(f"le champ {field} ne se cherche pas avec des jokers")
    pattern = like(clause.pieces, clause.marks)
    if field in SCALARS:
        return INDEX.c[field].like(pattern, escape="\\")
    return _some_value(field, lambda text: text.like(pattern, escape="\\"))


def is_prefix(clause: Wildcard) -> bool:
    """Say whether a wildcard stands once, at the end of one folded word: the index then finds it by itself."""
    return clause.marks == ("*",) and not clause.pieces[1] and bool(clause.pieces[0]) and clause.pieces[0].isalnum()


def like(pieces: Iterable[str], marks: Iterable[str], anywhere: bool = False) -> str:
    """Return the LIKE pattern of literal pieces with wildcards between them, for whole texts or parts of them."""
    escaped = [piece.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for piece in pieces]
    signs = [{"*": "%", "?": "_"}[mark] for mark in marks]
    text = escaped[0] + "".join(sign + piece for sign, piece in zip(signs, escaped[1:], strict=True))
    return f"%{text}%" if anywhere else text


def between(clause: Between, now: datetime) -> Condition:
    """Whether a value of a field lies between the bounds of ``clause``."""
    field = searchable(clause.field)
    kind = kind_of(field)
    if kind is Kind.DATE:
        low, high = (_date_bound(field, bound, now) for bound in (clause.low, clause.high))
    elif kind is Kind.NUMBER:
        low, high = (bound and _number(field, bound) for bound in (clause.low, clause.high))
    elif kind is Kind.WHOLE or (clause.low is None and clause.high is None):
        low, high = clause.low, clause.high
    else:
        raise QuerySyntaxError(f"le champ {field} n'a pas d'intervalle")
    if clause.low is None and clause.high is None:
        return present(field)

    def inside(value: sa.ColumnElement[AnyType]) -> Condition:
        bounds: list[Condition] = []
        if clause.low is not None:
            bounds.append(value >= low if clause.with_low else value > low)
        if clause.high is not None:
            bounds.append(value <= high if clause.with_high else value < high)
        return sa.and_(*bounds)

    if field in SCALARS or field in DATES:
        return inside(INDEX.c[field])
    if kind is Kind.NUMBER:
        return _some_value(field, lambda text: inside(sa.cast(text, sa.Numeric)))
    return _some_value(field, lambda text: inside(text.collate("C")))


def _date_bound(field: str, bound: str | None, now: datetime) -> AnyType:
    if bound is None:
        return None
    when = moment(field, bound, now)
    return when if field in DATES else sortable(when)


def moment(field: str, text: str, now: datetime) -> datetime:
    """Return the moment that a date field is compared with.

    Raises:
        QuerySyntaxError: the text is no date, nor date mathematics.
    """
    return calculated(text, now) or _refuse(field, "une date")  # type: ignore[no-any-return]


def _number(field: str, value: str) -> int:
    try:
        number = int(value)
    except ValueError:
        number = 2**63
    if abs(number) >= 2**31:  # Solr's int
        _refuse(field, "un nombre entier")
    return number


def _refuse(field: str, expected: str) -> AnyType:
    raise QuerySyntaxError(f"le champ {field} se compare à {expected}")


def area(area: Area) -> Condition:
    """Whether the box of a document stands to ``area`` as it asks."""
    corner = (sa.func.point(area.east, area.north), sa.func.point(area.west, area.south))
    operator = {"Intersects": "&&", "IsWithin": "<@", "Contains": "@>"}[area.relation]
    return INDEX.c.bounds.bool_op(operator)(sa.func.box(*corner, type_=Box))


def _some_value(field: str, test: Callable[[sa.ColumnElement[str]], Condition]) -> Condition:
    """Whether one of the field's values passes ``test``."""
    if field in LISTS:
        elements = sa.func.unnest(INDEX.c[field]).table_valued(sa.column("value", sa.Text)).render_derived()
    else:
        found = sa.func.coalesce(INDEX.c.others[field], sa.cast([], JSONB))
        elements = sa.func.jsonb_array_elements_text(found).table_valued(sa.column("value", sa.Text)).render_derived()
    return sa.exists(sa.select(sa.literal(1)).select_from(elements).where(test(elements.c.value)).correlate(INDEX))
