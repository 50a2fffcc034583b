"""The other parameters of a search."""

from __future__ import annotations

from typing import Any

import pytest
from ckanext.ardoise.search.clauses import QuerySyntaxError
from ckanext.ardoise.search.request import Sort, read_request

QF = "name^4 title^4 tags^2 groups^2 text"
USUAL: dict[str, Any] = {
    "fq": ["+capacity:public", '+site_id:"a"', ""],
    "fq_list": [],
    "rows": 21,
    "start": 20,
    "sort": "score desc, metadata_modified desc, views_recent",
    "fl": "id validated_data_dict",
    "facet": "true",
    "facet.field": ["tags", "groups"],
    "facet.limit": "50",
    "facet.mincount": 1,
    "wt": "json",
    "defType": "dismax",
    "tie": "0.1",
    "mm": "2<-1 5<80%",
    "qf": QF,
    "df": "text",
    "q.op": "AND",
}


def test_what_ckan_sends_is_read() -> None:
    request = read_request(USUAL, QF)
    assert request.filters == ("+capacity:public", '+site_id:"a"')
    assert (request.start, request.rows) == (20, 21)
    assert request.sorts == (Sort("score", True), Sort("metadata_modified", True), Sort("views_recent", False, True))
    assert request.fields == ("id", "validated_data_dict")
    assert request.facets == ("tags", "groups")
    assert request.facet_limit == 50


def test_all_fields_and_no_facets() -> None:
    request = read_request({"fl": "*", "facet": "false", "facet.field": ["tags"]}, QF)
    assert request.fields is None
    assert request.facets == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"fq!": "x"},
        {"hl": "true"},
        {"rows": -1},
        {"rows": "many"},
        {"start": "-5"},
        {"q.op": "OR"},
        {"df": "title"},
        {"qf": "title"},
        {"defType": "func"},
        {"sort": "title asc"},  # text has no order; title_string has
        {"sort": "name sideways"},
        {"sort": "name; drop table"},
        {"sort": "permission_labels asc"},
        {"sort": "validated_data_dict asc"},
        {"fl": "id,(select 1)"},
        {"facet.field": ["permission_labels"]},
        {"facet.field": ["title"]},
        {"facet.field": ["data_dict"]},
        {"facet.limit": "-2"},
    ],
)
def test_what_would_change_the_answer_unseen_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(QuerySyntaxError):
        read_request(wrong, QF)
