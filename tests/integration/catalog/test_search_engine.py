"""The search engine of our CKAN extension on a real PostgreSQL, without CKAN: each kind of clause, writers, forks."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from ckanext.ardoise.search.clauses import Match, QuerySyntaxError
from ckanext.ardoise.search.engine import SearchEngine
from ckanext.ardoise.search.parser import parse
from ckanext.ardoise.search.request import read_request
from ckanext.ardoise.search.searching import Answer
from sqlalchemy.exc import DBAPIError

from tests.stack_fixtures import PostgresServer

MIGRATIONS = Path("catalog/ckanext/ckanext/ardoise/migration/ardoise_search").resolve()
NOW = datetime(2026, 10, 3, 12, tzinfo=UTC)
ANGERS = '{"type": "Polygon", "coordinates": [[[-0.62, 47.44], [-0.5, 47.44], [-0.5, 47.53], [-0.62, 47.44]]]}'
TYPED = {"defType": "dismax", "mm": "2<-1 5<80%", "qf": "name^4 title^4 tags^2 groups^2 text", "tie": "0.1"}


def document(name: str, **fields: Any) -> dict[str, Any]:
    """A document as CKAN hands it over."""
    usual = {
        "index_id": f"i-{name}", "id": f"id-{name}", "name": name, "title": name.replace("-", " "), "site_id": "here",
        "state": "active", "capacity": "public", "private": False, "dataset_type": "dataset", "tags": [], "groups": [],
        "permission_labels": ["public"], "metadata_created": "2026-01-01T00:00:00Z",
        "metadata_modified": "2026-09-01T10:00:00.123456Z", "data_dict": "{}", "validated_data_dict": '{"name": "x"}',
    }  # fmt: skip
    return {**usual, **fields}


DOCUMENTS = [
    document(
        "qualite-eau", title="Qualité de l'eau potable", notes="Analyses des réseaux d'assainissement, nitrates",
        tags=["eau", "santé publique"], groups=["environnement"], organization="regie",
        res_format=["CSV", "CSV", "JSON"],
        views_total=12, extras_theme="http://theme/ENVI", spatial=ANGERS, title_string="Qualité de l'eau potable",
    ),
    document(
        "forets-communales", title="Élagages des forêts communales", notes="Arbres abattus ; voirie fermée",
        tags=["eau-vive", "arbres"], groups=["environnement", "voirie"], organization="ville", res_format=["CSV"],
        views_total=3, metadata_modified="2026-10-03T11:00:00Z", issued_date="2020-05-01T00:00:00Z",
        title_string="Élagages des forêts communales", creator_user_id="u1",
    ),
    document(
        "potable-de-loin", title="Potable, dit-on", notes="une eau lointaine : qualité inconnue", organization="ville"
    ),
    document("secret", title="Eau secrète", capacity="private", permission_labels=["member-1"], tags=["caché"]),
    document("ailleurs", title="Eau d'ailleurs", site_id="there"),
]  # fmt: skip


@pytest.fixture(scope="session")
def index_url(postgres: PostgresServer) -> str:
    """The address of a database with an empty index; its owner is no superuser."""
    url = postgres.fresh_database()
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS))
    settings.attributes["address"] = url
    command.upgrade(settings, "head")
    return url


@pytest.fixture(scope="module")
def filled(index_url: str) -> Iterator[SearchEngine]:
    engine = SearchEngine(index_url)
    engine.delete(parse("*:*"))
    engine.add(DOCUMENTS, NOW)
    yield engine
    engine.delete(parse("*:*"))
    engine.close()


@pytest.fixture
def empty(filled: SearchEngine, index_url: str) -> Iterator[SearchEngine]:
    """The same index under another site's name, so that its documents are apart."""
    engine = SearchEngine(index_url)
    yield engine
    engine.delete(parse("site_id:apart"))
    engine.close()


Ask = Callable[..., Answer]


@pytest.fixture(scope="module")
def ask(filled: SearchEngine) -> Ask:
    def run(q: str = "*:*", *fq: str, **parameters: Any) -> Answer:
        request = {"q": q, "fq": ["+site_id:here", "+permission_labels:(public)", *fq], "fl": "name", **parameters}
        return filled.search(read_request(request), NOW)

    return run


