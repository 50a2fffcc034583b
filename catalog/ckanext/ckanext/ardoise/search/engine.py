"""Documents in, documents out, over one PostgreSQL table; knows neither CKAN nor pysolr.

A write is one transaction and visible at once. Two writers of one document leave the later version
(``metadata_modified``), whichever comes last; writers come one after the other, and briefly. A search is one read-only
transaction on one snapshot: its count, its facets and its page agree. Counts are kept as long as no write happened
since (:data:`~ckanext.ardoise.search.table.GENERATION`); they belong to the whole request with its filters on
visibility, so one reader's are never another's. Connections are never shared with a forked process.
"""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from ckanext.ardoise.search.answers import COUNTED, counts, page, returned_columns
from ckanext.ardoise.search.clauses import Clause
from ckanext.ardoise.search.conditions import Condition, condition, reads_texts
from ckanext.ardoise.search.documents import row
from ckanext.ardoise.search.freetext import misspelt
from ckanext.ardoise.search.kept import Kept
from ckanext.ardoise.search.ranking import is_part_of_title, score
from ckanext.ardoise.search.request import SearchRequest
from ckanext.ardoise.search.spelling import RESEMBLANCE, spelled
from ckanext.ardoise.search.table import GENERATION, INDEX
from ckanext.ardoise.search.writing import Row, Waiting, addition, batches, counting, parameters

SLOWEST_SECONDS = 20  # a statement that takes longer is given up
MOST_KNOWN = 200_000  # words of the index that this process need not write again
LARGEST_KEPT = 2_000  # facet values or places of what is kept of one request
ATTEMPTS = 4  # of a write that another one made impossible
_CONTENDED = ("40001", "40P01")  # serialization failure, deadlock
_REFUSED = ("22", "23", "54")  # classes: data, integrity, program limits
# Compiling a statement to machine code takes longer than running it; sorts of a whole catalogue stay in memory.
_SETTINGS = f"SET jit = off; SET work_mem = '32MB'; SET pg_trgm.word_similarity_threshold = {RESEMBLANCE};"


_ON_INDEXES_ONLY = sa.text("SET LOCAL enable_seqscan = off")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search found."""

    hits: int
    documents: list[dict[str, Any]]
    facets: dict[str, list[Any]]  # Solr's flat list: value, number, value, number…


Document = Mapping[str, Any]  # as CKAN hands it over
Places = tuple[tuple[str, float], ...]  # documents of a page, in order: index_id and score
Counted = tuple[int, dict[str, list[Any]]]


@dataclass(frozen=True, slots=True)
class _Found:
    """An answer before its documents are read."""

    hits: int
    facets: dict[str, list[Any]]
    places: Places


class SearchEngine:
    """The index in one database."""

    def __init__(self, url: str | sa.URL) -> None:
        self._engine = sa.create_engine(url, pool_size=4, max_overflow=12, isolation_level="REPEATABLE READ")
        sa.event.listen(self._engine, "connect", _settle)
        self._deferring = sa.create_engine(url, pool_size=1, max_overflow=12)
        sa.event.listen(self._deferring, "connect", _defer)
        self._kept = Kept()
        self._known: set[str] = set()
        self._last = -1  # the generation of this process's last write
        self._waiting = Waiting(self._gathered)
        _ENGINES.add(self)

    def forget_connections(self) -> None:
        """Leave this process's copies of its parent's connections alone, and begin with new ones."""
        for engine in (self._engine, self._deferring):
            engine.dispose(close=False)
        self._kept.renew_lock()
        self._waiting.leave()

    def close(self) -> None:
        """Write what was gathered and close the connections; the next call opens new ones."""
        self._waiting.flush()
        for engine in (self._engine, self._deferring):
            engine.dispose()

    def ping(self) -> None:
        """Ask the index for a sign of life."""

        def ask() -> None:
            with self._reading() as connection:
                connection.execute(sa.select(GENERATION.c.number)).scalar_one()

        _again_if_needed(ask)

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

        clause = _again_if_needed(spell)
        erased = sa.delete(INDEX).where(condition(clause, now or datetime.now(UTC)))
        self._write([(counting(), {}), (erased, {})])

    def search(self, request: SearchRequest, now: datetime | None = None, key: Any = None) -> Answer:
        """Return the page of documents, their number and the facets that the request asks for.

        Args:
            request: what is asked.
            now: the request's NOW.
            key: what says everything of the request but its page; None where its counts can not be kept.

        Raises:
            QuerySyntaxError: some part of the request can not be asked in SQL.
        """
        self._waiting.flush()
        return _again_if_needed(lambda: self._searched(request, now or datetime.now(UTC), key))

    def _searched(self, request: SearchRequest, moment: datetime, key: Any) -> Answer:
        page_key = None if key is None else (key, request.start, request.rows, request.sorts)
        with self._reading() as connection:
            generation = connection.execute(sa.select(GENERATION.c.number)).scalar_one()
            found = self._kept.get(page_key, generation)
            if found is None:
                found = self._found(connection, request, moment, generation, key)
                if len(found.places) + sum(map(len, found.facets.values())) <= LARGEST_KEPT:
                    self._kept.put(page_key, generation, found)
            documents = _read(connection, found.places, request)
        # Copies: CKAN writes into the facets it is given, and what is kept must stay as it was counted.
        return Answer(found.hits, documents, {field: list(each) for field, each in found.facets.items()})

    def _found(
        self, connection: sa.Connection, request: SearchRequest, moment: datetime, generation: int, key: Any
    ) -> _Found:
        request = _spelled(connection, request)
        clauses = (request.query, *request.filters)
        if any(map(reads_texts, clauses)) or is_part_of_title(request.query):
            connection.execute(_ON_INDEXES_ONLY)
        where = _where(request, moment)
        if is_part_of_title(request.query) and not request.facets:
            return _at_once(connection, where, request)
        hits, facets = self._counted(connection, where, request, generation, key)
        looser = misspelt(request.query) if request.typed and not hits else None
        if looser is not None:
            request = _spelled(connection, replace(request, query=looser))
            where = _where(request, moment)
            other = None if key is None else ("misspelt", key)
            hits, facets = self._counted(connection, where, request, generation, other)
        places: Places = ()
        if request.rows and hits > request.start:
            weighed = score(request.query, request.weights, hits)
            places = tuple(map(tuple, connection.execute(page(where, weighed, request)).all()))
        return _Found(hits, facets, places)

    def _counted(
        self, connection: sa.Connection, where: Condition, request: SearchRequest, generation: int, key: Any
    ) -> Counted:
        if (kept := self._kept.get(key, generation)) is not None:
            return kept
        found = connection.execute(counts(where, request)).all()
        facets: dict[str, list[Any]] = {field: [] for field in request.facets}
        for position, value, number in found[1:]:
            facets[request.facets[position]] += (value, int(number))
        counted = (int(found[0][2]), facets)
        if len(found) <= LARGEST_KEPT:
            self._kept.put(key, generation, counted)
        return counted

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with self._engine.connect() as connection, connection.begin():
            yield connection

    def _gathered(self, rows: list[Row]) -> None:
        """Index rows together; one by one, if PostgreSQL refuses one of them."""
        try:
            self._index(rows, deferred=True)
        except sa.exc.DBAPIError as error:
            if len(rows) == 1 or not (_state(error) or "").startswith(_REFUSED):
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
            _again_if_needed(write)

    def _noticed(self, generation: int) -> None:
        """Forget what words are known when another database answers at this address."""
        if generation <= self._last or len(self._known) > MOST_KNOWN:
            self._known.clear()
        self._last = generation


Result = TypeVar("Result")


def _again_if_needed(work: Callable[[], Result]) -> Result:
    """Do ``work``, again when another write made it impossible or the connection had been lost meanwhile."""
    for attempt in range(ATTEMPTS):
        try:
            return work()
        except sa.exc.DBAPIError as error:
            if attempt == ATTEMPTS - 1 or not (error.connection_invalidated or _state(error) in _CONTENDED):
                raise
    raise AssertionError("unreachable")


def _state(error: sa.exc.DBAPIError) -> str | None:
    """PostgreSQL's five letters; None where it did not answer."""
    return getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)


