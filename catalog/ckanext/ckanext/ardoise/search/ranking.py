"""The score of a document: where the words asked for stand, how near each other, and what resembles them.

Weights follow ``qf`` (CKAN's is ``name^4 title^4 tags^2 groups^2 text``); the words of the query as one phrase count
again. ``ts_rank`` reads a vector for each result: only the short one (title, name, tags, groups) as long as results are
many, so that a common word costs no more than a rare one.
"""

from __future__ import annotations

import functools
import operator
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from ckanext.ardoise.search.clauses import AnyWord, Clause, Group, Match
from ckanext.ardoise.search.conditions import text_query
from ckanext.ardoise.search.fields import EVERYTHING, Kind, kind_of
from ckanext.ardoise.search.freetext import Fields
from ckanext.ardoise.search.table import INDEX
from ckanext.ardoise.search.words import all_words, phrase, words_of

MOST_WEIGHED_WHOLE = 300  # results; beyond, only their headings are weighed
MOST_TERMS = 100
PHRASE_BONUS = 0.5
_BY_LENGTH = 1  # ts_rank's normalization: long texts hold more words
_LABELS = {"title": "A", "name": "B", "tags": "C", "groups": "C"}
Score = sa.ColumnElement[Any]


def score(clause: Clause, weights: Fields, hits: int) -> Score | None:
    """Return the score of the documents that ``clause`` describes; None where all are equal.

    Args:
        clause: the main query; filters weigh nothing.
        weights: fields and how much a word in each weighs.
        hits: how many documents there are.
    """
    terms = list(_terms(clause))[:MOST_TERMS]
    parts = [each for term in terms if (each := _place(term)) is not None]
    if parts:  # part of a title: where it stands says enough, of many results at once
        return functools.reduce(operator.add, parts)
    vector = INDEX.c.words if hits <= MOST_WEIGHED_WHOLE else INDEX.c.heading
    array = _array(weights)
    by_boost: dict[float, list[str]] = defaultdict(list)
    for term in terms:
        text = _text(term)
        if text:
            by_boost[term.boost].append(f"({text})")
    for boost, texts in by_boost.items():
        query = text_query(" | ".join(texts))
        weighed = sa.func.ts_rank(array, vector, query, _BY_LENGTH) * boost
        parts.append(sa.case((vector.bool_op("@@")(query), weighed), else_=0.0))  # most have none of them there
    if together := _together(clause):
        parts.append(sa.case((vector.bool_op("@@")(text_query(together)), PHRASE_BONUS), else_=0.0))
    return functools.reduce(operator.add, parts) if parts else None


def is_part_of_title(clause: Clause) -> bool:
    """Say whether a query looks for parts of titles, so that its score needs no number of results."""
    return any(_place(term) is not None for term in _terms(clause))


def _terms(clause: Clause) -> Iterator[Match | AnyWord]:
    """What the query asks for, whether it must be there or not."""
    if isinstance(clause, Group):
        for each in (*clause.required, *clause.optional):
            yield from _terms(each)
    elif isinstance(clause, (Match, AnyWord)):
        yield clause


def _array(weights: Fields) -> Score:
    """``ts_rank``'s weights of the labels D, C, B and A, the largest being 1."""
    told = dict.fromkeys("DCBA", 0.0)
    for field, weight in weights:
        label = _LABELS.get(field, "D")
        told[label] = max(told[label], weight)
    largest = max(told.values()) or 1.0
    return sa.cast([max(told[label] / largest, 0.01) for label in "DCBA"], ARRAY(sa.REAL))


def _text(term: Match | AnyWord) -> str:
    if isinstance(term, AnyWord):
        return " | ".join(all_words(word, _LABELS.get(term.field, "")) for word in term.words[:MOST_TERMS])
    if kind_of(term.field) is Kind.SUBSTRING:
        return ""
    if term.field == EVERYTHING or kind_of(term.field) is Kind.TEXT:
        label = _LABELS.get(term.field, "" if term.field == EVERYTHING else "D")
    else:
        label = _LABELS.get(term.field, "")
        if not label:
            return ""
    return phrase(term.value, label) if term.phrase else all_words(term.value, label)


def _place(term: Match | AnyWord) -> Score | None:
    """For part of a title: whether it begins the title, or a word of it."""
    if not isinstance(term, Match) or term.field != "title_ngram":
        return None
    needle, title = " ".join(words_of(term.value)), INDEX.c.title
    return sa.case(
        (title.startswith(needle, autoescape=True), 3.0),
        (title.contains(f" {needle}", autoescape=True), 2.0),
        (title.contains(needle, autoescape=True), 1.0),
        else_=0.0,
    )


def _together(clause: Clause) -> str:
    """The words typed without a sign, as one phrase; empty for fewer than two."""
    if not isinstance(clause, Group):
        return ""
    members = (*clause.required, *clause.optional)
    words = [each.value for each in members if isinstance(each, Match) and each.field == EVERYTHING]
    return phrase(" ".join(words)) if len(words) > 1 and len(words) == len(members) else ""