def names(answer: Answer) -> set[str]:
    return {each["name"].partition("-")[0] for each in answer.documents}


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


def test_scores_follow_weights_boosts_and_nearness(ask: Ask) -> None:
    def order(q: str, **more: Any) -> list[str]:
        return [each["name"].partition("-")[0] for each in ask(q, fl="name,score", **more).documents]

    assert order("potable", **TYPED) == ["potable", "qualite"]  # the shorter title
    assert order("title:qualite^5 OR title:elagage") == ["qualite", "forets"]
    assert order("title:qualite OR title:elagage^5") == ["forets", "qualite"]
    assert order("eau qualité", **{**TYPED, "qf": "text^4 title^0.1"})[0] in ("qualite", "potable")
    scores = [each["score"] for each in ask("eau qualité", fl="score", **TYPED).documents]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1] > 0


def test_facets_count_the_whole_result(ask: Ask) -> None:
    facets = {"facet": "true", "facet.field": ["res_format", "groups", "organization", "creator_user_id", "unheard"]}
    answer = ask(rows=1, **facets)
    assert answer.facets == {
        "res_format": ["CSV", 2, "JSON", 1],
        "groups": ["environnement", 2, "voirie", 1],
        "organization": ["ville", 2, "regie", 1],
        "creator_user_id": ["u1", 1],
        "unheard": [],
    }
    limited = ask(rows=0, **facets, **{"facet.limit": 1, "facet.mincount": 2})
    assert limited.facets["groups"] == ["environnement", 2]
    assert limited.facets["creator_user_id"] == []
    assert limited.documents == []


def test_pages_orders_and_fields(ask: Ask) -> None:
    def order(sort: str, **more: Any) -> list[str]:
        return [each["name"].partition("-")[0] for each in ask(sort=sort, **more).documents]

    assert order("title_string asc") == ["forets", "potable", "qualite"]
    assert order("name desc") == ["qualite", "potable", "forets"]
    assert order("views_total desc") == ["qualite", "forets", "potable"]
    assert order("views_total asc") == ["forets", "qualite", "potable"]
    assert order("metadata_modified desc, name asc") == ["forets", "potable", "qualite"]
    assert order("issued_date asc, name desc") == ["forets", "qualite", "potable"]
    assert order("name asc", start=1, rows=1) == ["potable"]
    assert order("name asc", start=2**31 - 1) == []
    (found,) = ask("name:qualite-eau", fl="id,title,extras_theme,permission_labels,validated_data_dict").documents
    assert found == {
        "id": "id-qualite-eau", "title": "Qualité de l'eau potable", "extras_theme": "http://theme/ENVI",
        "validated_data_dict": '{"name": "x"}',
    }  # fmt: skip
    (whole,) = ask("name:qualite-eau", fl="*").documents
    assert whole["metadata_modified"] == "2026-09-01T10:00:00.123Z"
    assert whole["res_format"] == ["CSV", "CSV", "JSON"]
    assert "permission_labels" not in whole


def test_other_sites_and_hidden_documents_stay_away(ask: Ask, filled: SearchEngine) -> None:
    assert names(ask("eau", **TYPED)) == {"qualite", "forets", "potable"}
    everything = filled.search(read_request({"q": "eau", "fl": "name"}))
    assert everything.hits == 5


def test_a_write_shows_in_counts_and_pages_at_once(empty: SearchEngine, filled: SearchEngine) -> None:
    def told(engine: SearchEngine) -> tuple[int, Any, list[Any]]:
        asked = {"q": "site_id:apart", "facet.field": ["tags"], "fl": "name", "sort": "title_string desc"}
        answer = engine.search(read_request(asked), NOW)
        return answer.hits, answer.facets["tags"], [each["name"] for each in answer.documents]

    assert told(empty) == told(filled) == (0, [], [])
    empty.add([document("un", site_id="apart", tags=["a", "b"])])
    assert told(empty) == told(filled) == (1, ["a", 1, "b", 1], ["un"])
    filled.add([document("un", site_id="apart", tags=["b"]), document("vers", site_id="apart", tags=["b", "c"])])
    assert told(empty) == told(filled) == (2, ["b", 2, "c", 1], ["vers", "un"])
    empty.delete(parse("name:un"))
    assert told(empty) == told(filled) == (1, ["b", 1, "c", 1], ["vers"])
    told(filled)[1].clear()  # CKAN writes into what it is given
    assert told(filled) == (1, ["b", 1, "c", 1], ["vers"])


