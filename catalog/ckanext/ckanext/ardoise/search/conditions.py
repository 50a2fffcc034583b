"""Turns the clauses of a query into an SQL condition over the index table; every value is a bound parameter.

A condition may be NULL where a document lacks the field: it then does not hold, and its negation does
(:func:`_denied`). What can not be compared in the way a clause asks for is refused.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any as AnyType

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from ckanext.ardoise.search.clauses import (
    AnyWord,
    Area,
    Between,
    Clause,
    Everything,
    Group,
    Match,
    Present,
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
MOST_COMBINATIONS = 300
SHORTEST_PART = 3  # characters that are looked for anywhere in a title; fewer, where a word begins
_NOTHING = sa.false()


def condition(clause: Clause, now: datetime) -> Condition:
    """Return the SQL condition that holds for the documents ``clause`` describes; ``now`` (UTC) is its ``NOW``.

    Raises:
        QuerySyntaxError: a field can not be compared in the way the clause asks for.
    """
    match clause:
        case Everything():
            return sa.true()
        case Group():
            return _group(clause, now)
        case Present(field):
            return _present(_searchable(field))
        case Match():
            return _match(clause, now)
        case Wildcard():
            return _wildcard(clause)
        case AnyWord():
            return _any_word(clause)
        case Between():
            return _between(clause, now)
        case Area():
            return _area(clause)
    raise QuerySyntaxError("un terme d'une sorte inconnue")


def text_query(text: str) -> sa.ColumnElement[AnyType]:
    """Return ``text``, made by :mod:`ckanext.ardoise.search.words`, as a text query in French."""
    return sa.func.to_tsquery(FRENCH, text)


def _group(group: Group, now: datetime) -> Condition:
    parts = [condition(each, now) for each in group.required]
    parts += [_denied(condition(each, now)) for each in group.prohibited]
    if group.needed:
        return sa.and_(*parts, _at_least(group.needed, group.optional, now))
    for each in group.optional:  # a clause that only weighs the order must be understood too
        condition(each, now)
    return sa.and_(*parts) if group.required else _NOTHING


def _denied(held: Condition) -> Condition:
    return sa.not_(sa.func.coalesce(held, sa.false()))


def _at_least(needed: int, clauses: tuple[Clause, ...], now: datetime) -> Condition:
    """Whether so many of the clauses hold."""
    if (everywhere := many_everywhere(needed, clauses)) is not None:
        return everywhere
    if needed == 1:
        together = _same_field(clauses)
        return sa.or_(*(condition(each, now) for each in clauses)) if together is None else together
    return _total(condition(each, now) for each in clauses) >= needed


def many_everywhere(needed: int, clauses: tuple[Clause, ...]) -> Condition | None:
    """Whether so many of the clauses hold, all of them about the words of the whole document; None if some is not."""
    texts = [_everywhere(each) for each in clauses]
    if not all(texts):
        return None
    if combined := _combined(needed, texts):
        return INDEX.c.words.bool_op("@@")(text_query(combined))
    some = " | ".join(f"({text})" for text in texts)  # the index finds those worth counting in
    total = _total(INDEX.c.words.bool_op("@@")(text_query(text)) for text in texts)
    return sa.and_(INDEX.c.words.bool_op("@@")(text_query(some)), total >= needed)


def _total(held: Iterable[Condition]) -> sa.ColumnElement[int]:
    numbers: list[sa.ColumnElement[int]] = [sa.case((each, 1), else_=0) for each in held]
    return functools.reduce(operator.add, numbers)


def _everywhere(clause: Clause) -> str:
    """The text query of a clause over the words of the whole document; empty for any other clause."""
    if not isinstance(clause, Match) or clause.field != EVERYTHING:
        return ""
    return phrase(clause.value) if clause.phrase else all_words(clause.value)


def _combined(needed: int, texts: list[str]) -> str:
    """One text query for « so many of these »; empty if it would be too long."""
    reachable: list[list[str]] = [[""]] + [[] for _ in range(needed)]
    for text in texts:
        for size in range(needed, 0, -1):
            longer = [f"{each} & ({text})" if each else f"({text})" for each in reachable[size - 1]]
            reachable[size] = reachable[size] + longer
            if len(reachable[size]) > MOST_COMBINATIONS:
                return ""
    return " | ".join(f"({each})" for each in reachable[needed])


def _same_field(clauses: tuple[Clause, ...]) -> Condition | None:
    """One condition for several values of one field that is matched as a whole."""
    if not all(isinstance(each, Match) for each in clauses):
        return None
    fields = {each.field for each in clauses if isinstance(each, Match)}
    wanted = [each.value for each in clauses if isinstance(each, Match)]
    field = fields.pop()
    if fields or kind_of(field) is not Kind.WHOLE:
        return None
    if field in LISTS:
        return INDEX.c[field].bool_op("&&")(sa.cast(wanted, ARRAY(sa.Text)))
    return INDEX.c[field].in_(wanted) if field in SCALARS else None


def _searchable(field: str) -> str:
    if field in UNSEARCHABLE:
        raise QuerySyntaxError(f"le champ {field} ne se cherche pas")
    return field


def _present(field: str) -> Condition:
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


def _match(clause: Match, now: datetime) -> Condition:
    field, value = _searchable(clause.field), clause.value
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
        return _NOTHING
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
        return _NOTHING
    if words_only:
        label = "B" if field == "name_ngram" else "A"
        return INDEX.c.heading.bool_op("@@")(sa.func.to_tsquery(FORMS, f"{needle}:*{label}"))
    column = INDEX.c.name if field == "name_ngram" else INDEX.c.title
    return column.like(like((needle,), (), anywhere=True), escape="\\")


def _any_word(clause: AnyWord) -> Condition:
    return _form(clause.field, " | ".join(clause.words)) if clause.words else _NOTHING


def _form(field: str, text: str) -> Condition:
    """Whether a field of text has words as they are written; ``text`` is the text query of folded words."""
    query = sa.func.to_tsquery(FORMS, text)
    held = INDEX.c.forms.bool_op("@@")(query)
    if field == EVERYTHING:
        return held
    within = INDEX.c.title if field == "title" else sa.func.coalesce(INDEX.c.others[field].astext, "")
    found = sa.func.to_tsvector(FORMS, within).bool_op("@@")(query)
    return sa.and_(held, found) if is_searched_everywhere(field) else found


def _wildcard(clause: Wildcard) -> Condition:
    field, kind = _searchable(clause.field), kind_of(clause.field)
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


def _between(clause: Between, now: datetime) -> Condition:
    field = _searchable(clause.field)
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
        return _present(field)

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


def _area(area: Area) -> Condition:
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
