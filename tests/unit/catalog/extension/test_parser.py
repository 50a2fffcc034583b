"""The query language: what is read, by Solr's flat rules, and what is refused rather than guessed."""

from __future__ import annotations

import pytest
from ckanext.ardoise.search.clauses import (
    Area,
    Between,
    Clause,
    Everything,
    Fuzzy,
    Group,
    Match,
    Present,
    QuerySyntaxError,
    Wildcard,
)
from ckanext.ardoise.search.lexer import LONGEST_QUERY
from ckanext.ardoise.search.local_params import read
from ckanext.ardoise.search.parser import DEEPEST_QUERY, parse

A, B, C = Match("a", "1"), Match("b", "2"), Match("c", "3")


@pytest.mark.parametrize(
    ("query", "clause"),
    [
        ("*:*", Everything()),
        ("eau", Match("text", "eau")),
        ('tags: "espace public"', Match("tags", "espace public", phrase=True)),
        ("name:water-meters", Match("name", "water-meters")),
        ("_query_store : true", Match("_query_store", "true")),
        (r"url:http\:\/\/a", Match("url", "http://a")),
        (r'title:"dit \"eau\""', Match("title", 'dit "eau"', phrase=True)),
        ("title:eau^4", Match("title", "eau", boost=4.0)),
        ("title:(eau^2)^=3", Match("title", "eau", boost=6.0)),
        ("name:wat*", Wildcard("name", ("wat", ""), ("*",))),
        ("name:*a?b*", Wildcard("name", ("", "a", "b", ""), ("*", "?", "*"))),
        (r"name:a\*b*", Wildcard("name", ("a*b", ""), ("*",))),
        ("title:assainisement~1", Fuzzy("title", "assainisement")),
        ("groups:*", Present("groups")),
        ("d:[2020-01-01T00:00:00Z TO NOW/DAY+1DAY]", Between("d", "2020-01-01T00:00:00Z", "NOW/DAY+1DAY")),
        ("d:[* TO 2020-01-01}", Between("d", None, "2020-01-01", True, False)),
        ('d:{"a b" TO c]', Between("d", "a b", "c", False, True)),
        ('spatial_geom:"Intersects(ENVELOPE(-1, 2, 48, 47.5))"', Area("Intersects", -1, 47.5, 2, 48)),
        ("spatial_geom:[47.5,-1 TO 48,2]", Area("Intersects", -1, 47.5, 2, 48)),
        ("a:TO", Match("a", "TO")),
    ],
)
def test_values(query: str, clause: Clause) -> None:
    assert parse(query) == clause


@pytest.mark.parametrize(
    ("query", "clause"),
    [
        ("a:1 b:2", Group((A, B))),
        ("a:1 AND b:2", Group((A, B))),
        ("a:1 && b:2", Group((A, B))),
        ("a:1 OR b:2", Group(optional=(A, B))),
        ("a:1 || b:2", Group(optional=(A, B))),
        ("a:1 OR b:2 c:3", Group((C,), (A, B))),  # Solr's: OR only frees the clauses at its sides
        ("a:1 AND b:2 OR c:3", Group((A,), (B, C))),
        ("a:1 OR b:2 AND c:3", Group((B, C), (A,))),
        ("+a:1 OR b:2", Group((A,), (B,))),  # stricter than Solr's: a sign holds
        ("a:1 OR +b:2", Group((B,), (A,))),
        ("a:1 OR -b:2", Group((), (A,), (B,))),
        ("-a:1 AND b:2", Group((B,), (), (A,))),
        ("-a:1", Group((Everything(),), (), (A,))),
        ("NOT a:1", Group((Everything(),), (), (A,))),
        ("!a:1", Group((Everything(),), (), (A,))),
        ("c:3 (-a:1)", Group((C, Group((), (), (A,))))),  # alone within parentheses: nothing, as in Lucene
        ("+a:(1 OR 4)", Group(optional=(A, Match("a", "4")))),
        ("a:(1 b:2)", Group((A, B))),
    ],
)
def test_flat_groups(query: str, clause: Clause) -> None:
    assert parse(query) == clause


def test_clauses_side_by_side_follow_the_operator() -> None:
    assert parse("a:1 b:2", operator="OR") == Group(optional=(A, B))
    assert parse("a:1 AND b:2 c:3", operator="OR") == Group((A, B), (C,))
    assert parse("a:1 OR b:2 AND c:3", operator="OR") == Group((B, C), (A,))
    assert parse("1", default_field="a") == A


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "()",
        "tags:a) OR (*:*",
        "(tags:a",
        "tags:a)",
        "a:",
        "a:AND",
        "OR a:1",
        "a:1 AND",
        "a:1 AND OR b:2",
        "a:1 NOT",
        "a:1 -",
        "- a:1",
        "--a",
        "+-a",
        "NOT NOT a",
        "NOT +a:1",
        "a:b ^2",
        "a:b^x",
        "a:b ~1",
        "a:b*~",
        '"a b"~3',
        "a:/.*/",
        "a:b/c",
        "a:[1 TO",
        "a:[1 2]",
        '"unclosed',
        "{!lucene}a",
        "filter(a:1)",
        "a:sum(b)",
        "a:b:c",
        ":a",
        "\\",
        "a:1&&",
        "spatial_geom:nantes",
        'spatial_geom:"Within 5 km"',
        'spatial_geom:"Intersects(ENVELOPE(2, -1, 48, 47))"',
        "spatial_geom:[a TO b]",
    ],
)
def test_refused(query: str) -> None:
    with pytest.raises(QuerySyntaxError):
        parse(query)


def test_bounds() -> None:
    fine = "(" * DEEPEST_QUERY + "a:1" + ")" * DEEPEST_QUERY
    assert parse(fine) == A
    with pytest.raises(QuerySyntaxError, match="parenthèses"):
        parse(f"({fine})")
    with pytest.raises(QuerySyntaxError, match="dépasse"):
        parse("a" * (LONGEST_QUERY + 1))
    with pytest.raises(QuerySyntaxError, match="termes"):
        parse("a " * 6_000)


@pytest.mark.parametrize(
    ("query", "clause"),
    [
        ("a:1", A),
        ("{!lucene q.op=OR}a:1 b:2", Group(optional=(A, B))),
        ("{!lucene df=a}1", A),
        (" {!bool must=a:1 should='b:2' must_not=\"c:3\"}", Group((A,), (B,), (C,))),
        ("{!filter=a:1 type=bool}", Group((A,))),
        ("{!bool must_not=a:1}", Group((Everything(),), (), (A,))),
        ("{!field f=spatial_geom}Intersects(ENVELOPE(0,1,1,0))", Area("Intersects", 0, 0, 1, 1)),
        ("{!term f=tags}espace public", Match("tags", "espace public", phrase=True)),
    ],
)
def test_local_parameters(query: str, clause: Clause) -> None:
    assert read(query, "text", "AND") == clause


@pytest.mark.parametrize(
    "query", ["{!", "{!knn f=v}[1]", "{!frange l=0}x", "{!lucene rows=9}a", "{!bool must=$x}", "{!lucene a}"]
)
def test_other_local_parameters_are_refused(query: str) -> None:
    with pytest.raises(QuerySyntaxError):
        read(query, "text", "AND")