def test_an_index_put_back_to_an_older_state_is_read_anew(empty: SearchEngine, index_url: str) -> None:
    empty.add([document("un", site_id="apart", tags=["a"])])
    assert empty.search(read_request({"q": "+site_id:apart +tags:a"})).hits == 1
    with psycopg.connect(index_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DELETE FROM ardoise_search_index WHERE site_id = 'apart'")
        connection.execute("UPDATE ardoise_search_generation SET number = number - 1")
    assert empty.search(read_request({"q": "+site_id:apart +tags:a"})).hits == 0


def test_searches_beside_writers_agree_with_themselves(empty: SearchEngine, index_url: str) -> None:
    """Each write moves all documents to another tag, so that a search must find them all under one."""
    everyone = [f"d-{number}" for number in range(30)]
    readers = [empty, SearchEngine(index_url)]

    def write(turn: int) -> None:
        empty.add([document(name, site_id="apart", tags=[f"t{turn}"], notes=f"mot{turn}") for name in everyone])

    def read(turn: int) -> None:
        asked = {"q": "site_id:apart", "facet.field": ["tags"], "fl": "tags", "rows": 30}
        answer = readers[turn % 2].search(read_request(asked))
        assert answer.hits == 30
        ((_, number),) = zip(answer.facets["tags"][::2], answer.facets["tags"][1::2], strict=True)
        assert number == 30
        assert {tuple(each["tags"]) for each in answer.documents} == {(answer.facets["tags"][0],)}

    write(0)
    with ThreadPoolExecutor(6) as pool:
        waiting = [pool.submit(write if turn % 4 == 0 else read, turn) for turn in range(120)]
    for each in waiting:
        each.result()
    readers[1].close()


def test_parts_of_titles_are_counted_with_their_page(ask: Ask) -> None:
    part = 'title_ngram:"eau" OR name_ngram:"eau"'
    assert ask(part, rows=1).hits == ask(part, rows=0).hits == ask(part, rows=5, start=9).hits == 1
    assert ask('title_ngram:"nowhere"').hits == 0
    assert ask(part, **{"facet.field": ["organization"]}).facets == {"organization": ["regie", 1]}


def test_each_reader_finds_what_he_may_see_whoever_asked_before(filled: SearchEngine) -> None:
    hidden = {"q": "secret*", **TYPED, "facet.field": ["tags"]}
    for labels, hits in (("member-1", 1), ("public", 0), ("member-1", 1)):
        request = {**hidden, "fq": f"+permission_labels:({labels})"}
        assert filled.search(read_request(request)).hits == hits


def test_the_later_version_stays(empty: SearchEngine) -> None:
    for modified, title in (("2026-02-01", "nouveau"), ("2026-01-01", "ancien"), ("2026-02-01", "encore")):
        empty.add([document("un", site_id="apart", title=title, metadata_modified=modified)])
    (found,) = empty.search(read_request({"q": "site_id:apart", "fl": "title"})).documents
    assert found["title"] == "encore"


def test_concurrent_writers_leave_a_whole_index(empty: SearchEngine) -> None:
    def write(turn: int) -> None:
        order = range(20) if turn % 2 else reversed(range(20))
        empty.add([document(f"d-{number}", site_id="apart", tags=[f"t{turn}"]) for number in order])
        if turn % 4 == 0:
            empty.delete(parse('+site_id:apart +name:"d-7"'))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(24)))
    empty.add([document("d-7", site_id="apart", tags=["t0"])])
    answer = empty.search(read_request({"q": "site_id:apart", "facet.field": ["tags"], "rows": 50, "fl": "id"}))
    assert answer.hits == len({each["id"] for each in answer.documents}) == 20
    assert sum(answer.facets["tags"][1::2]) == 20


def _in_a_child(engine: SearchEngine, number: int) -> None:
    engine.add([document(f"fils-{number}", site_id="apart")])
    if engine.search(read_request({"q": "site_id:apart"})).hits < 1:
        raise SystemExit(1)


