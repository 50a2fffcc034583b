"""The query language: what is read, and what is refused rather than guessed."""

from __future__ import annotations

import pytest
from ckanext.ardoise.search.clauses import All, Any, Between, Everything, Match, Not, Prefix, Present, QuerySyntaxError
from ckanext.ardoise.search.parser import DEEPEST_QUERY, LONGEST_QUERY, parse


@pytest.mark.parametrize(
    ("query", "clause"),
    [
        ("*:*", Everything()),
        ("eau", Match("text", "eau")),
        ('tags: "espace public"', Match("tags", "espace public")),
        ("name:water-meters", Match("name", "water-meters")),
        (r"url:http\:\/\/a", Match("url", "http://a")),
        (r'title:"dit \"eau\""', Match("title", 'dit "eau"')),
        ("name:wat*", Prefix("name", "wat")),
        ("groups:*", Present("groups")),
        ("-state:deleted", Not(Match("state", "deleted"))),
        ("NOT state:deleted", Not(Match("state", "deleted"))),
        ("!state:deleted", Not(Match("state", "deleted"))),
        ("+state:(active OR draft)", Any((Match("state", "active"), Match("state", "draft")))),
        ("a:1 b:2", All((Match("a", "1"), Match("b", "2")))),
        ("a:1 AND b:2", All((Match("a", "1"), Match("b", "2")))),
        ("a:1 OR b:2", Any((Match("a", "1"), Match("b", "2")))),
        ("tags:(eau compteurs)", All((Match("tags", "eau"), Match("tags", "compteurs")))),
        (
            '+entity_type:package AND +(id:"x" OR name:"x") AND +site_id:"y"',
            All((Match("entity_type", "package"), Any((Match("id", "x"), Match("name", "x"))), Match("site_id", "y"))),
        ),
        ("d:[2020-01-01T00:00:00Z TO NOW]", Between("d", "2020-01-01T00:00:00Z", "NOW")),
        ("d:[* TO 2020-01-01}", Between("d", None, "2020-01-01", True, False)),
        ('d:{"a b" TO c]', Between("d", "a b", "c", False, True)),
    ],
)
def test_understood(query: str, clause: object) -> None:
    assert parse(query) == clause


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "()",
        "a:1 OR b:2 c:3",  # which link holds first?
        "a:1 OR +b:2",
        "a:1 OR -b:2",
        "+capacity:public tags:a OR *:*",
        "tags:a) OR (*:*",
        "(tags:a",
        "tags:a)",
        "a:",
        "a:AND",
        "OR a:1",
        "a:1 AND",
        "a:b^2",
        "a:b~1",
        "a:b?",
        "a:*b",
        "a:b*c",
        "a:/.*/",
        "a:[1 TO",
        "a:[1 2]",
        '"unclosed',
        "a && b",
        "a || b",
        "{!lucene}a",
        '_query_:"{!lucene}a"',
        "a:b:c",
        "a :b",
        "\\",
        "a:(b:c)",
    ],
)
def test_refused(query: str) -> None:
    with pytest.raises(QuerySyntaxError):
        parse(query)


def test_depth_is_bounded() -> None:
    fine = "(" * DEEPEST_QUERY + "a:1" + ")" * DEEPEST_QUERY
    assert parse(fine) == Match("a", "1")
    with pytest.raises(QuerySyntaxError, match="parenthèses"):
        parse(f"({fine})")


def test_length_is_bounded() -> None:
    with pytest.raises(QuerySyntaxError, match="dépasse"):
        parse("a" * (LONGEST_QUERY + 1))
