"""Words that resemble others, and words with wildcards in them, looked up among the words the index holds.

PostgreSQL finds candidates by their trigrams (pg_trgm); a :class:`Fuzzy` word is within two changes of a letter, as
Lucene's. The words found replace the clause, so that the rest of the search knows nothing of it. The table of words
also holds those of documents a reader may not see: they only widen what is looked for, under the same filters.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import sqlalchemy as sa

from ckanext.ardoise.search.clauses import AnyWord, Clause, Fuzzy, Group, Match, QuerySyntaxError, Wildcard
from ckanext.ardoise.search.comparisons import is_prefix, like
from ckanext.ardoise.search.fields import Kind, kind_of
from ckanext.ardoise.search.table import WORDS
from ckanext.ardoise.search.words import fold, words_of

SHORTEST_MISSPELT = 5  # letters: shorter words resemble too many others
RESEMBLANCE = 0.5  # pg_trgm's word similarity from which a word may be meant
FARTHEST = 2  # changes of a letter between a word and one that resembles it
MOST_ALIKE = 50
MOST_MATCHING = 1_000
MOST_LOOKED_UP = 20  # clauses of one query


def spelled(connection: sa.Connection, clause: Clause, misspelt_titles: bool = False) -> Clause:
    """Return ``clause`` with the words that the index holds for its fuzzy words and wildcards.

    With ``misspelt_titles``, for its parts of titles too: also titles with words that resemble those.

    Raises:
        QuerySyntaxError: it has too many of these, or one that too many words answer.
    """
    return _Speller(connection, misspelt_titles).spelled(clause)


class _Speller:
    """Counts what it looks up."""

    def __init__(self, connection: sa.Connection, misspelt_titles: bool) -> None:
        self._connection = connection
        self._misspelt_titles = misspelt_titles
        self._left = MOST_LOOKED_UP

    def spelled(self, clause: Clause) -> Clause:
        match clause:
            case Group():
                return dataclasses.replace(
                    clause,
                    required=self._all(clause.required),
                    optional=self._all(clause.optional),
                    prohibited=self._all(clause.prohibited),
                )
            case Fuzzy():
                return self._fuzzy(clause)
            case Wildcard() if kind_of(clause.field) is Kind.TEXT:
                return self._wildcard(clause)
            case Match(field="title_ngram") if self._misspelt_titles:
                return self._part_of_title(clause)
        return clause

    def _all(self, clauses: Iterable[Clause]) -> tuple[Clause, ...]:
        return tuple(self.spelled(each) for each in clauses)

    def _found(self, statement: sa.Select[tuple[str]]) -> list[str]:
        self._left -= 1
        if self._left < 0:
            raise QuerySyntaxError(f"elle a plus de {MOST_LOOKED_UP} jokers ou mots à peu près")
        return list(self._connection.execute(statement).scalars())

    def _fuzzy(self, clause: Fuzzy) -> Clause:
        if kind_of(clause.field) is not Kind.TEXT:
            raise QuerySyntaxError(f"le champ {clause.field} ne se cherche pas à peu près")
        parts = tuple(
            AnyWord(clause.field, self._close(word) or (word,), clause.boost) for word in words_of(clause.value)
        )
        return parts[0] if len(parts) == 1 else Group(required=parts)

    def _close(self, word: str) -> tuple[str, ...]:
        """The word itself and those within two changes of it, the nearest first."""
        farthest = FARTHEST if len(word) > SHORTEST_MISSPELT else 1
        found = {each: distance(word, each, farthest) for each in self._alike(word)}
        near = [each for each in sorted(found, key=lambda each: (found[each], each)) if found[each] <= farthest]
        return tuple(dict.fromkeys((word, *near)))

    def _alike(self, word: str) -> list[str]:
        resemblance = sa.func.similarity(word, WORDS.c.word)
        alike = sa.select(WORDS.c.word).where(sa.literal(word, sa.Text).op("<%")(WORDS.c.word))
        return self._found(alike.order_by(resemblance.desc(), WORDS.c.word).limit(MOST_ALIKE))

    def _wildcard(self, clause: Wildcard) -> Clause:
        pieces = tuple(fold(piece) for piece in clause.pieces)
        if not all(piece.isalnum() for piece in pieces if piece):
            raise QuerySyntaxError(f"un joker du champ {clause.field} vaut pour des lettres et des chiffres")
        folded = dataclasses.replace(clause, pieces=pieces)
        if is_prefix(folded):
            return folded
        matching = sa.select(WORDS.c.word).where(WORDS.c.word.like(like(pieces, clause.marks), escape="\\"))
        words = self._found(matching.limit(MOST_MATCHING + 1))
        if len(words) > MOST_MATCHING:
            raise QuerySyntaxError(f"plus de {MOST_MATCHING} mots répondent au joker du champ {clause.field}")
        return AnyWord(clause.field, tuple(sorted(words)), clause.boost)

    def _part_of_title(self, clause: Match) -> Clause:
        """Also titles with words that resemble those typed."""
        words = words_of(clause.value)
        if not words or min(map(len, words)) < SHORTEST_MISSPELT or len(words) > MOST_LOOKED_UP // 4:
            return clause
        alike = tuple(AnyWord("title", tuple(self._alike(word)), clause.boost) for word in words)
        return Group(optional=(clause, Group(required=alike)))


def distance(one: str, other: str, farthest: int) -> int:
    """Return how many letters must be changed, added, dropped or swapped with the next; above ``farthest``, any more.

    The optimal string alignment distance, as Lucene's fuzzy terms.
    """
    if abs(len(one) - len(other)) > farthest:
        return farthest + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        current = [row]
        for column, its in enumerate(other, 1):
            cost = min(last[column] + 1, current[-1] + 1, last[column - 1] + (letter != its))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == its:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        before, last = last, current
    return last[-1]
