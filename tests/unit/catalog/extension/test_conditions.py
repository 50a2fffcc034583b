"""Clauses as SQL: every value is bound, none is written into the statement."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from ckanext.ardoise.search.clauses import QuerySyntaxError
from ckanext.ardoise.search.conditions import condition
from ckanext.ardoise.search.parser import parse
from ckanext.ardoise.search.spelling import distance
from sqlalchemy.dialects import postgresql

NOW = datetime(2026, 10, 3, 12, tzinfo=UTC)
HOSTILE = "x'); DROP TABLE ardoise_search_index; --"


@pytest.mark.parametrize("field", ["tags", "name", "title", "text", "notes", "title_ngram", "anything", "extras_x"])
def test_values_are_bound(field: str) -> None:
    statement = condition(parse(f'{field}:"{HOSTILE}"'), NOW).compile(dialect=postgresql.dialect())
    assert "DROP" not in str(statement).upper()
    assert any("drop" in str(value).lower() for value in statement.params.values())


@pytest.mark.parametrize("query", [r"name:x\'\)\;\ DROP*", r"tags:*x\'\ DROP?", r"other:x\'\ DROP*"])
def test_wildcards_are_bound(query: str) -> None:
    assert "DROP" not in str(condition(parse(query), NOW).compile(dialect=postgresql.dialect())).upper()


def test_text_queries_are_made_of_words_and_our_own_operators() -> None:
    statement = condition(parse('text:"a:* | !b <-> (c) \\\\ d\'e"'), NOW).compile(dialect=postgresql.dialect())
    assert list(statement.params.values()) == ["a <-> b <-> c <-> e"]


def test_now_is_given() -> None:
    statement = condition(parse("metadata_modified:[* TO NOW/DAY]"), NOW).compile(dialect=postgresql.dialect())
    assert NOW.replace(hour=0) in statement.params.values()


def test_many_labels_are_one_comparison() -> None:
    labels = " OR ".join(f'"member-{number}"' for number in range(50))
    statement = condition(parse(f"+permission_labels:({labels})"), NOW).compile(dialect=postgresql.dialect())
    assert str(statement).count("&&") == 1


@pytest.mark.parametrize(
    "query",
    [
        "data_dict:x",
        "validated_data_dict:*",
        "metadata_modified:hier",
        "metadata_modified:[hier TO *]",
        "metadata_modified:[NOW-1WEEK TO *]",
        "metadata_modified:2026*",
        "views_total:[many TO *]",
        "views_total:99999999999",
        "views_total:1*",
        "title:[a TO b]",
        "[1 TO 2]",
        "spatial_geom:[* TO 1,2]",
        "+tags:a metadata_modified:hier OR tags:b",  # though optional
    ],
)
def test_comparisons_that_make_no_sense_are_refused(query: str) -> None:
    with pytest.raises(QuerySyntaxError):
        condition(parse(query), NOW)


@pytest.mark.parametrize(
    ("one", "other", "changes"),
    [
        ("eau", "eau", 0),
        ("eau", "eaux", 1),
        ("aeu", "eau", 1),
        ("assainisement", "assainissement", 1),
        ("eau", "ear", 1),
        ("voirie", "foret", 3),
        ("a", "abcdef", 3),
    ],
)
def test_changes_between_words(one: str, other: str, changes: int) -> None:
    assert min(distance(one, other, 2), 3) == changes
