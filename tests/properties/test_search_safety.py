"""Whatever a visitor writes into a search, the filters that CKAN puts around it hold."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from ckanext.ardoise.search.clauses import All, Any, Between, Clause, Everything, Match, Not, Prefix, Present
from ckanext.ardoise.search.clauses import QuerySyntaxError as Refused
from ckanext.ardoise.search.parser import parse
from hypothesis import given
from hypothesis import strategies as st

FIELDS = ("capacity", "state", "tags")
VALUES = ("public", "private", "active", "draft", "eau")
PIECES = (
    "+", "-", "!", "NOT ", " AND ", " OR ", "(", ")", "*:*", "*", '"', " ", "[a TO z]", "\\", "{!lucene}", "^2", ":",
    "capacity:", "state:", "tags:", *VALUES,
)  # fmt: skip

documents = st.fixed_dictionaries({field: st.sampled_from(VALUES) for field in FIELDS})
texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join)


def holds(clause: Clause, document: Mapping[str, str]) -> bool:
    """The plainest reading of a clause, over one document."""
    match clause:
        case Everything():
            return True
        case Not(inner):
            return not holds(inner, document)
        case All(clauses):
            return all(holds(each, document) for each in clauses)
        case Any(clauses):
            return any(holds(each, document) for each in clauses)
        case Match(field, value):
            return document.get(field) == value
        case Prefix(field, start):
            return document.get(field, "").startswith(start)
        case Present(field):
            return field in document
        case Between(field, low, high):
            value = document.get(field, "")
            return field in document and (low is None or value >= low) and (high is None or value <= high)


@given(texts, documents)
def test_a_visitors_filter_never_undoes_those_around_it(text: str, document: Mapping[str, str]) -> None:
    try:
        clause = parse(f"+capacity:public {text} +state:active")
    except Refused:
        return
    if holds(clause, document):
        assert document["capacity"] == "public"
        assert document["state"] == "active"


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Refused):
        parse(text)
