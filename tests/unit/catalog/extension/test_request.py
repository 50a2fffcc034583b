"""The other parameters of a search."""

from __future__ import annotations

from typing import Any

import pytest
from ckanext.ardoise.search.clauses import Everything, Group, Match, QuerySyntaxError, SortSyntaxError
from ckanext.ardoise.search.request import DEFAULT_FIELDS, Sort, read_request

USUAL: dict[str, Any] = {
    "q": "eau forêt",
    "fq": ["+capacity:public", '+site_id:"a"', ""],
    "fq_list": [],
    "rows": 21,
    "start": 20,
    "sort": "score desc, metadata_modified desc, views_recent asc",
    "fl": "id validated_data_dict",
    "facet": "true",
    "facet.field": ["tags", "groups"],
    "facet.limit": "50",
    "facet.mincount": 1,
    "wt": "json",
    "defType": "dismax",
    "tie": "0.1",
    "mm": "2<-1 5<80%",
    "qf": "name^4 title^4 tags^2 groups^2 text",
    "df": "text",
    "q.op": "AND",
}


def test_what_ckan_sends_is_read() -> None:
    request = read_request(USUAL)
    assert request.query == Group(optional=(Match("text", "eau"), Match("text", "forêt")), minimum=2)
    assert request.typed
    assert request.weights == DEFAULT_FIELDS
    assert request.filters == (Match("capacity", "public"), Match("site_id", "a", phrase=True))
    assert (request.start, request.rows) == (20, 21)
    assert request.sorts == (Sort("score", True), Sort("metadata_modified", True), Sort("views_recent", False))
    assert request.fields == ("id", "validated_data_dict")
    assert request.facets == ("tags", "groups")
    assert request.facet_limit == 50


def test_defaults() -> None:
    request = read_request({"fl": "*", "facet": "false", "facet.field": ["tags"], "q": None, "start": None})
    assert (request.query, request.fields, request.facets, request.start) == (Everything(), None, (), 0)


def test_parsers() -> None:
    eau, title = Match("text", "eau"), Match("title", "eau")
    assert read_request({"q": "title:eau", "q.op": "OR", "df": "notes"}).query == title
    assert read_request({"q": "eau", "df": "notes"}).query == Match("notes", "eau")
    assert read_request({"q": "eau", "defType": "edismax"}).query == eau
    mixed = read_request({"q": "title:eau eau +tags:a", "defType": "edismax", "mm": "1"}).query
    assert mixed == Group((Match("tags", "a"),), (title, eau), (), 1)
    only_title = read_request({"q": "eau", "defType": "dismax", "qf": "title^3"})
    assert only_title.query == Group(optional=(Match("title", "eau", boost=3.0),))


def test_values_of_hidden_documents_are_not_told() -> None:
    assert read_request({"facet.mincount": 0}).facet_minimum == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"fq!": "x"},
        {"hl": "true"},
        {"bf": "recip(x)"},
        {"boost": "2"},
        {"rows": -1},
        {"rows": "many"},
        {"rows": 2**31},
        {"start": "-5"},
        {"start": 10**30},
        {"start": "1e3"},
        {"q.op": "XOR"},
        {"df": "a b"},
        {"qf": "title^x"},
        {"qf": "metadata_modified"},
        {"qf": " ".join(f"f{number}" for number in range(40))},
        {"q": "a", "defType": "func"},
        {"q": "a b", "defType": "dismax", "mm": "some"},
        {"fl": "id,(select 1)"},
        {"facet.field": ["permission_labels"]},
        {"facet.field": ["title"]},
        {"facet.field": ["data_dict"]},
        {"facet.field": ["a b);--"]},
        {"facet.field": [f"f{number}" for number in range(40)]},
        {"facet.limit": "-2"},
        {"fq": ["+capacity:public", "tags:("]},
    ],
)
def test_what_would_change_the_answer_unseen_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(QuerySyntaxError):
        read_request(wrong)


@pytest.mark.parametrize(
    "sort",
    [
        "name", "title asc", "name sideways", "name asc,", "name; drop table", "permission_labels asc", "tags asc",
        "validated_data_dict asc", "sum(a,b) desc", "spatial_geom asc",
    ],
)  # fmt: skip
def test_orders_that_are_refused(sort: str) -> None:
    with pytest.raises(SortSyntaxError):
        read_request({"sort": sort})
