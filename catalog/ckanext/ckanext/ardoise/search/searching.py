"""Answers one search: rows found, facets counted, the page ordered and its documents read.

Whether words that resemble those typed are tried depends on what the reader may see alone: filters on visibility are
part of every step.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from ckanext.ardoise.search.answers import DEFAULT_ORDER, facet, page, returned_columns
from ckanext.ardoise.search.clauses import Clause
from ckanext.ardoise.search.columns import ChangedError, Columns
from ckanext.ardoise.search.freetext import misspelt
from ckanext.ardoise.search.matching import TIME, Matching
from ckanext.ardoise.search.ranking import scores
from ckanext.ardoise.search.request import SearchRequest
from ckanext.ardoise.search.spelling import spelled
from ckanext.ardoise.search.table import GENERATION, INDEX
from ckanext.ardoise.search.values import Mask


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search found."""

    hits: int
    documents: list[dict[str, Any]]
    facets: dict[str, list[Any]]  # Solr's flat list: value, number, value, number…


Places = list[tuple[int, float]]  # rows of a page, in order, and their scores


@dataclass(frozen=True)
class _Counted:
    """What a request found, whatever its page; kept until the next write."""

    query: Clause  # as the index spells it
    packed: npt.NDArray[np.uint8]  # the rows, a bit each
    hits: int
    facets: dict[str, list[Any]]


@dataclass(frozen=True)
class Search:
    """One search: its columns are those of the index, or it raises."""

    connection: sa.Connection
    columns: Columns
    now: datetime

    def answer(self, request: SearchRequest) -> Answer:
        """Return the page of documents, their number and the facets that the request asks for.

        Raises:
            QuerySyntaxError: some part of the request is not understood.
            ChangedError: the index is at another generation than the columns.
        """
        if TIME in repr(request):  # it means something else a moment later
            counted = self._counted(request)
            places = self._placed(counted, request)
        else:
            unpaged = replace(request, start=0, rows=0, sorts=(), fields=None)
            counted = self.columns.keep(("counted", unpaged), lambda: self._counted(unpaged))
            places = self.columns.keep(("placed", request), lambda: self._placed(counted, request))
        # Copies: CKAN writes into the facets it is given, and what is kept must stay as it was counted.
        facets = {field: list(each) for field, each in counted.facets.items()}
        return Answer(counted.hits, self._read(places, request), facets)

    def _counted(self, request: SearchRequest) -> _Counted:
        spelled_request, mask = self._found(request)
        facets = {each: facet(self.connection, self.columns, mask, each, request) for each in request.facets}
        return _Counted(spelled_request.query, np.packbits(mask), int(mask.sum()), facets)

    def _placed(self, counted: _Counted, request: SearchRequest) -> Places:
        """The rows of the page asked for, in order, with their scores."""
        if counted.hits <= request.start or not request.rows:
            return []
        mask = np.unpackbits(counted.packed, count=self.columns.size).astype(np.bool_)
        weighed = None
        if _is_weighed(request):
            weighed = scores(self.connection, self.columns, mask, counted.query, request.weights)
        rows = page(self.connection, self.columns, mask, weighed, request)
        return [(row, 1.0) for row in rows] if weighed is None else [(row, float(weighed[row])) for row in rows]

    def _found(self, request: SearchRequest) -> tuple[SearchRequest, Mask]:
        """The request as the index spells it and its rows; if its reader sees none, those that may be meant."""
        filters = tuple(spelled(self.connection, each) for each in request.filters)
        plain = replace(request, query=spelled(self.connection, request.query), filters=filters)
        mask = self._matching(plain)
        if mask.any():
            return plain, mask
        meant = misspelt(request.query) if request.typed else request.query
        if meant is None:
            return plain, mask
        looser = replace(plain, query=spelled(self.connection, meant, misspelt_titles=True))
        return looser, mask if looser == plain else self._matching(looser)

    def _matching(self, request: SearchRequest) -> Mask:
        return Matching(self.columns, self.connection, self.now).all_of((*request.filters, request.query))

    def _read(self, places: Places, request: SearchRequest) -> list[dict[str, Any]]:
        """The documents of some rows, in order; the generation beside them tells that nothing was written meanwhile.

        It only ever grows: as it is now, it was at every statement of this search.
        """
        numbers = self.columns.numbers[[row for row, _ in places]].tolist()
        names = returned_columns(request)
        found = self.connection.exec_driver_sql(_documents(names), {"numbers": numbers}).all()
        if found[0].generation != self.columns.generation:
            raise ChangedError
        told = {number: dict(zip(names, values, strict=True)) for _, number, *values in found}
        return [_document(told[number], weight, request) for number, (_, weight) in zip(numbers, places, strict=True)]


@functools.cache
def _documents(names: tuple[str, ...]) -> str:
    """The statement that reads columns of some rows, and the generation beside each; one row where there are none."""
    columns = ", ".join(("current.number AS generation", "held.number AS place", *(f"held.{name}" for name in names)))
    tables = f"{GENERATION.name} AS current LEFT JOIN {INDEX.name} AS held ON held.number = ANY(%(numbers)s)"
    return f"SELECT {columns} FROM {tables}"


def _is_weighed(request: SearchRequest) -> bool:
    """Whether anything of the answer depends on scores."""
    return "score" in (request.fields or ()) or any(each.field == "score" for each in request.sorts or DEFAULT_ORDER)


def _document(told: dict[str, Any], weight: float, request: SearchRequest) -> dict[str, Any]:
    """What a page's row gives back, in the order of the fields asked for."""
    stored = told.pop("stored", None)
    document: dict[str, Any] = json.loads(stored) if stored else {}
    document |= {name: value for name, value in told.items() if value is not None}
    if request.fields is None:
        return document
    if "score" in request.fields:
        document["score"] = weight
    return {name: document[name] for name in request.fields if name in document}
