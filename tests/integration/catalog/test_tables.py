"""Tables that the hub fills by COPY, against a real CKAN: who may, what readers see meanwhile, what is left behind."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import psycopg
import pytest
import valkey
from pydantic import SecretStr

from catalog.publisher import CkanCatalogue
from policies import Contract
from stack.services.postgres import hub_cluster
from tests.catalog_pages import ROWS, page, water
from tests.integration.catalog.conftest import CkanServer

FIELDS = [{"id": "commune", "type": "text"}, {"id": "foyers", "type": "int8"}]


@pytest.fixture
def catalogue(ckan: CkanServer) -> CkanCatalogue:
    return CkanCatalogue(ckan.url, SecretStr(ckan.editor), patience_seconds=10)


@pytest.fixture
def contract() -> Contract:
    return water(f"eau-{secrets.token_hex(4)}")


@pytest.fixture
def database(ckan: CkanServer) -> Iterator[psycopg.Connection]:
    with psycopg.connect(hub_cluster(ckan.context).admin_dsn("datastore"), autocommit=True) as connection:
        yield connection


@pytest.fixture
def resource(ckan: CkanServer, contract: Contract) -> str:
    """A resource without a table."""
    owned = {"name": str(contract.id), "title": "x", "notes": "x", "owner_org": "relation-usagers"}
    made = ckan.ask("package_create", {**owned, "resources": [{"url": "http://x.example"}]}, ckan.editor)
    return str(made["resources"][0]["id"])


def table_of(ckan: CkanServer, contract: Contract) -> str:
    resources = ckan.ask("package_show", {"id": str(contract.id)})["resources"]
    return str(next(each["id"] for each in resources if each["role"] == "table"))


def children(database: psycopg.Connection, resource: str) -> list[str]:
    found = database.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND starts_with(relname, %s) ORDER BY 1",
        (f"_ard_{resource.replace('-', '')}",),
    )
    return [name for (name,) in found]


def described(version: str = "ab" * 32, **said: Any) -> dict[str, Any]:
    return {"period": "2026-10", "version": version, "fields": FIELDS, "full_text": [], **said}


def body(rows: bytes, description: dict[str, Any]) -> bytes:
    return json.dumps(description).encode() + b"\n" + rows + hashlib.sha256(rows).hexdigest().encode()


def send(ckan: CkanServer, resource: str, content: bytes, token: str | None) -> httpx.Response:
    headers = {"Authorization": token} if token else {}
    return httpx.post(f"{ckan.url}/ardoise/table/{resource}", content=content, headers=headers, timeout=60)


def swap(ckan: CkanServer, resource: str, description: dict[str, Any], keep: tuple[str, ...] = ()) -> Any:
    asked = {"resource_id": resource, "description": description, "keep": list(keep)}
    return ckan.ask("ardoise_table_swap", asked, ckan.editor)


def test_rows_wait_unseen_then_show_at_once(ckan: CkanServer, resource: str, database: psycopg.Connection) -> None:
    sent = send(ckan, resource, body(b"1,Angers,3\n2,,\n", described()), ckan.editor)
    assert sent.json() == {"success": True, "result": {"rows": 2}}
    assert ckan.action("datastore_search", {"resource_id": resource}).status_code == 404
    assert swap(ckan, resource, described()) == {"rows": 2}
    found = ckan.ask("datastore_search", {"resource_id": resource})
    assert [(row["commune"], row["foyers"]) for row in found["records"]] == [("Angers", 3), (None, None)]
    assert found["total"] == 2
    assert ckan.ask("datastore_info", {"id": resource})["meta"]["count"] == 2
    assert len(children(database, resource)) == 1


def test_only_who_may_edit_the_resource_sends_rows(ckan: CkanServer, resource: str) -> None:
    content = body(b"1,Angers,3\n", described())
    assert send(ckan, resource, content, None).status_code == 403
    assert send(ckan, resource, content, "not-a-token").status_code == 403
    assert send(ckan, secrets.token_hex(4), content, ckan.editor).status_code == 409
    unknown = "00000000-0000-4000-8000-000000000000"
    assert send(ckan, unknown, content, ckan.editor).status_code == 404
    for action in ("ardoise_table_show", "ardoise_table_swap", "ardoise_table_forget"):
        refused = ckan.action(action, {"resource_id": resource, "description": described()})
        assert refused.status_code == 403, action


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (body(b"1,Angers,3\n", described())[:-10], "rows"),
        (body(b"1,Angers,3\n", described()).replace(b"Angers", b"Anjous"), "rows"),
        (body(b"1,Angers,trois\n", described()), "rows"),
        (body(b"1,Angers\n", described()), "rows"),
        (body(b"1,Ang\xe9rs,3\n", described()), "rows"),
        (body(b"1,Angers,3\n1,Angers,3\n", described()), "rows"),
        (body(b"", described(fields=[{"id": 'a"; DROP TABLE b', "type": "text"}])), "fields"),
        (b"1,Angers,3\n", "description"),
    ],
)
def test_what_is_refused_leaves_nothing(
    ckan: CkanServer, resource: str, database: psycopg.Connection, content: bytes, fault: str
) -> None:
    refused = send(ckan, resource, content, ckan.editor)
    assert refused.status_code == 409
    assert list(refused.json()["error"]) == ["__type", fault]
    assert "Angers" not in refused.text
    assert children(database, resource) == []


def test_rows_that_were_never_sent_are_not_shown(ckan: CkanServer, resource: str) -> None:
    asked = {"resource_id": resource, "description": described("cd" * 32)}
    assert ckan.action("ardoise_table_swap", asked, ckan.editor).status_code == 409


def test_no_reader_ever_finds_fewer_rows(ckan: CkanServer, resource: str, database: psycopg.Connection) -> None:
    """A reader that counts all the while sees two rows or three, whatever is swapped under it."""
    counts: set[int] = set()
    ended = threading.Event()
    lines = {
        version: b"1,a,1\n2,b,2\n" + (b"3,c,3\n" if version == "cd" * 32 else b"") for version in ("ab" * 32, "cd" * 32)
    }
    send(ckan, resource, body(lines["ab" * 32], described()), ckan.editor)
    swap(ckan, resource, described())

    def read() -> None:
        with psycopg.connect(hub_cluster(ckan.context).admin_dsn("datastore"), autocommit=True) as reader:
            while not ended.is_set():
                row = reader.execute(f'SELECT count(*) FROM "{resource}"'.encode()).fetchone()
                counts.add(row[0] if row else -1)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        for _ in range(4):
            for version in ("cd" * 32, "ab" * 32):
                send(ckan, resource, body(lines[version], described(version)), ckan.editor)
                swap(ckan, resource, described(version))
    finally:
        ended.set()
        thread.join()
    assert counts == {2, 3}
    assert len(children(database, resource)) == 1


def test_a_period_that_is_not_kept_is_gone_with_its_rows(
    ckan: CkanServer, catalogue: CkanCatalogue, contract: Contract, database: psycopg.Connection
) -> None:
    catalogue.publish(page(contract, "2026-09"))
    catalogue.publish(page(contract, "2026-10", periods=("2026-10", "2026-09")))
    resource = table_of(ckan, contract)
    assert ckan.ask("datastore_search", {"resource_id": resource, "limit": 0})["total"] == 6
    catalogue.publish(page(contract, "2026-10"))
    assert ckan.ask("datastore_search", {"resource_id": resource})["total"] == 3
    assert [name[38:45] for name in children(database, resource)] == ["2026-10"]
    assert ckan.ask("ardoise_table_forget", {"resource_id": resource}, ckan.editor) == {}
    assert children(database, resource) == []
    assert ckan.action("datastore_search", {"resource_id": resource}).status_code == 404


def test_the_tables_of_periods_are_nobodys_to_read(
    ckan: CkanServer, catalogue: CkanCatalogue, contract: Contract, database: psycopg.Connection
) -> None:
    catalogue.publish(page(contract))
    resource = table_of(ckan, contract)
    (child,) = children(database, resource)
    assert ckan.action("datastore_search", {"resource_id": child}).status_code == 404
    assert ckan.action("datastore_search_sql", {"sql": f'SELECT * FROM "{child}"'}).status_code in (403, 404, 409)
    allowed = ckan.ask("datastore_search_sql", {"sql": f'SELECT sum(foyers_participants) AS n FROM "{resource}"'})
    assert allowed["records"][0]["n"] == sum(row["foyers_participants"] for row in ROWS)
    password = ckan.context.secrets.get("postgres-datastore_read").get_secret_value()
    port = ckan.context.ports["postgres-hub"]
    dsn = f"host=127.0.0.1 port={port} user=datastore_read password={password} dbname=datastore"
    with psycopg.connect(dsn, autocommit=True) as reader:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(f'SELECT * FROM "{child}"'.encode())
        assert reader.execute(f'SELECT count(*) FROM "{resource}"'.encode()).fetchone() == (3,)


def test_q_finds_words_where_the_contract_names_columns(
    ckan: CkanServer, catalogue: CkanCatalogue, contract: Contract
) -> None:
    searched = replace(contract, release=replace(contract.release, full_text=("commune",)))
    catalogue.publish(page(searched))
    found = ckan.ask("datastore_search", {"resource_id": table_of(ckan, contract), "q": "avrillé"})
    assert [row["commune"] for row in found["records"]] == ["Avrillé"]
    assert found["total"] == 1
    by_column = {"resource_id": table_of(ckan, contract), "q": {"commune": "trélazé"}}
    assert ckan.ask("datastore_search", by_column)["total"] == 1
    refused = ckan.action("datastore_search", {**by_column, "q": {"code_commune": "49007"}})
    assert refused.status_code == 409
    assert "Searched columns: commune." in refused.json()["error"]["q"][0]


@pytest.mark.parametrize("asked", [{"q": "avrillé"}, {"full_text": "avrillé"}, {"q": {"commune": "avrillé"}}])
def test_q_without_full_text_is_refused_in_words_that_help(
    ckan: CkanServer, catalogue: CkanCatalogue, contract: Contract, asked: dict[str, Any]
) -> None:
    catalogue.publish(page(replace(contract, release=replace(contract.release, full_text=()))))
    refused = ckan.action("datastore_search", {"resource_id": table_of(ckan, contract), **asked})
    assert refused.status_code == 409
    assert "filters" in refused.json()["error"]["q"][0]


def test_what_a_table_can_not_answer_is_refused_with_a_sentence(
    ckan: CkanServer, catalogue: CkanCatalogue, contract: Contract
) -> None:
    catalogue.publish(page(replace(contract, release=replace(contract.release, full_text=()))))
    table = table_of(ckan, contract)
    for action, data, field, said in (
        ("datastore_search", {"resource_id": table, "offset": 10**24}, "offset", "at most"),
        ("datastore_search", {"resource_id": table, "filters": {"nowhere": 1}}, "filters", "Unknown field"),
        ("datastore_search", {"resource_id": table, "limit": -1}, "limit", "nombre naturel"),
        ("datastore_search_sql", {}, "sql", ""),
        ("datastore_search_sql", {"sql": f'SELECT 1/0 FROM "{table}"'}, "sql", "division by zero"),
    ):
        refused = ckan.action(action, data)
        assert (refused.status_code, said in refused.json()["error"][field][0]) == (409, True), refused.text
    for query in ("q=angers", "offset=1000000000000000000000000"):
        dump = httpx.get(f"{ckan.url}/datastore/dump/{table}?{query}", timeout=60)
        assert (dump.status_code, dump.text.startswith("Demande refusée : ")) == (409, True), dump.text
    answer = ckan.ask("datastore_search_sql", {"sql": f'SELECT count(*) AS lines FROM "{table}"'})
    assert answer["records"] == [{"lines": 3}]


def test_a_table_of_another_making_is_not_written_over(ckan: CkanServer, resource: str) -> None:
    ckan.ask("datastore_create", {"resource_id": resource, "fields": FIELDS, "force": True}, ckan.editor)
    send(ckan, resource, body(b"1,Angers,3\n", described()), ckan.editor)
    refused = ckan.action("ardoise_table_swap", {"resource_id": resource, "description": described()}, ckan.editor)
    assert refused.status_code == 409
    assert "not the hub's" in refused.json()["error"]["resource_id"][0]


def places(ckan: CkanServer, mark: str) -> list[str]:
    """Every table of CKAN's and the DataStore's databases with a row that holds ``mark``."""
    found = []
    for name in ("ckan", "datastore"):
        with psycopg.connect(hub_cluster(ckan.context).admin_dsn(name), autocommit=True) as connection:
            tables = connection.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            ).fetchall()
            for (table,) in tables:
                query = f"SELECT EXISTS (SELECT FROM \"{table}\" t WHERE t::text LIKE '%{mark}%')"
                row = connection.execute(query.encode()).fetchone()
                if row and row[0]:
                    found.append(f"{name}.{table}")
    return sorted(found)


def copies(ckan: CkanServer, mark: str, *asked: str) -> list[str]:
    """Where else ``mark`` stands: a key of the cache, a file of CKAN's own, an answer to anybody."""
    password = ckan.context.secrets.get("valkey").get_secret_value()
    with valkey.Valkey(port=ckan.context.ports["valkey"], db=1, password=password) as cache:
        read = {b"string": cache.get, b"hash": cache.hgetall, b"list": lambda key: cache.lrange(key, 0, -1)}
        read |= {b"set": cache.smembers, b"zset": lambda key: cache.zrange(key, 0, -1)}
        found = [str(key) for key in cache.scan_iter() if mark in repr((key, read[cache.type(key)](key)))]
    own = ckan.context.paths.of_service("ckan").rglob("*")
    found += [str(file) for file in own if file.is_file() and mark.encode() in file.read_bytes()]
    asked += ("/", "/feeds/dataset.atom", "/catalog.ttl", "/dataset/", "/api/3/action/package_search?rows=1000")
    asked += (f"/api/3/action/package_search?q={mark[:-1]}*",)
    return found + [path for path in asked if mark in httpx.get(ckan.url + path, timeout=60).text]


