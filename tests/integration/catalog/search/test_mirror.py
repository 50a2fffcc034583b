"""What each process keeps in memory is what the index holds."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from ckanext.ardoise.search.clauses import Between, Everything, Group, Match, Present, Wildcard
from ckanext.ardoise.search.conditions import condition
from ckanext.ardoise.search.engine import SearchEngine
from ckanext.ardoise.search.parser import parse
from ckanext.ardoise.search.request import read_request
from ckanext.ardoise.search.table import INDEX
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.catalog.search.documents import NOW, document


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


def test_after_a_fall_of_the_server_a_generation_may_be_another(empty: SearchEngine, index_url: str) -> None:
    """Its last writes may be lost, and others get their numbers."""
    empty.add([document("un", site_id="apart", tags=["a"])])
    empty.add([document("deux", site_id="apart", tags=["b"])])
    assert empty.search(read_request({"q": "+site_id:apart +tags:a"})).hits == 1
    assert empty.search(read_request({"q": "+site_id:apart +tags:b"})).hits == 1
    with psycopg.connect(index_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("UPDATE ardoise_search_index SET tags = '{c}' WHERE site_id = 'apart' AND name = 'un'")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert empty.search(read_request({"q": "+site_id:apart +tags:a"})).hits == 0
    assert empty.search(read_request({"q": "+site_id:apart +tags:c"})).hits == 1


def test_what_is_hidden_by_one_process_is_hidden_in_every_other(empty: SearchEngine, filled: SearchEngine) -> None:
    seen = read_request({"q": "site_id:apart", "fq": "+permission_labels:(public)", "fl": "name"})
    for labels, found in ((["public"], 1), (["member-1"], 0), (["public"], 1), ([], 0)):
        filled.add([document("un", site_id="apart", permission_labels=labels)])
        assert empty.search(seen).hits == filled.search(seen).hits == found


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


FIELDS = st.sampled_from(["tags", "groups", "organization", "name", "state", "license_id", "creator_user_id"])
WORDS = st.sampled_from(
    ["eau", "arbres", "eau-vive", "forets-communales", "ville", "regie", "environnement", "u1", "zz"]
)
TYPED_WORDS = st.sampled_from(
    [
        "l'eau",
        "forêt communale",
        "réseaux",
        "Élagage",
        "qualités potables",
        "dit-on",
        "x1e5 3.5",
        "aujourd'hui",
        "!",
        "ee",
    ]
)
DATE = st.sampled_from(["NOW", "2026-09-01T10:00:00.123Z", "NOW-1MONTH", "*"])
LEAVES = st.one_of(
    st.just(Everything()),
    st.builds(Match, FIELDS, WORDS),
    st.builds(Match, st.sampled_from(["title", "text", "notes"]), st.one_of(WORDS, TYPED_WORDS), st.booleans()),
    st.builds(
        Match, st.sampled_from(["title_ngram", "name_ngram"]), st.sampled_from(["eau", "e", "it-on", "de l", "pot"])
    ),
    st.builds(
        Wildcard, FIELDS, st.tuples(WORDS.map(lambda word: word[:2]), st.sampled_from(["", "s"])), st.just(("*",))
    ),
    st.builds(Wildcard, st.just("title"), st.sampled_from([("fo", ""), ("po", "")]), st.just(("*",))),
    st.builds(Present, st.one_of(FIELDS, st.sampled_from(["metadata_created", "issued_date", "spatial_geom"]))),
    st.builds(Between, FIELDS, WORDS, WORDS, st.booleans(), st.booleans()),
    st.builds(
        lambda field, low, high, first, last: Between(
            field, None if low == "*" else low, None if high == "*" else high, first, last
        ),
        st.sampled_from(["metadata_modified", "metadata_created", "issued_date"]),
        DATE,
        DATE,
        st.booleans(),
        st.booleans(),
    ),
)


def _groups(clauses: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(clauses, max_size=3).map(tuple)
    return st.builds(Group, some, some, some, st.one_of(st.none(), st.integers(1, 2)))


@pytest.fixture(scope="module")
def table(index_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(index_url)
    yield engine
    engine.dispose()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.recursive(LEAVES, _groups, max_leaves=6))
def test_columns_and_sql_describe_the_same_documents(filled: SearchEngine, table: sa.Engine, clause: Any) -> None:
    """A search reads columns in memory, a deletion the table: a clause means the same to both."""
    with table.connect() as connection:
        expected = sorted(connection.execute(sa.select(INDEX.c.name).where(condition(clause, NOW))).scalars())
    asked = replace(read_request({"q": "*:*", "fl": "name", "rows": 10}), query=clause)
    assert sorted(each["name"] for each in filled.search(asked, NOW).documents) == expected
