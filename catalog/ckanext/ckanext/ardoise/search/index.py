"""The stand-in for ``pysolr.Solr``: the four methods CKAN calls, over one table of CKAN's own database.

CKAN makes one such object a call, with Solr's address; the address is ignored. A write is visible as soon as it is
made: ``commit`` has nothing left to do. Unlike Solr's, these writes fail when a query to delete by is not understood.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pysolr
import sqlalchemy as sa
from ckan.common import config
from ckan.lib.search.common import SearchQueryError
from ckan.lib.search.query import QUERY_FIELDS
from sqlalchemy.dialects.postgresql import insert

from ckanext.ardoise.search.clauses import QuerySyntaxError
from ckanext.ardoise.search.conditions import FRENCH, INDEX, Condition, condition, free_text
from ckanext.ardoise.search.documents import stored, values, words
from ckanext.ardoise.search.parser import parse
from ckanext.ardoise.search.request import SearchRequest, Sort, read_request

MATCH_ALL = "*:*"
UNRANKED = sa.cast(1, sa.Float)  # a cast, for PostgreSQL takes no bare constant as an order


@functools.lru_cache(maxsize=1)
def _engine(url: str, process: int) -> sa.Engine:
    """One small pool a process; keyed by process so that a fork never shares its parent's connections."""
    return sa.create_engine(url, pool_size=2, max_overflow=4, pool_pre_ping=True)


class PostgresIndex:
    """Documents in, documents out, by the queries that :mod:`ckanext.ardoise.search.parser` understands."""

    def __init__(self, url: str = "", decoder: json.JSONDecoder | None = None, **_: Any) -> None:
        self.url = "postgresql:ardoise_search_index"
        self._decoder = decoder

    def add(self, docs: Iterable[Mapping[str, Any]], commit: bool = True, **_: Any) -> None:
        """Index ``docs``, replacing those of the same ``index_id``."""
        rows = [_row(document) for document in docs]
        if not rows:
            return
        statement = insert(INDEX).values(rows)
        replaced = {name: statement.excluded[name] for name in ("fields", "stored", "words")}
        with _transaction() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["index_id"], set_=replaced))

    def delete(self, q: str | None = None, id: str | None = None, commit: bool = True, **_: Any) -> None:
        """Forget the documents that ``q`` describes."""
        if not q or id is not None:
            raise SearchQueryError("des documents s'effacent par une requête")
        with _transaction() as connection:
            connection.execute(sa.delete(INDEX).where(_understood(q)))

    def commit(self, **_: Any) -> None:
        """Do nothing: a write is committed when it is made."""

    def ping(self, **_: Any) -> str:
        """Ask the database for a sign of life."""
        with _transaction() as connection:
            connection.execute(sa.select(sa.literal(1)))
        return '{"status": "OK"}'

    def search(self, q: str, **parameters: Any) -> pysolr.Results:
        """Return the page of documents, their number and the facets that the request asks for.

        Raises:
            SearchQueryError: some part of the request is not understood.
        """
        try:
            request = read_request(parameters, QUERY_FIELDS)
        except QuerySyntaxError as error:
            raise SearchQueryError(f"la recherche n'est pas comprise ({error})") from None
        where, score = self._main_query(q)
        where = sa.and_(where, *(_understood(text) for text in request.filters))
        with _transaction() as connection:
            hits = connection.execute(sa.select(sa.func.count()).select_from(INDEX).where(where)).scalar_one()
            page = _page(where, score, request)
            documents = [self._returned(row, request) for row in connection.execute(page)] if request.rows else []
            facets = {field: _facet(connection, field, where, request) for field in request.facets}
        return pysolr.Results(
            {"response": {"docs": documents, "numFound": hits}, "facet_counts": {"facet_fields": facets}}
        )

    def _main_query(self, q: str) -> tuple[Condition, sa.ColumnElement[Any]]:
        """Words typed by a person have no colon (CKAN then asks Solr for its lenient parser); the rest is a query."""
        if q.strip() == MATCH_ALL:
            return sa.true(), UNRANKED
        if ":" in q:
            return _understood(q), UNRANKED
        query = free_text(q)
        return INDEX.c.words.op("@@")(query), sa.func.ts_rank_cd(INDEX.c.words, query)

    def _returned(self, row: sa.Row[Any], request: SearchRequest) -> dict[str, Any]:
        document: dict[str, Any] = dict(row.stored)
        if request.fields is not None:
            document = {field: document[field] for field in request.fields if field in document}
        if request.fields is not None and "score" in request.fields:
            document["score"] = float(row.score)
        if self._decoder is not None:
            document = self._decoder.decode(json.dumps(document))
        return document


@contextmanager
def _transaction() -> Iterator[sa.Connection]:
    """One transaction of its own; CKAN translates pysolr's errors, and expects these words of a server that is away."""
    try:
        with _engine(config["sqlalchemy.url"], os.getpid()).begin() as connection:
            yield connection
    except sa.exc.OperationalError:
        raise pysolr.SolrError("Connection to server lost: the search index is in CKAN's database") from None
    except sa.exc.DBAPIError as error:
        raise pysolr.SolrError(f"The search index refused a statement ({type(error.orig).__name__})") from None


def _row(document: Mapping[str, Any]) -> dict[str, Any]:
    fields = values(document)
    vector: Any = None
    for text, weight in zip(words(fields), "ABD", strict=True):
        part = sa.func.setweight(sa.func.to_tsvector(FRENCH, text), sa.literal_column(f"'{weight}'"))
        vector = part if vector is None else vector.op("||")(part)
    return {"index_id": document["index_id"], "fields": fields, "stored": stored(document), "words": vector}


def _understood(query: str) -> Condition:
    try:
        return condition(parse(query), datetime.now(UTC))
    except QuerySyntaxError as error:
        raise SearchQueryError(f"la recherche n'est pas comprise ({error})") from None


def _page(where: Condition, score: sa.ColumnElement[Any], request: SearchRequest) -> sa.Select[Any]:
    order = [_order(sort, score) for sort in request.sorts]
    page = sa.select(INDEX.c.stored, score.label("score")).where(where).order_by(*order, INDEX.c.index_id)
    return page.offset(request.start).limit(request.rows)


def _order(sort: Sort, score: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    if sort.field == "score":
        value: sa.ColumnElement[Any] = score
    else:
        value = INDEX.c.fields[sort.field][0].astext
        value = sa.cast(value, sa.BigInteger) if sort.numeric else value.collate("C")
    return (value.desc() if sort.descending else value.asc()).nulls_last()


def _facet(connection: sa.Connection, field: str, where: Condition, request: SearchRequest) -> Sequence[Any]:
    """Return Solr's flat list: value, count, value, count…, most frequent first."""
    elements = sa.func.jsonb_array_elements_text(INDEX.c.fields[field]).table_valued("value")
    each = elements.c.value
    counted = sa.select(each, sa.func.count(sa.distinct(INDEX.c.index_id)).label("n"))
    counted = counted.select_from(INDEX.join(elements, sa.true())).where(where)
    counted = counted.group_by(each).having(sa.func.count() >= request.facet_minimum)
    counted = counted.order_by(sa.desc("n"), each)
    if request.facet_limit >= 0:
        counted = counted.limit(request.facet_limit)
    return [item for value, number in connection.execute(counted) for item in (value, number)]
