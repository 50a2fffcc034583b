"""The score of a document: where the words asked for stand, how near each other, and what resembles them.

Weights follow ``qf`` (CKAN's is ``name^4 title^4 tags^2 groups^2 text``); the words of the query as one phrase count
again. Where results are few, ``ts_rank`` reads the whole text of each; where they are many, only headings (title, name,
tags, groups) weigh, from memory if the query is of plain words: a common word costs no more than a rare one.
"""

from __future__ import annotations

import functools
import operator
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import sqlalchemy as sa

from ckanext.ardoise.search.clauses import AnyWord, Clause, Group, Match
from ckanext.ardoise.search.columns import Columns
from ckanext.ardoise.search.comparisons import text_query
from ckanext.ardoise.search.fields import EVERYTHING, Kind, kind_of
from ckanext.ardoise.search.freetext import Fields
from ckanext.ardoise.search.headings import Scores
from ckanext.ardoise.search.mirror import NUMBERS, among, numbers
from ckanext.ardoise.search.table import CONFIGURATION, INDEX
from ckanext.ardoise.search.values import Mask, Rows
from ckanext.ardoise.search.words import all_words, phrase, words_of

MOST_WEIGHED_WHOLE = 100  # results; beyond, only their headings are weighed
MOST_TERMS = 100
PHRASE_BONUS = 0.5
_BY_LENGTH = 1  # ts_rank's normalization: long texts hold more words
_LABELS = {"title": "A", "name": "B", "tags": "C", "groups": "C"}
Term = Match | AnyWord


def scores(connection: sa.Connection, columns: Columns, mask: Mask, clause: Clause, weights: Fields) -> Scores | None:
    """Return the score of the documents of ``mask``, which ``clause`` describes; None where all are equal.

    Args:
        connection: on the snapshot that ``columns`` are of.
        columns: all rows.
        mask: those found.
        clause: the main query; filters weigh nothing.
        weights: fields and how much a word in each weighs.
    """
    terms = list(_terms(clause))[:MOST_TERMS]
    parts = [each for term in terms if (each := _place(columns, term)) is not None]
    if parts:  # part of a title: where it stands says enough
        return functools.reduce(operator.add, parts)
    if not any(map(_text, terms)):
        return None
    if mask.sum() <= MOST_WEIGHED_WHOLE:
        return _weighed(connection, columns, terms, _together(clause), weights, np.flatnonzero(mask))
    if (told := _from_memory(columns, terms, weights)) is not None:
        return told + PHRASE_BONUS * _phrases(connection, columns, mask, clause)
    return _weighed(connection, columns, terms, _together(clause), weights, None)


def _from_memory(columns: Columns, terms: list[Term], weights: Fields) -> Scores | None:
    """The same weights of headings, where each term is a word anywhere; else None."""
    by_boost: dict[float, list[str]] = defaultdict(list)
    for term in terms:
        words = list(term.words) if isinstance(term, AnyWord) else words_of(term.value)
        stems = columns.stems.of(words)
        if term.field != EVERYTHING or stems is None or (isinstance(term, Match) and len(words) != 1):
            return None
        by_boost[term.boost] += stems
    labels = _labelled(weights)
    parts = [boost * columns.headings.rank(stems, labels) for boost, stems in by_boost.items()]
    return functools.reduce(operator.add, parts)


def _phrases(connection: sa.Connection, columns: Columns, mask: Mask, clause: Clause) -> Mask:
    """The rows of ``mask`` whose heading holds the words of ``clause`` as one phrase."""
    together = _together(clause)
    stems = columns.stems.of(words_of(together)) if together else None
    none = np.zeros(columns.size, np.bool_)
    if stems is None:
        return none
    rows = np.flatnonzero(mask & columns.headings.with_all(stems))
    if not len(rows):
        return none
    held = INDEX.c.heading.bool_op("@@")(text_query(phrase(together)))
    found = connection.execute(sa.select(NUMBERS).where(among(columns.numbers[rows]), held)).scalar_one()
    return columns.mask_of(numbers(found))


def _weighed(
    connection: sa.Connection, columns: Columns, terms: list[Term], together: str, weights: Fields, rows: Rows | None
) -> Scores:
    """What PostgreSQL says the whole texts of ``rows`` weigh; without them, all headings with any of the terms."""
    by_boost: dict[float, list[str]] = defaultdict(list)
    for term in terms:
        if text := _text(term):
            by_boost[term.boost].append(f"({text})")
    texts = {f"words{place}": " | ".join(each) for place, each in enumerate(by_boost.values())}
    boosts = {f"boost{place}": boost for place, boost in enumerate(by_boost)}
    given = {**texts, **boosts, "labels": list(_labelled(weights).values()), "any": " | ".join(texts.values())}
    if rows is not None:
        given["rows"] = columns.numbers[rows].tolist()
    if together:
        given["phrase"] = phrase(together)
    statement = _statement(rows is not None, len(texts), bool(together))
    found, told = connection.exec_driver_sql(statement, given).one()
    scores = np.zeros(columns.size, np.float32)
    scores[columns.rows_of(numbers(found))] = np.frombuffer(told, ">f8")
    return scores


@functools.cache
def _statement(whole: bool, boosts: int, together: bool) -> str:
    """Numbers of rows and what they weigh. No part looks whether it applies: each look would unpack the text again."""
    vector = "words" if whole else "heading"

    def query(name: str) -> str:
        return f"to_tsquery('{CONFIGURATION}', %({name})s)"

    parts = [
        f"ts_rank(%(labels)s::real[], {vector}, {query(f'words{place}')}, {_BY_LENGTH}) * %(boost{place})s"
        for place in range(boosts)
    ]
    if together:
        parts.append(f"CASE WHEN {vector} @@ {query('phrase')} THEN {PHRASE_BONUS} ELSE 0 END")
    score = f"float8send(({' + '.join(parts)})::float8)"
    among = "number = ANY(%(rows)s)" if whole else f"heading @@ {query('any')}"
    told = ", ".join(f"coalesce(string_agg({each}, ''::bytea), ''::bytea)" for each in ("int8send(number)", score))
    return f"SELECT {told} FROM {INDEX.name} WHERE {among}"


def _terms(clause: Clause) -> Iterator[Term]:
    """What the query asks for, whether it must be there or not."""
    if isinstance(clause, Group):
        for each in (*clause.required, *clause.optional):
            yield from _terms(each)
    elif isinstance(clause, (Match, AnyWord)):
        yield clause


def _labelled(weights: Fields) -> dict[str, float]:
    """What a word weighs under each label, D to A as ``ts_rank`` has them, the largest being 1."""
    told = dict.fromkeys("DCBA", 0.0)
    for field, weight in weights:
        label = _LABELS.get(field, "D")
        told[label] = max(told[label], weight)
    largest = max(told.values()) or 1.0
    return {label: max(weight / largest, 0.01) for label, weight in told.items()}


def _text(term: Term) -> str:
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


def _place(columns: Columns, term: Term) -> Scores | None:
    """For part of a title: whether it begins the title, or a word of it."""
    if not isinstance(term, Match) or term.field != "title_ngram":
        return None
    return columns.title_part(" ".join(words_of(term.value))).astype(np.float32)


def _together(clause: Clause) -> str:
    """The words typed without a sign, wanted as one phrase; empty for fewer than two."""
    if not isinstance(clause, Group):
        return ""
    members = (*clause.required, *clause.optional)
    words = [each.value for each in members if isinstance(each, Match) and each.field == EVERYTHING]
    return " ".join(words) if len(words) > 1 and len(words) == len(members) else ""
