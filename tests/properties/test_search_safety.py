"""Whatever a visitor writes into a search, the filters that CKAN puts around it hold."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from fnmatch import fnmatchcase

from ckanext.ardoise.search.clauses import Between, Clause, Everything, Fuzzy, Group, Match, Present, Wildcard
from ckanext.ardoise.search.clauses import QuerySyntaxError as Refused
from ckanext.ardoise.search.freetext import read_words
from ckanext.ardoise.search.parser import parse
from ckanext.ardoise.search.request import DEFAULT_FIELDS
from hypothesis import given
from hypothesis import strategies as st

FIELDS = ("capacity", "state", "tags")
VALUES = ("public", "private", "active", "draft", "eau")
PIECES = (
    "+", "-", "!", "NOT ", " AND ", "&&", "||", " OR ", "(", ")", "*:*", "*", '"', " ", "[a TO z]", "\\", "{!lucene}",
    "^2", ":", "~", "?", "/", "}", "]",
    "capacity:", "state:", "tags:", *VALUES,
)  # fmt: skip

documents = st.fixed_dictionaries({field: st.sampled_from(VALUES) for field in FIELDS})
texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join)


def holds(clause: Clause, document: Mapping[str, str]) -> bool:
    """The plainest reading of a clause, over one document."""
    match clause:
        case Everything():
            return True
        case Group(required, optional, prohibited):
            return (
                (bool(required) or bool(optional))
                and all(holds(each, document) for each in required)
                and not any(holds(each, document) for each in prohibited)
                and sum(holds(each, document) for each in optional) >= clause.needed
            )
        case Match(field, value):
            return document.get(field) == value
        case Wildcard(field, pieces, marks):
            return fnmatchcase(document.get(field, ""), "".join(map("".join, zip(pieces, (*marks, ""), strict=True))))
        case Fuzzy(field, value):
            return document.get(field) == value
        case Present(field):
            return field in document
        case Between(field, low, high):
            value = document.get(field, "")
            return field in document and (low is None or value >= low) and (high is None or value <= high)
    raise AssertionError(clause)


@given(texts, documents)
def test_a_visitors_filter_never_undoes_those_around_it(text: str, document: Mapping[str, str]) -> None:
    try:
        clause = parse(f"+capacity:public {text} +state:active")
    except Refused:
        return
    if holds(clause, document):
        assert document["capacity"] == "public"
        assert document["state"] == "active"


@given(st.lists(texts, max_size=3), documents)
def test_nor_do_several_filters(filters: list[str], document: Mapping[str, str]) -> None:
    try:
        clauses = [parse(text) for text in (*filters, "+capacity:public", "+state:active")]
    except Refused:
        return
    if all(holds(clause, document) for clause in clauses):
        assert (document["capacity"], document["state"]) == ("public", "active")


@given(st.text(max_size=60) | texts)
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Refused):
        parse(text)
    with contextlib.suppress(Refused):
        read_words(text, DEFAULT_FIELDS, "2<-1 5<80%")
