"""Clauses as SQL: every value is bound, none is written into the statement."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from ckanext.ardoise.search.clauses import QuerySyntaxError
from ckanext.ardoise.search.conditions import condition
from ckanext.ardoise.search.parser import parse
from sqlalchemy.dialects import postgresql

NOW = datetime(2026, 10, 3, 12, tzinfo=UTC)
HOSTILE = "x'); DROP TABLE ardoise_search_index; --"


@pytest.mark.parametrize("field", ["tags", "title", "text", "title_ngram", HOSTILE.partition("'")[0]])
def test_values_are_bound(field: str) -> None:
    statement = condition(parse(f'{field}:"{HOSTILE}"'), NOW).compile(dialect=postgresql.dialect())
    assert "DROP" not in str(statement).upper()
    assert any("drop table" in str(value).lower() for value in statement.params.values())


def test_now_is_given() -> None:
    statement = condition(parse("metadata_modified:[* TO NOW]"), NOW).compile(dialect=postgresql.dialect())
    assert "2026-10-03T12:00:00.000000Z" in statement.params.values()


@pytest.mark.parametrize(
    "query",
    [
        "data_dict:x",
        "validated_data_dict:*",
        "metadata_modified:hier",
        "metadata_modified:[hier TO *]",
        "metadata_modified:[NOW-1DAY TO *]",
        "metadata_modified:2026*",
        "views_total:[many TO *]",
        "views_total:1*",
        "title:[a TO b]",
        "text:ea*",
    ],
)
def test_comparisons_that_make_no_sense_are_refused(query: str) -> None:
    with pytest.raises(QuerySyntaxError):
        condition(parse(query), NOW)
