"""Puts PostgreSQL where CKAN expects Solr, by the two names CKAN reaches it through; no file of CKAN is edited.

``solr_url = postgresql-search://`` asks for it, over CKAN's own database; ``postgresql-search://user:password@host/name``
over another. With any other address CKAN speaks to Solr as ever. CKAN makes one :class:`PostgresIndex` a call; the
connections behind it are one pool a process. Errors are pysolr's own, for CKAN knows which status each deserves.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import ckan.lib.search
import flask
import pysolr
import sqlalchemy as sa
from ckan import model
from ckan.common import config

from ckanext.ardoise.search.clauses import Everything, Match, QuerySyntaxError, SortSyntaxError
from ckanext.ardoise.search.engine import SearchEngine
from ckanext.ardoise.search.local_params import read
from ckanext.ardoise.search.request import SearchRequest, read_request

SCHEME = "postgresql-search:"
_CANCELED = "57014"


@dataclass(frozen=True, slots=True)
class _Schema:
    """What CKAN reads of Solr's answer when it checks the schema's version."""

    text: str

    def raise_for_status(self) -> None:
        """There is no transport that could have failed."""


class PostgresIndex:
    """The methods of ``pysolr.Solr`` that CKAN and its extensions call."""

    def __init__(self, url: str = "", decoder: json.JSONDecoder | None = None, **_: Any) -> None:
        self.url = SCHEME  # told in CKAN's logs: without a password
        self._address = database_address(url)
        self._decoder = decoder

    def add(self, docs: Iterable[Mapping[str, Any]], commit: bool = True, **_: Any) -> None:
        """Index ``docs``, replacing those of the same ``index_id``: visible at once, or with the commit that follows.

        Where CKAN is told never to commit (``ckan.search.solr_commit``), none would follow: they are visible at once.
        """
        with self._engine() as engine:
            if commit or not config.get("ckan.search.solr_commit"):
                engine.add(docs, deferred=not commit)
            else:
                engine.gather(docs)

    def delete(self, id: Any = None, q: str | None = None, commit: bool = True, **_: Any) -> None:
        """Forget the documents of some ``index_id``, or those that ``q`` describes."""
        if (id is None) == (q is None):
            raise ValueError("one of « id » and « q » is needed")
        with self._engine() as engine:
            if q is not None:
                engine.delete(read(q, "text", "AND"))
            for each in [id] if isinstance(id, str) else id or []:
                engine.delete(Match("index_id", str(each)))

    def commit(self, **_: Any) -> None:
        """Show what was added without a commit, and wait until it is safe on the disk."""
        with self._engine() as engine:
            engine.commit()

    def ping(self, **_: Any) -> str:
        """Ask the index for a sign of life."""
        with self._engine() as engine:
            engine.ping()
        return '{"status": "OK"}'

    def read(self) -> None:
        """Read into memory what searches need of the index."""
        with self._engine() as engine:
            engine.search(SearchRequest(Everything(), rows=0))

    def search(self, q: str, **parameters: Any) -> pysolr.Results:
        """Return the page of documents, their number and the facets that the request asks for.

        Raises:
            pysolr.SolrError: some part of the request is not understood, or the database does not answer.
        """
        began = time.perf_counter()
        with self._engine() as engine:
            request = read_request({"q": q, **parameters})
            answer = engine.search(request, datetime.now(UTC))
        spent = (time.perf_counter() - began) * 1000
        if flask.has_request_context():
            flask.g.ardoise_search = getattr(flask.g, "ardoise_search", 0.0) + spent
        documents = answer.documents
        if self._decoder is not None:
            documents = [self._decoder.decode(json.dumps(each)) for each in documents]
        return pysolr.Results(
            {
                "responseHeader": {"status": 0, "QTime": round(spent)},
                "response": {"docs": documents, "numFound": answer.hits, "start": request.start},
                "facet_counts": {"facet_fields": answer.facets},
            }
        )

    @contextmanager
    def _engine(self) -> Iterator[SearchEngine]:
        """The engine, its errors told in the words by which CKAN knows Solr's."""
        try:
            yield _engine(self._address)
        except SortSyntaxError as error:
            raise pysolr.SolrError(f"Can't determine a Sort Order: {error}") from None
        except QuerySyntaxError as error:
            raise pysolr.SolrError(f"la recherche n'est pas comprise ({error})") from None
        except sa.exc.DBAPIError as error:
            if getattr(error.orig, "pgcode", None) == _CANCELED:
                raise pysolr.SolrError("la recherche est trop longue") from None
            if isinstance(error, sa.exc.OperationalError):
                raise pysolr.SolrError("Connection to server lost: PostgreSQL does not answer") from None
            raise pysolr.SolrError(f"PostgreSQL refused a statement ({type(error.orig).__name__})") from None


def database_address(solr_url: str) -> str:
    """Return the SQLAlchemy address that a ``solr_url`` means: that of CKAN's own database if it names none."""
    rest = solr_url.removeprefix(SCHEME)
    return str(config["sqlalchemy.url"]) if not rest.strip("/") else f"postgresql:{rest}"


@functools.lru_cache(maxsize=8)
def _engine(address: str) -> SearchEngine:
    return SearchEngine(address)


def _schema(file_offset: str) -> _Schema:
    newest = ckan.lib.search.SUPPORTED_SCHEMA_VERSIONS[-1]
    return _Schema(f'<schema name="ckan-{newest}" version="1.6"/>')


_parents_sessions: list[Any] = []  # of a forked process; kept, for their end would speak on the parent's connections


def _leave_parents_connections() -> None:
    """Leave CKAN's connections to the process this one is forked from: ``rebuild-fast`` and gunicorn have some open."""
    if model.meta.engine is not None:
        if model.Session.registry.has():
            _parents_sessions.append(model.Session.registry())
        model.Session.registry.clear()
        model.meta.engine.dispose(close=False)
    if (datastore := sys.modules.get("ckanext.datastore.backend.postgres")) is not None:
        for engine in datastore._engines.values():
            engine.dispose(close=False)


@functools.cache
def _watch_forks() -> None:
    os.register_at_fork(after_in_child=_leave_parents_connections)


def replace_solr() -> None:
    """Make CKAN of this process search in PostgreSQL. Doing it again changes nothing."""
    _watch_forks()
    pysolr.Solr = PostgresIndex
    ckan.lib.search._get_schema_from_solr = _schema
