"""Solr's local parameters, ``{!name key=value …}query``, for the few parsers that mean something here.

CKAN lets none through unless the site names it in ``ckan.search.solr_allowed_query_parsers``. Read: ``lucene`` (with
``q.op`` and ``df``), ``bool`` (``must``, ``should``, ``must_not``, ``filter``), ``field`` and ``term`` (with ``f``).
"""

from __future__ import annotations

import re

from ckanext.ardoise.search.clauses import Clause, Group, QuerySyntaxError
from ckanext.ardoise.search.fields import NAME
from ckanext.ardoise.search.parser import parse, phrase, whole

_HEAD = re.compile(r"\s*\{!((?:[^}\"']|\"[^\"]*\"|'[^']*')*)\}", re.DOTALL)
_PART = re.compile(r"\s*(?:([\w.]+)\s*=\s*)?(\"[^\"]*\"|'[^']*'|[^\s\"'=]+)")
_OCCURRENCES = {"must": "required", "filter": "required", "should": "optional", "must_not": "prohibited"}


def read(query: str, default_field: str, operator: str) -> Clause:
    """Read a query in Lucene's syntax, or in that of the parser its local parameters name.

    Raises:
        QuerySyntaxError: some part of it is not understood.
    """
    if not query.lstrip().startswith("{!"):
        return parse(query, default_field, operator)
    head = _HEAD.match(query)
    if head is None:
        raise QuerySyntaxError("ses paramètres locaux surprennent")
    name, parameters = _parameters(head.group(1))
    rest = query[head.end() :]
    if name == "lucene" and set(_names(parameters)) <= {"q.op", "df"}:
        told = dict(parameters)
        return parse(rest, field_name(told.get("df", default_field)), operator_name(told.get("q.op", operator)))
    if name == "bool" and set(_names(parameters)) <= set(_OCCURRENCES):
        return _boolean(parameters, default_field, operator)
    if name in ("field", "term") and _names(parameters) == ["f"]:
        return phrase(field_name(parameters[0][1]), rest.strip())
    raise QuerySyntaxError("ses paramètres locaux ne se comprennent pas ici")


def field_name(text: str) -> str:
    """Return ``text`` if it can name a field."""
    if not NAME.fullmatch(text):
        raise QuerySyntaxError("le nom d'un champ surprend")
    return text


def operator_name(text: str) -> str:
    """Return AND or OR."""
    if text.upper() not in ("AND", "OR"):
        raise QuerySyntaxError("q.op vaut AND ou OR")
    return text.upper()


def _names(parameters: list[tuple[str, str]]) -> list[str]:
    return [name for name, _ in parameters]


def _parameters(text: str) -> tuple[str, list[tuple[str, str]]]:
    """The parser's name and the other parameters, in order."""
    name, found, position = "", list[tuple[str, str]](), 0
    while text[position:].strip():
        part = _PART.match(text, position)
        if part is None:
            raise QuerySyntaxError("ses paramètres locaux surprennent")
        key, value = part.group(1), part.group(2)
        value = value[1:-1] if value[0] in "\"'" else value
        if key == "type" or (key is None and not found and not name):
            name = value
        elif key is None or value.startswith("$"):
            raise QuerySyntaxError("ses paramètres locaux surprennent")
        else:
            found.append((key, value))
        position = part.end()
    return name or "lucene", found


def _boolean(parameters: list[tuple[str, str]], default_field: str, operator: str) -> Clause:
    members: dict[str, list[Clause]] = {occurrence: [] for occurrence in _OCCURRENCES.values()}
    for name, value in parameters:
        members[_OCCURRENCES[name]].append(parse(value, default_field, operator))
    return whole(Group(*(tuple(members[name]) for name in ("required", "optional", "prohibited"))))