def test_what_is_withdrawn_is_nowhere_in_the_databases(
    ckan: CkanServer, catalogue: CkanCatalogue, contract: Contract
) -> None:
    planted = f"Rue{secrets.token_hex(6)}"
    rows = [{**ROWS[0], "commune": planted}, *ROWS[1:]]
    shown = page(contract, "2026-09")
    catalogue.publish(shown)
    for attempt in range(2):  # a correction leaves resources and tables of its own
        held = page(contract, "2026-10", rows[attempt:] if attempt else rows, periods=("2026-10", "2026-09"))
        catalogue.publish(replace(held, certificate_url=f"http://open.example/{planted}/2026-10/certificat.html"))
    catalogue.publish(page(contract, "2026-10", rows, periods=("2026-10", "2026-09")))
    assert len(places(ckan, planted)) >= 2
    dump = f"/datastore/dump/{table_of(ckan, contract)}"
    assert copies(ckan, planted, dump) == [dump]

    latest = tuple(file for file in shown.files if file.latest)
    for _ in range(2):
        catalogue.withdraw(contract, "2026-10", latest)
        assert places(ckan, planted) == []
        assert copies(ckan, planted, dump) == []
        assert places(ckan, f"{contract.id}/v1/2026-10/") == []
    resource = table_of(ckan, contract)
    assert ckan.ask("datastore_search", {"resource_id": resource})["total"] == 3
    dataset = ckan.ask("package_show", {"id": str(contract.id)})
    assert {each["period"] for each in dataset["resources"] if each["role"] == "latest"} == {"2026-09"}

    catalogue.withdraw(contract, "2026-09", ())
    catalogue.withdraw(contract, "2026-09", ())
    assert ckan.action("package_show", {"id": str(contract.id)}).status_code in (403, 404)
    assert places(ckan, f"{contract.id}/v1/") == []
    catalogue.publish(page(contract, "2026-11"))
    assert ckan.ask("package_show", {"id": str(contract.id)})["private"] is False
