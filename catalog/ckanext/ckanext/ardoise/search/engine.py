"""Documents in, documents out, over one PostgreSQL table; knows neither CKAN nor pysolr.

A write is one transaction and visible at once. Two writers of one document leave the later version
(``metadata_modified``), whichever comes last; writers come one after the other, and briefly. A search is one read-only
transaction on one snapshot, with the columns in memory that belong to it (:mod:`~ckanext.ardoise.search.mirror`): its
count, its facets and its page agree. Connections are never shared with a forked process.
"""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ckanext.ardoise.search.clauses import Clause
from ckanext.ardoise.search.columns import ChangedError
from ckanext.ardoise.search.conditions import condition
from ckanext.ardoise.search.connections import Result, again_if_needed, asking, deferring, state, steady
from ckanext.ardoise.search.documents import row
from ckanext.ardoise.search.mirror import Mirror
from ckanext.ardoise.search.request import SearchRequest
from ckanext.ardoise.search.searching import Answer, Search
from ckanext.ardoise.search.spelling import spelled
from ckanext.ardoise.search.table import GENERATION, INDEX
from ckanext.ardoise.search.writing import Row, Waiting, addition, batches, counting, parameters

MOST_KNOWN = 200_000  # words of the index that this process need not write again
HASTY = 3  # searches without a snapshot of their own, before one with it
_REFUSED = ("22", "23", "54")  # classes: data, integrity, program limits

Document = Mapping[str, Any]  # as CKAN hands it over


