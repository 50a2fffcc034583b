"""What a person types."""

from __future__ import annotations

import pytest
from ckanext.ardoise.search.clauses import Clause, Everything, Fuzzy, Group, Match, QuerySyntaxError, Wildcard
from ckanext.ardoise.search.freetext import minimum_of, misspelt, read_words
from ckanext.ardoise.search.request import DEFAULT_FIELDS

MINIMUM = "2<-1 5<80%"


def word(text: str) -> Match:
    return Match("text", text)


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("eau", word("eau")),
        ("eau forêt", Group(optional=(word("eau"), word("forêt")), minimum=2)),
        ("eau forêt air", Group(optional=(word("eau"), word("forêt"), word("air")), minimum=2)),
        ('"eau potable"', Match("text", "eau potable", phrase=True)),
        ("+eau -air", Group((word("eau"),), (), (word("air"),))),
        ("-air", Group((Everything(),), (), (word("air"),))),
        ("eau NOT air", Group((), (word("eau"),), (word("air"),), 1)),
        ("eau AND air", Group((word("eau"), word("air")))),
        ("eau OR air", Group(optional=(word("eau"), word("air")), minimum=1)),
        ("eau - air", Group(optional=(word("eau"), word("air")), minimum=2)),
        ('eau "air', Group(optional=(word("eau"), word("air")), minimum=2)),
        ("(eau) [air]", Group(optional=(word("(eau)"), word("[air]")), minimum=2)),
        ("qualité ?", word("qualité")),
        ("foret*", Wildcard("text", ("foret", ""), ("*",))),
        ("assainisement~", Fuzzy("text", "assainisement")),
        ("*", Everything()),
        ("?! …", Group()),
    ],
)
def test_understood(text: str, clause: Clause) -> None:
    assert read_words(text, DEFAULT_FIELDS, MINIMUM) == clause


@pytest.mark.parametrize("text", ["--included", "+-eau", "a" * 50_001, "eau " * 201])
def test_refused(text: str) -> None:
    with pytest.raises(QuerySyntaxError):
        read_words(text, DEFAULT_FIELDS, MINIMUM)


def test_words_are_looked_for_in_the_fields_asked_for() -> None:
    found = read_words("eau", (("title", 4.0), ("notes", 1.0)), MINIMUM)
    assert found == Group(optional=(Match("title", "eau", boost=4.0), Match("notes", "eau")))


@pytest.mark.parametrize(
    ("wanted", "optional", "needed"),
    [
        (MINIMUM, 1, 1), (MINIMUM, 2, 2), (MINIMUM, 3, 2), (MINIMUM, 5, 4), (MINIMUM, 6, 4), (MINIMUM, 10, 8),
        ("100%", 4, 4), ("75%", 3, 2), ("-25%", 4, 3), ("-1", 4, 3), ("2", 4, 2), ("9", 4, 4), ("0", 4, 1),
        ("-9", 4, 1),
    ],
)  # fmt: skip
def test_minimum(wanted: str, optional: int, needed: int) -> None:
    assert minimum_of(wanted, optional) == needed


@pytest.mark.parametrize("wanted", ["", "many", "2<", "a<1", "1%%", "99999"])
def test_minimum_refused(wanted: str) -> None:
    with pytest.raises(QuerySyntaxError):
        minimum_of(wanted, 3)


def test_plain_long_words_may_be_misspelt() -> None:
    found = read_words("assainisement", DEFAULT_FIELDS, MINIMUM)
    assert misspelt(found) == Group(optional=(word("assainisement"), Fuzzy("text", "assainisement")))


@pytest.mark.parametrize(
    "text", ["eau", "+assainisement", "-assainisement", '"assainisement"', "assain*", "assainisement eau", "?"]
)
def test_nothing_else_may(text: str) -> None:
    assert misspelt(read_words(text, DEFAULT_FIELDS, MINIMUM)) is None
