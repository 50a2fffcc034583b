"""Writers side by side, forks, writes that wait, deletions."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from ckanext.ardoise.search.clauses import Match, QuerySyntaxError
from ckanext.ardoise.search.engine import SearchEngine
from ckanext.ardoise.search.parser import parse
from ckanext.ardoise.search.request import read_request
from sqlalchemy.exc import DBAPIError

from tests.integration.catalog.search.documents import document


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