class SearchEngine:
    """The index in one database."""

    def __init__(self, url: str | sa.URL) -> None:
        self._engine, self._asking, self._deferring = steady(url), asking(url), deferring(url)
        self._mirror = Mirror()
        self._known: set[str] = set()
        self._last = -1  # the generation of this process's last write
        self._waiting = Waiting(self._gathered)
        _ENGINES.add(self)

    def forget_connections(self) -> None:
        """Leave this process's copies of its parent's connections alone, and begin with new ones."""
        for engine in (self._engine, self._asking, self._deferring):
            engine.dispose(close=False)
        self._mirror.forget()
        self._waiting.leave()

    def close(self) -> None:
        """Write what was gathered and close the connections; the next call opens new ones."""
        self._waiting.flush()
        for engine in (self._engine, self._asking, self._deferring):
            engine.dispose()

    def ping(self) -> None:
        """Ask the index for a sign of life."""

        def ask() -> None:
            with self._reading() as connection:
                connection.execute(sa.select(GENERATION.c.number)).scalar_one()

        self._again(ask)

    def add(self, documents: Iterable[Document], now: datetime | None = None, deferred: bool = False) -> None:
        """Index documents, replacing those of the same ``index_id`` unless they are newer; all of them or none.

        Args:
            documents: as CKAN hands them over.
            now: what documents without ``indexed_ts`` are told.
            deferred: visible at once, but safe on the disk only after :meth:`commit`, or a second later.
        """
        self._waiting.flush()
        self._index(_rows(documents, now), deferred)

    def gather(self, documents: Iterable[Document], now: datetime | None = None) -> None:
        """Index documents together with others to come: at the next call of another method, or when they are many.

        One that PostgreSQL refuses takes no other with it; the call that wrote them then raises.
        """
        self._waiting.add(_rows(documents, now))

    def commit(self) -> None:
        """Write what was gathered, and wait until every write made before is safe on the disk."""
        self._waiting.flush()
        self._write([(counting(), {})])  # the log is written in order

    def delete(self, clause: Clause, now: datetime | None = None) -> None:
        """Forget the documents that ``clause`` describes."""
        self._waiting.flush()

        def spell() -> Clause:
            with self._reading() as connection:
                return spelled(connection, clause)

        clause = self._again(spell)
        erased = sa.delete(INDEX).where(condition(clause, now or datetime.now(UTC)))
        self._write([(counting(erasing=True), {}), (erased, {})])

    def search(self, request: SearchRequest, now: datetime | None = None) -> Answer:
        """Return the page of documents, their number and the facets that the request asks for.

        Args:
            request: what is asked.
            now: the request's NOW.

        Raises:
            QuerySyntaxError: some part of the request is not understood.
        """
        self._waiting.flush()
        return self._again(lambda: self._searched(request, now or datetime.now(UTC)))

    def _searched(self, request: SearchRequest, now: datetime) -> Answer:
        """Answer from the columns there are, if no write came since: a journey to the database less is a wait less.

        Where writes never leave the time, the search gets a snapshot of its own.
        """
        for _ in range(HASTY):
            if (columns := self._mirror.newest) is not None:
                with contextlib.suppress(ChangedError), self._asking.connect() as connection:
                    return Search(connection, columns, now).answer(request)
            with contextlib.suppress(ChangedError), self._reading() as connection:
                self._mirror.at(connection)
        while True:
            with contextlib.suppress(ChangedError), self._reading() as connection:
                columns = replace(self._mirror.at(connection), found={})
                return Search(connection, columns, now).answer(request)

    def _again(self, work: Callable[[], Result]) -> Result:
        """Do ``work``, again if needed; after a lost connection nothing of what this process knew need hold.

        A server that fell may have lost its last writes, or be another one: generations may then come twice.
        """
        return again_if_needed(work, self._mirror.forget)

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with self._engine.connect() as connection, connection.begin():
            yield connection

    def _gathered(self, rows: list[Row]) -> None:
        """Index rows together; one by one, if PostgreSQL refuses one of them."""
        try:
            self._index(rows, deferred=True)
        except sa.exc.DBAPIError as error:
            if len(rows) == 1 or not (state(error) or "").startswith(_REFUSED):
                raise
            refused: sa.exc.DBAPIError | None = None
            for each in rows:
                try:
                    self._index([each], deferred=True)
                except sa.exc.DBAPIError as alone:
                    refused = refused or alone
            if refused is not None:
                raise refused from None

    def _index(self, rows: list[Row], deferred: bool) -> None:
        statement = addition(self._engine.dialect)
        work, new = [], set[str]()
        for batch in batches(sorted(rows, key=lambda each: str(each["index_id"]))):
            given, words = parameters(batch, self._known)
            work.append((statement, given))
            new |= words
        self._write(work, deferred)
        self._known |= new

    def _write(self, work: Sequence[tuple[Any, dict[str, Any]]], deferred: bool = False) -> None:
        """Run writing statements, all or none; a single one needs no transaction around it.

        The first counts one generation more. Its row stays locked to the end: writers come one after the other, each
        sees what the one before it left, and none waits for a row of another.
        """

        def write() -> None:
            level: Any = "AUTOCOMMIT" if len(work) == 1 else "READ COMMITTED"
            engine = self._deferring if deferred else self._engine
            with engine.connect().execution_options(isolation_level=level) as connection, connection.begin():
                for statement, values in work:
                    written = isinstance(statement, str)
                    run = connection.exec_driver_sql if written else connection.execute
                    answer = run(statement, values)
                    if answer.returns_rows and (first := answer.first()) is not None:
                        self._noticed(first[0])

        if work:
            self._again(write)

    def _noticed(self, generation: int) -> None:
        """Forget what words are known when another database answers at this address."""
        if generation <= self._last or len(self._known) > MOST_KNOWN:
            self._known.clear()
        self._last = generation


def _rows(documents: Iterable[Document], now: datetime | None) -> list[Row]:
    """The rows of documents; of one document the last."""
    moment = now or datetime.now(UTC)
    return list({each["index_id"]: each for each in (row(document, moment) for document in documents)}.values())


_ENGINES: weakref.WeakSet[SearchEngine] = weakref.WeakSet()


def _after_fork() -> None:
    for engine in list(_ENGINES):
        engine.forget_connections()


os.register_at_fork(after_in_child=_after_fork)
