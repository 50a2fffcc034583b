"""What the API's parameters may be, before any action sees them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from ckanext.ardoise.asked import LARGEST, faults, filters, unspeakable


@pytest.mark.parametrize("value", [10**20, LARGEST + 1, -1, "-1", "abc", "", "1.5", 1.5, [1], {}, True, "9" * 50])
@pytest.mark.parametrize("name", ["limit", "offset", "page"])
def test_a_number_is_whole_and_fits_the_database(name: str, value: Any) -> None:
    assert list(faults("package_list", {name: value})) == [name]


@pytest.mark.parametrize("value", [0, "0", 10, "10", LARGEST, None])
def test_a_number_that_fits_passes(value: Any) -> None:
    assert faults("tag_search", {"limit": value, "query": ["eau"]}) == {}


@pytest.mark.parametrize(
    ("action", "data", "wrong"),
    [
        ("group_show", {"id": 5}, "id"),
        ("package_show", {"id": ["a", "b"]}, "id"),
        ("group_list", {"sort": {"a": "b"}}, "sort"),
        ("group_list", {"all_fields": "peut-être"}, "all_fields"),
        ("group_list", {"groups": [1]}, "groups"),
        ("group_autocomplete", {"q": None}, "q"),
        ("datastore_search_sql", {"sql": [[1]]}, "sql"),
        ("package_search", {"rows": ["1", "2"]}, "rows"),
        ("package_search", {"start": " "}, "start"),
        ("package_search", {"fq_list": "name:a"}, "fq_list"),
        ("package_search", {"fq_list": ["name:a"] * 201}, "fq_list"),
        ("package_search", {"fl": 5}, "fl"),
        ("package_search", {"extras": "x"}, "extras"),
        ("package_search", {"include_private": "peut-être"}, "include_private"),
        ("group_autocomplete", {"limit": 5}, "q"),
        ("tag_search", {"query": "eau", "fields": "tags"}, "fields"),
        ("package_relationships_list", {"id": "eau", "rel": "cousin_of"}, "rel"),
        ("file_owner_scan", {"owner_type": "sysadmin"}, "owner_type"),
        ("file_owner_scan", {"rows": -1}, "rows"),
        ("job_show", {"id": "{0}"}, "id"),
        ("user_list", {"order_by": None}, "order_by"),
        ("datastore_search", {"limit": math.inf}, "limit"),
        ("datastore_search", {"filters": "[]"}, "filters"),
        ("datastore_search", {"fields": [[1]]}, "fields"),
    ],
)
def test_what_breaks_an_action_is_told_by_name(action: str, data: dict[str, Any], wrong: str) -> None:
    assert list(faults(action, data)) == [wrong]


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("package_search", {"q": "a", "rows": 10**30, "facet.field": ["tags"]}),
        (
            "datastore_search",
            {"q": {"commune": "Angers"}, "filters": '{"a": 1}', "sort": ["a", "b desc"], "limit": 10**20},
        ),
        ("group_list", {"all_fields": "True", "groups": ["eau"], "limit": None}),
        ("package_show", {"id": "eau", "use_default_schema": True}),
    ],
)
def test_what_ckan_understands_passes(action: str, data: dict[str, Any]) -> None:
    assert faults(action, data) == {}


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "é\udfff"])
def test_no_text_holds_what_the_database_can_not(text: str) -> None:
    assert unspeakable(text)
    for value in (text, [text], {"a": [{"b": text}]}, {text: 1}):
        assert list(faults("datastore_upsert", {"records": value}, writes=True)) == ["records"]
    assert list(faults("package_show", {text: 1})) == ["parameters"]
    assert text not in str(faults("package_show", {text: text, "id": text}).values())


def test_what_writes_keeps_its_own_rules() -> None:
    assert faults("package_create", {"name": 5, "title": ["x"], "limit": -1}, writes=True) == {}
    assert list(faults("datastore_create", {"id": [1], "resource": "x"}, writes=True)) == ["id", "resource"]


@pytest.mark.parametrize(("value", "fits"), [("", True), ("{}", True), ("{", True), ("null", False), ([], False)])
def test_filters_are_an_object(value: Any, fits: bool) -> None:
    assert (filters(value) is None) is fits