def _rows(documents: Iterable[Document], now: datetime | None) -> list[Row]:
    """The rows of documents; of one document the last."""
    moment = now or datetime.now(UTC)
    return list({each["index_id"]: each for each in (row(document, moment) for document in documents)}.values())


_ENGINES: weakref.WeakSet[SearchEngine] = weakref.WeakSet()


def _after_fork() -> None:
    for engine in list(_ENGINES):
        engine.forget_connections()


os.register_at_fork(after_in_child=_after_fork)


def _settle(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"{_SETTINGS} SET statement_timeout = '{SLOWEST_SECONDS}s'")
    connection.commit()


def _defer(connection: Any, record: Any) -> None:
    _settle(connection, record)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    connection.commit()


def _spelled(connection: sa.Connection, request: SearchRequest) -> SearchRequest:
    filters = tuple(spelled(connection, each) for each in request.filters)
    return replace(request, query=spelled(connection, request.query), filters=filters)


def _where(request: SearchRequest, now: datetime) -> Condition:
    """All conditions; beside those on long texts, the others are asked of the rows that the index on texts finds.

    PostgreSQL does not count the reading of long texts: left to choose, it would find documents by another index and
    then look into the text of each.
    """
    clauses = (request.query, *request.filters)
    if not any(map(reads_texts, clauses)):
        return sa.and_(*(condition(each, now) for each in clauses))
    held = [(each, condition(each, now)) for each in clauses]
    return sa.and_(*(each if reads_texts(clause) else sa.case((each, True), else_=False) for clause, each in held))


def _at_once(connection: sa.Connection, where: Condition, request: SearchRequest) -> _Found:
    """Count and page in one statement: what a search has time for while a person types."""
    statement = page(where, score(request.query, request.weights, 0), request).add_columns(COUNTED)
    rows = connection.execute(statement).all()
    if rows:
        return _Found(rows[0][2], {}, tuple((each[0], each[1]) for each in rows))
    beyond = request.start or not request.rows  # no row to tell it
    return _Found(connection.execute(counts(where, request)).all()[0][2] if beyond else 0, {}, ())


def _read(connection: sa.Connection, places: Places, request: SearchRequest) -> list[dict[str, Any]]:
    """The documents at some places, as the same snapshot has them."""
    if not places:
        return []
    statement = sa.select(INDEX.c.index_id.label("place"), *returned_columns(request))
    read = connection.execute(statement.where(INDEX.c.index_id.in_([each for each, _ in places])))
    rows = {each.place: dict(each._mapping) for each in read}
    return [_document(rows[place], weight, request) for place, weight in places]


def _document(told: dict[str, Any], weight: float, request: SearchRequest) -> dict[str, Any]:
    """What a page's row gives back, in the order of the fields asked for."""
    told.pop("place")
    document: dict[str, Any] = json.loads(told.pop("stored", None) or "{}")
    document |= {name: value for name, value in told.items() if value is not None}
    if request.fields is None:
        return document
    if "score" in request.fields:
        document["score"] = weight
    return {name: document[name] for name in request.fields if name in document}
