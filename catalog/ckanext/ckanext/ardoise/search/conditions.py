"""Turns the clauses of a query into an SQL condition over the index table; every value is a bound parameter.

A condition may be NULL where a document lacks the field: it then does not hold, and its negation does
(:func:`_denied`). What can not be compared in the way a clause asks for is refused.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

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
from ckanext.ardoise.search.comparisons import (
    NOTHING,
    Condition,
    any_word,
    area,
    between,
    match_value,
    present,
    searchable,
    text_query,
    wildcard,
)
from ckanext.ardoise.search.fields import (
    EVERYTHING,
    LISTS,
    SCALARS,
    Kind,
    kind_of,
)
from ckanext.ardoise.search.table import INDEX
from ckanext.ardoise.search.words import all_words, phrase

MOST_COMBINATIONS = 300


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
            return present(searchable(field))
        case Match():
            return match_value(clause, now)
        case Wildcard():
            return wildcard(clause)
        case AnyWord():
            return any_word(clause)
        case Between():
            return between(clause, now)
        case Area():
            return area(clause)
    raise QuerySyntaxError("un terme d'une sorte inconnue")


def _group(group: Group, now: datetime) -> Condition:
    parts = [condition(each, now) for each in group.required]
    parts += [_denied(condition(each, now)) for each in group.prohibited]
    if group.needed:
        return sa.and_(*parts, _at_least(group.needed, group.optional, now))
    for each in group.optional:  # a clause that only weighs the order must be understood too
        condition(each, now)
    return sa.and_(*parts) if group.required else NOTHING


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
