"""What PostgreSQL makes of the words of a query, so that they are found among those it made of documents."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from ckanext.ardoise.search.table import CONFIGURATION

MOST_KNOWN = 200_000  # words
_LEXEMES = sa.text(
    f"SELECT word, tsvector_to_array(to_tsvector('{CONFIGURATION}', word)) FROM unnest(CAST(:words AS text[])) AS word"
)


class Stems:
    """The lexemes of words, asked of PostgreSQL once: a word's do not change while the database is the same."""

    def __init__(self) -> None:
        self._known: dict[str, str | None] = {}
        self._followed = 0

    def learn(self, connection: sa.Connection, words: Collection[str]) -> None:
        """Ask PostgreSQL, in one statement, for those words that are not known yet."""
        if not (new := sorted({word for word in words if word not in self._known})):
            return
        if len(self._known) > MOST_KNOWN:
            self._known = {}
        for word, lexemes in connection.execute(_LEXEMES, {"words": new}):
            self._known[word] = lexemes[0] if len(lexemes) == 1 else None

    def follow(self, connection: sa.Connection, words: Sequence[str]) -> None:
        """Learn what came to a list that only grows: visitors mostly type the words of titles."""
        self.learn(connection, words[self._followed :])
        self._followed = len(words)

    def of(self, words: Sequence[str]) -> list[str] | None:
        """Return the lexeme of each word; None where one is not known, or is cut into several."""
        lexemes = [self._known.get(word) for word in words]
        return None if None in lexemes else lexemes  # type: ignore[return-value]
