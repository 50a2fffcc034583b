"""Reads the other parameters of a search: filters, page, order, returned fields, facets.

As with queries, a parameter that would change the answer and is not understood is an error. Those that only weigh the
order of results (``tie``, ``bf``, ``boost``) or that this search is stricter than (``mm``: every word must occur) are
let be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ckanext.ardoise.search.clauses import QuerySyntaxError
from ckanext.ardoise.search.documents import UNRETURNED, UNSEARCHABLE, Kind, kind_of
from ckanext.ardoise.search.parser import FIELD

_LET_BE = frozenset({"tie", "mm", "bf", "boost", "wt", "fq_list", "extras"})  # CKAN has put fq_list into fq already
_READ = frozenset({
    "fq", "rows", "start", "sort", "fl", "df", "q.op", "qf", "defType", "facet", "facet.field", "facet.limit",
    "facet.mincount",
})  # fmt: skip
_SORTABLE_TEXTS = frozenset({"title_string"})


@dataclass(frozen=True, slots=True)
class Sort:
    """One level of the order of results."""

    field: str
    descending: bool
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search's parameters beside its main query."""

    filters: tuple[str, ...] = ()
    start: int = 0
    rows: int = 10
    sorts: tuple[Sort, ...] = ()
    fields: tuple[str, ...] | None = None  # None: all that may be returned
    facets: tuple[str, ...] = ()
    facet_limit: int = 100
    facet_minimum: int = 1


def read_request(parameters: Mapping[str, Any], query_fields: str) -> SearchRequest:
    """Read what CKAN passes to ``Solr.search``; ``query_fields`` are the weighted fields it searches by default.

    Raises:
        QuerySyntaxError: a parameter that would change the answer is unknown or has an unknown value.
    """
    if unknown := sorted(set(parameters) - _READ - _LET_BE):
        raise QuerySyntaxError(f"paramètres inconnus : {', '.join(unknown)}")
    expected = {"df": ("text",), "q.op": ("AND",), "qf": (query_fields,), "defType": ("dismax", "edismax")}
    for name, values in expected.items():
        if parameters.get(name, values[0]) not in values:
            raise QuerySyntaxError(f"{name} n'a ici qu'une valeur : {values[0]}")
    facets = _names(parameters.get("facet.field")) if str(parameters.get("facet", "true")).lower() == "true" else ()
    for field in facets:
        if kind_of(field) is not Kind.WHOLE or field in UNRETURNED | UNSEARCHABLE:
            raise QuerySyntaxError(f"le champ {field} n'a pas de facette")
    filters = parameters.get("fq") or ()
    fields = _names(parameters.get("fl"))
    return SearchRequest(
        filters=tuple(text for text in ([filters] if isinstance(filters, str) else filters) if text.strip()),
        start=_number(parameters, "start", 0),
        rows=_number(parameters, "rows", 10),
        sorts=_sorts(parameters.get("sort")),
        fields=None if not fields or "*" in fields else fields,
        facets=facets,
        facet_limit=_number(parameters, "facet.limit", 100, lowest=-1),
        facet_minimum=max(1, _number(parameters, "facet.mincount", 1)),
    )


def _number(parameters: Mapping[str, Any], name: str, default: int, lowest: int = 0) -> int:
    try:
        number = int(parameters.get(name, default))
    except (TypeError, ValueError):
        raise QuerySyntaxError(f"{name} est un nombre entier") from None
    if number < lowest:
        raise QuerySyntaxError(f"{name} vaut au moins {lowest}")
    return number


def _names(value: Any) -> tuple[str, ...]:
    """Field names given as a list, or in one text with commas or spaces."""
    if value is None:
        return ()
    names = [name for part in ([value] if isinstance(value, str) else value) for name in re.split(r"[,\s]+", part)]
    for name in names:
        if name not in ("", "*") and not FIELD.fullmatch(name):
            raise QuerySyntaxError("le nom d'un champ surprend")
    return tuple(name for name in names if name)


def _sorts(value: Any) -> tuple[Sort, ...]:
    if not value:
        return ()
    sorts = []
    for part in str(value).split(","):
        field, _, direction = part.strip().partition(" ")
        direction = direction.strip().lower() or "asc"
        if not FIELD.fullmatch(field) or direction not in ("asc", "desc"):
            raise QuerySyntaxError("l'ordre demandé (sort) surprend")
        kind = kind_of(field)
        if kind in (Kind.TEXT, Kind.SUBSTRING) or field in UNSEARCHABLE | (UNRETURNED - _SORTABLE_TEXTS):
            raise QuerySyntaxError(f"les résultats ne se rangent pas par {field}")
        sorts.append(Sort(field, direction == "desc", kind is Kind.NUMBER))
    return tuple(sorts)
