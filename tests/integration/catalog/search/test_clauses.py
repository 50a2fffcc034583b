"""Each kind of clause, and what is refused."""

from __future__ import annotations

import pytest
from ckanext.ardoise.search.clauses import QuerySyntaxError
from ckanext.ardoise.search.engine import SearchEngine
from ckanext.ardoise.search.request import read_request

from tests.integration.catalog.search.documents import TYPED, Ask, document, names


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("*:*", "qualite forets potable"),
        ("name:qualite-eau", "qualite"),
        ("name:qualite", ""),
        ("name:*-eau", "qualite"),
        ("name:forets?communales", "forets"),
        ("name:for_ts*", ""),
        ("title:eau", "qualite"),
        ("title:EAU", "qualite"),
        ('title:"eau potable"', "qualite"),
        ('title:"potable eau"', ""),
        ('text:"communales arbres"', ""),
        ("title:forêt", "forets"),
        ("title:foret*", "forets"),
        ("title:*anal*", ""),
        ("notes:nitrate", "qualite"),
        ("notes:nitra*", "qualite"),
        ("notes:*fermé?", "forets"),
        ("text:*ssainissem*", "qualite"),
        ("text:nitratse~", "qualite"),
        ("title:potabel~", "qualite potable"),
        ('tags:"santé publique"', "qualite"),
        ("tags:santé", ""),
        ("tags:eau", "qualite"),
        ("tags:eau*", "qualite forets"),
        ("tags:(eau OR arbres)", "qualite forets"),
        ("groups:environnement -groups:voirie", "qualite"),
        ("-organization:ville", "qualite"),
        ("-tags:*", "potable"),
        ("-creator_user_id:u1", "qualite potable"),
        ("creator_user_id:*", "forets"),
        ("organization:[a TO s]", "qualite"),
        ("organization:{regie TO *}", "forets potable"),
        ("views_total:[4 TO *]", "qualite"),
        ("views_total:3", "forets"),
        ("-views_total:[* TO *]", "potable"),
        ("metadata_modified:[NOW/DAY TO NOW]", "forets"),
        ("metadata_modified:{* TO NOW-1MONTH]", "qualite potable"),
        ("metadata_modified:2026-09-01T10\\:00\\:00.123Z", "qualite potable"),
        ("issued_date:[2020-01-01 TO NOW]", "forets"),
        ('spatial_geom:"Intersects(ENVELOPE(-0.6, -0.55, 47.5, 47.4))"', "qualite"),
        ('spatial_geom:"IsWithin(ENVELOPE(-0.6, -0.55, 47.5, 47.4))"', ""),
        ('spatial_geom:"Contains(ENVELOPE(-0.6, -0.55, 47.5, 47.45))"', "qualite"),
        ("spatial_geom:[46,-1 TO 48,0]", "qualite"),
        ("spatial_geom:[10,10 TO 11,11]", ""),
        ("extras_theme:envi", "qualite"),
        ('name_ngram:"eau-comm" OR title_ngram:"élagages des"', "forets"),
        ('title_ngram:"élagagse"', "forets"),
        ("unheard_of:x", ""),
        ('text:"--"', ""),
        ("-text:\"--\"", "qualite forets potable"),
    ],
)  # fmt: skip
def test_clauses(ask: Ask, q: str, found: str) -> None:
    answer = ask(q)
    assert names(answer) == set(found.split())
    assert answer.hits == len(found.split())


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("forets elagage", ["forets"]),
        ("L’EAU", ["qualite", "forets", "potable"]),
        ("eau potable qualité", ["qualite", "potable"]),  # in its title, then in its text
        ('"eau potable"', ["qualite"]),
        ("potable -inconnue", ["qualite"]),
        ("+eau +voirie", ["forets"]),
        ("nitrates voirie arbres", ["forets"]),  # two of three
        ("assain*", ["qualite"]),
        ("elagaje", ["forets"]),  # misspelt
        ("assainisement", ["qualite"]),
        ("+elagaje", []),
        ("x'; DROP TABLE ardoise_search_index; --", []),
        ("%", []),
    ],
)
def test_words_typed_by_a_person(ask: Ask, words: str, found: list[str]) -> None:
    answer = ask(words, **TYPED)
    assert [each["name"].partition("-")[0] for each in answer.documents] == found


def test_expensive_wildcards_are_refused(empty: SearchEngine) -> None:
    empty.add([document("mots", site_id="apart", notes=" ".join(f"zq{number:05}x" for number in range(1_200)))])
    with pytest.raises(QuerySyntaxError, match="joker"):
        empty.search(read_request({"q": "notes:*q0*"}))
    with pytest.raises(QuerySyntaxError, match="jokers"):
        empty.search(read_request({"q": " ".join(f"text:*a{number}b*" for number in range(25))}))
    assert empty.search(read_request({"q": "notes:zq*", "fq": "site_id:apart"})).hits == 1


def test_many_wildcards_take_bounded_time(empty: SearchEngine) -> None:
    empty.add([document("un", site_id="apart", tags=["a" * 90])])
    assert empty.search(read_request({"q": "tags:" + "a*" * 30 + "b"})).hits == 0
    assert empty.search(read_request({"q": "tags:" + "a*" * 30 + "?"})).hits == 1


def test_unwanted_answers_take_bounded_time(ask: Ask) -> None:
    long = " ".join(f"+tags:t{number}" for number in range(1_000))
    assert ask("*:*", long).hits == 0
    with pytest.raises(QuerySyntaxError):
        ask("*:*", long * 10)