def test_forked_workers_share_no_connection(empty: SearchEngine) -> None:
    empty.ping()  # a connection that children must leave alone
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=_in_a_child, args=(empty, number)) for number in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0] * 4
    assert empty.search(read_request({"q": "site_id:apart"})).hits == 4


def test_a_deferred_write_shows_at_once(empty: SearchEngine) -> None:
    empty.add([document("un", site_id="apart")], deferred=True)
    assert empty.search(read_request({"q": "site_id:apart"})).hits == 1
    empty.commit()
    assert empty.search(read_request({"q": "site_id:apart"})).hits == 1


def _gathering(engine: SearchEngine) -> None:
    engine.gather([document("fils", site_id="apart")])


def test_what_is_gathered_shows_with_the_commit(empty: SearchEngine, filled: SearchEngine) -> None:
    def seen(engine: SearchEngine) -> int:
        return engine.search(read_request({"q": "site_id:apart"})).hits

    empty.gather([document("un", site_id="apart", tags=["a"]), document("deux", site_id="apart")])
    empty.gather([document("un", site_id="apart", tags=["b"])])
    assert seen(filled) == 0
    empty.commit()
    assert seen(filled) == 2
    assert filled.search(read_request({"q": "tags:b"})).hits == 1
    empty.gather([document("trois", site_id="apart")])
    assert seen(empty) == 3  # whoever gathered sees at once
    empty.gather([document("quatre", site_id="apart")])
    empty.delete(parse("name:quatre"))
    assert seen(filled) == 3
    empty.gather(document(f"d-{number}", site_id="apart") for number in range(100))
    assert seen(filled) == 103  # many are not kept waiting


def test_a_process_that_ends_writes_what_it_gathered_and_nothing_of_its_parents(
    empty: SearchEngine, filled: SearchEngine
) -> None:
    empty.gather([document("pere", site_id="apart", title="attend")])
    child = multiprocessing.get_context("fork").Process(target=_gathering, args=(empty,))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert filled.search(read_request({"q": "site_id:apart", "fl": "name"})).documents == [{"name": "fils"}]
    assert empty.search(read_request({"q": "site_id:apart"})).hits == 2


def test_one_document_that_is_refused_takes_no_other_with_it(empty: SearchEngine) -> None:
    letters = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(8_000))
    empty.gather([document("un", site_id="apart"), document(letters, site_id="apart")])
    empty.gather([document("deux", site_id="apart")])
    with pytest.raises(DBAPIError):
        empty.commit()
    assert empty.search(read_request({"q": "site_id:apart"})).hits == 2


def test_expensive_wildcards_are_refused(empty: SearchEngine) -> None:
    empty.add([document("mots", site_id="apart", notes=" ".join(f"zq{number:05}x" for number in range(1_200)))])
    with pytest.raises(QuerySyntaxError, match="joker"):
        empty.search(read_request({"q": "notes:*q0*"}))
    with pytest.raises(QuerySyntaxError, match="jokers"):
        empty.search(read_request({"q": " ".join(f"text:*a{number}b*" for number in range(25))}))
    assert empty.search(read_request({"q": "notes:zq*", "fq": "site_id:apart"})).hits == 1


def test_deleting_understands_or_fails(empty: SearchEngine) -> None:
    empty.add([document("un", site_id="apart"), document("deux", site_id="apart")])
    with pytest.raises(QuerySyntaxError):
        empty.delete(parse("metadata_modified:hier"))
    empty.delete(Match("index_id", "i-un"))
    assert empty.search(read_request({"q": "site_id:apart"})).hits == 1


def test_a_text_of_any_size_is_indexed(empty: SearchEngine, index_url: str) -> None:
    words = " ".join(f"mot{number}é" for number in range(60_000))
    empty.add([document("gros", site_id="apart", title=words, notes=words, tags=["é" * 9_000], extras_x="\x00" * 9)])
    assert empty.search(read_request({"q": "text:mot19e", "fq": "site_id:apart"})).hits == 1
    with psycopg.connect(index_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("SELECT count(*) FROM ardoise_search_words")


def test_unwanted_answers_take_bounded_time(ask: Ask) -> None:
    long = " ".join(f"+tags:t{number}" for number in range(1_000))
    assert ask("*:*", long).hits == 0
    with pytest.raises(QuerySyntaxError):
        ask("*:*", long * 10)
