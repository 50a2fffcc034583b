"""Reads the parameters of a search: queries, page, order, returned fields, facets.

A parameter that would change the answer and is not understood is an error, as in a query. ``tie`` alone, which weighs
one word found in several fields, is let be.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ckanext.ardoise.search.clauses import Clause, Everything, Group, QuerySyntaxError, SortSyntaxError
from ckanext.ardoise.search.fields import EVERYTHING, HIDDEN, NAME, UNSEARCHABLE, Kind, kind_of
from ckanext.ardoise.search.freetext import Fields, minimum_of, read_words
from ckanext.ardoise.search.local_params import field_name, operator_name, read
from ckanext.ardoise.search.parser import parse

_LET_BE = frozenset({"tie", "wt", "fq_list", "extras"})  # CKAN has put fq_list into fq already
_READ = frozenset({
    "q", "fq", "rows", "start", "sort", "fl", "df", "q.op", "qf", "mm", "defType", "facet", "facet.field",
    "facet.limit", "facet.mincount",
})  # fmt: skip
LARGEST = 2**31 - 1  # Solr's int
DEFAULT_FIELDS: Fields = (("name", 4.0), ("title", 4.0), ("tags", 2.0), ("groups", 2.0), (EVERYTHING, 1.0))
MOST_FIELDS = 30
MATCH_ALL = "*:*"
_UNORDERED = HIDDEN | UNSEARCHABLE | {"tags", "groups", "res_format", "res_url", "res_type"}  # or of several values
_WEIGHTED = re.compile(r"([A-Za-z_][\w.-]*)(?:\^(\d{1,4}(?:\.\d{1,4})?))?")


@dataclass(frozen=True, slots=True)
class Sort:
    """One level of the order of results."""

    field: str
    descending: bool


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search, read."""

    query: Clause
    filters: tuple[Clause, ...] = ()
    typed: bool = False  # the query is words that a person typed
    weights: Fields = DEFAULT_FIELDS
    start: int = 0
    rows: int = 10
    sorts: tuple[Sort, ...] = ()
    fields: tuple[str, ...] | None = None  # None: all that may be returned
    facets: tuple[str, ...] = ()
    facet_limit: int = 100
    facet_minimum: int = 1


def read_request(parameters: Mapping[str, Any]) -> SearchRequest:
    """Read what CKAN passes to ``Solr.search``.

    Raises:
        QuerySyntaxError: some part of it is unknown, has an unknown value, or would change the answer unseen.
    """
    if unknown := sorted(set(parameters) - _READ - _LET_BE):
        raise QuerySyntaxError(f"paramètres inconnus : {', '.join(unknown)}")
    default_field = field_name(str(parameters.get("df") or EVERYTHING))
    operator = operator_name(str(parameters.get("q.op") or "AND"))
    weights = _weights(parameters.get("qf"))
    query, typed = _query(parameters, default_field, operator, weights)
    filters = parameters.get("fq") or ()
    return SearchRequest(
        query,
        filters=tuple(
            _filter(text, default_field, operator)
            for text in ([filters] if isinstance(filters, str) else filters)
            if text.strip()
        ),
        typed=typed,
        weights=weights,
        start=_number(parameters, "start", 0),
        rows=_number(parameters, "rows", 10),
        sorts=_sorts(parameters.get("sort")),
        fields=_fields(parameters.get("fl")),
        facets=_facets(parameters),
        facet_limit=_number(parameters, "facet.limit", 100, lowest=-1),
        # Values that no result has would tell of documents the reader may not see.
        facet_minimum=max(1, _number(parameters, "facet.mincount", 1)),
    )


@functools.lru_cache(maxsize=256)
def _filter(text: str, field: str, operator: str) -> Clause:
    """One filter: CKAN sends the same few with every search."""
    return read(text, field, operator)


def _query(parameters: Mapping[str, Any], field: str, operator: str, weights: Fields) -> tuple[Clause, bool]:
    """The main query, and whether it is words that a person typed (CKAN then asks for a lenient parser)."""
    text = str(parameters.get("q") or MATCH_ALL)
    parser = str(parameters.get("defType") or "lucene")
    minimum = str(parameters.get("mm") or "100%")
    if text.strip() == MATCH_ALL:
        return Everything(), False
    if parser == "lucene" or text.lstrip().startswith("{!"):
        return read(text, field, operator), False
    if parser not in ("dismax", "edismax"):
        raise QuerySyntaxError("defType vaut lucene, dismax ou edismax")
    if parser == "edismax" and ":" in text:
        clause = parse(text, field, "OR")
        if isinstance(clause, Group) and clause.optional:
            needed = minimum_of(minimum, len(clause.optional))
            clause = Group(clause.required, clause.optional, clause.prohibited, needed)
        return clause, False
    return read_words(text, weights, minimum), True


def _weights(value: Any) -> Fields:
    if not value:
        return DEFAULT_FIELDS
    fields = []
    for part in re.split(r"[,\s]+", str(value).strip()):
        found = _WEIGHTED.fullmatch(part)
        if found is None or kind_of(found.group(1)) not in (Kind.WHOLE, Kind.TEXT, Kind.SUBSTRING):
            raise QuerySyntaxError("qf surprend")
        fields.append((found.group(1), float(found.group(2) or 1)))
    if len(fields) > MOST_FIELDS:
        raise QuerySyntaxError(f"qf nomme plus de {MOST_FIELDS} champs")
    return tuple(fields)


def _number(parameters: Mapping[str, Any], name: str, default: int, lowest: int = 0) -> int:
    value = parameters.get(name, default)
    text = str(default if value is None else value).strip()
    if not re.fullmatch(r"-?\d{1,10}", text) or not lowest <= int(text) <= LARGEST:
        raise QuerySyntaxError(f"{name} est un nombre entier de {lowest} à {LARGEST}")
    return int(text)


def _names(value: Any) -> list[str]:
    """Field names given as a list, or in one text with commas or spaces."""
    parts = [value] if isinstance(value, str) else value or []
    names = [name for part in parts for name in re.split(r"[,\s]+", str(part)) if name]
    for name in names:
        if name != "*":
            field_name(name)
    return names


def _fields(value: Any) -> tuple[str, ...] | None:
    names = _names(value)
    return None if not names or "*" in names else tuple(dict.fromkeys(names))


def _facets(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    if str(parameters.get("facet", "true")).lower() not in ("true", "on", "1"):
        return ()
    facets = tuple(dict.fromkeys(_names(parameters.get("facet.field"))))
    if len(facets) > MOST_FIELDS:
        raise QuerySyntaxError(f"plus de {MOST_FIELDS} facettes sont demandées")
    for field in facets:
        if kind_of(field) not in (Kind.WHOLE, Kind.DATE, Kind.NUMBER) or field in HIDDEN | UNSEARCHABLE:
            raise QuerySyntaxError(f"le champ {field} n'a pas de facette")
    return facets


def _sorts(value: Any) -> tuple[Sort, ...]:
    sorts = []
    for part in str(value or "").split(","):
        field, _, direction = part.strip().partition(" ")
        if not field and not value:
            continue
        if not NAME.fullmatch(field) or direction.strip().lower() not in ("asc", "desc"):
            raise SortSyntaxError("l'ordre s'écrit « champ asc » ou « champ desc »")
        if kind_of(field) not in (Kind.WHOLE, Kind.DATE, Kind.NUMBER) or field in _UNORDERED:
            raise SortSyntaxError(f"les résultats ne se rangent pas par {field}")
        sorts.append(Sort(field, direction.strip().lower() == "desc"))
    return tuple(sorts)
