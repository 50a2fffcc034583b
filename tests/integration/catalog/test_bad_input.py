"""What a catalogue is asked that makes no sense: CKAN's own codes for it, a sentence, and never a failure within."""

from __future__ import annotations

import json
import secrets
import socket
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr

from catalog.publisher import CkanCatalogue
from tests.catalog_pages import page, water
from tests.integration.catalog.conftest import CkanServer
from tests.integration.catalog.test_search import NEIGHBOUR, SCRIPT

ACTION = "/api/3/action"
HUGE = 10**20
TALE = "%3B DROP TABLE package%3B --"


@pytest.fixture(scope="module")
def table(ckan: CkanServer) -> str:
    """The resource of a published table, whose words are searched too."""
    contract = water(f"eau-{secrets.token_hex(4)}")
    searched = replace(contract, release=replace(contract.release, full_text=("commune",)))
    CkanCatalogue(ckan.url, SecretStr(ckan.editor)).publish(page(searched))
    resources = ckan.ask("package_show", {"id": str(contract.id)})["resources"]
    return str(next(each["id"] for each in resources if each["role"] == "table"))


def told(answer: httpx.Response) -> str:
    """What an answer says; CKAN's JSON writes accents as escapes."""
    if answer.headers["Content-Type"].startswith("application/json"):
        return json.dumps(answer.json(), ensure_ascii=False)
    return answer.text


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        (f"{ACTION}/package_list?limit={HUGE}", 409, "est un nombre entier"),
        (f"{ACTION}/package_list?limit=", 409, "est un nombre entier"),
        (f"{ACTION}/package_list?offset=-1", 409, "est un nombre entier"),
        (f"{ACTION}/current_package_list_with_resources?limit=1&page={HUGE}", 409, "est un nombre entier"),
        (f"{ACTION}/tag_search?query=eau&limit=abc", 409, "est un nombre entier"),
        (f"{ACTION}/tag_autocomplete?query=eau&limit=-1", 409, "est un nombre entier"),
        (f"{ACTION}/tag_show?id=a%00b", 409, "caractère nul"),
        (f"{ACTION}/tag_list?vocabulary_id=a&vocabulary_id=b", 409, "est un texte"),
        (f"{ACTION}/group_list?all_fields=abc", 409, "true ou false"),
        (f"{ACTION}/group_list?offset={HUGE}", 409, "est un nombre entier"),
        (f"{ACTION}/organization_list?sort=name&sort=title", 409, "est un texte"),
        (f"{ACTION}/group_autocomplete?q=eau&limit=abc", 409, "est un nombre entier"),
        (f"{ACTION}/organization_autocomplete?limit=1", 409, "q"),
        (f"{ACTION}/group_package_show?id=eau&limit=1&limit=2", 409, "est un nombre entier"),
        (f"{ACTION}/group_show?id=eau&include_datasets=abc", 409, "true ou false"),
        (f"{ACTION}/format_autocomplete?q=c&limit={HUGE}", 409, "est un nombre entier"),
        (f"{ACTION}/package_show?id=eau&id=air", 409, "est un texte"),
        (f"{ACTION}/resource_show?id=%00", 409, "caractère nul"),
        (f"{ACTION}/resource_search?query=name:CSV&offset=abc", 409, "est un nombre entier"),
        (f"{ACTION}/help_show?name=a&name=b", 409, "est un texte"),
        (f"{ACTION}/user_list?q=a&q=b", 409, "est un texte"),
        (f"{ACTION}/package_search?rows=1&rows=2", 409, "est une seule valeur"),
        (f"{ACTION}/package_search?start=", 409, "est vide"),
        (f"{ACTION}/package_search?facet.mincount=", 409, "est vide"),
        (f"{ACTION}/package_search?fq=a%00b", 409, "caractère nul"),
        (f"{ACTION}/dcat_catalog_show?format=nope", 409, "ttl, jsonld, rdf ou xml"),
        (f"{ACTION}/dcat_catalog_show?profiles=nope", 409, "profils RDF"),
        (f"{ACTION}/dcat_catalog_show?modified_since=99999999999999999999", 409, "n'est pas une date"),
        (f"{ACTION}/vocabulary_show?id={TALE}", 404, "Not Found"),
        (f"{ACTION}/datastore_search_sql?sql=a&sql=b", 409, "est un texte"),
        (f"{ACTION}/datastore_search_sql?sql=SELECT 1{TALE}", 409, "single statement"),
        (f"{ACTION}/no_such_action", 400, "no_such_action"),
        ("/api/util/tag/autocomplete?incomplete=eau&limit=abc", 409, "est un nombre entier"),
        ("/api/util/user/autocomplete?q=eau", 403, "pas ce droit"),
        ("/dataset/a%00b", 400, "ne s&#39;écrit pas"),
        ("/dataset/?q=a%00b", 400, "ne s&#39;écrit pas"),
        (f"/dataset/?page={HUGE}", 200, "search-error"),
        ("/organization/relation-usagers?sort=abc", 200, "search-error"),
        ("/group/eau?q=title:(eau", 200, "search-error"),
        (f"/organization/?page={HUGE}", 400, "trop grande"),
        ("/group/?page=abc", 400, "positive integer"),
        ("/ardoise/changes/a%00b.atom", 400, "ne s&#39;écrit pas"),
        (f"/ardoise/verify/{TALE}", 404, ""),
        ("/feeds/dataset.atom?page=abc", 400, "positive integer"),
        ("/feeds/custom.atom?sort=nope", 400, "Recherche refusée"),
        ('/feeds/tag/a" OR *:*.atom', 400, "Recherche refusée"),
        ("/catalog.ttl?modified_since=99999999999999999999", 400, "n&#39;est pas une date"),
        ("/catalog.ttl?modified_since=hier", 400, "n&#39;est pas une date"),
        ("/catalog.ttl?profiles=nope", 400, "profil RDF"),
        ("/datastore/dump/{table}?format=nope", 400, "csv, tsv, json, xml"),
        ("/datastore/dump/{table}?filters=null", 400, "est un objet"),
        ("/datastore/dump/{table}?limit=abc", 400, "limit"),
        ("/datastore/dump/{table}?sort=no_such_column", 409, "no_such_column"),
        (f"{ACTION}/datastore_search?resource_id={{table}}&limit=1&limit=2", 409, "est une seule valeur"),
        (f"{ACTION}/datastore_search?resource_id={{table}}&filters=[]", 409, "est un objet"),
        (f"{ACTION}/datastore_search?resource_id={{table}}&offset=-1", 409, "offset"),
        (f"{ACTION}/datastore_search?resource_id={{table}}&sort=_id{TALE}", 409, "sort"),
        (f"{ACTION}/datastore_info?id={{table}}&id=x", 409, "est un texte"),
    ],
)
def test_an_address_of_nonsense_gets_an_error_that_says_why(
    ckan: CkanServer, table: str, path: str, status: int, said: str
) -> None:
    answer = httpx.get(ckan.url + path.replace("{table}", table), timeout=60)
    assert (answer.status_code, said in told(answer)) == (status, True), answer.text[-600:]


@pytest.mark.parametrize(
    ("action", "body", "status"),
    [
        ("package_show", b"{", 400),
        ("package_show", b"[1]", 400),
        ("package_show", b"\xff\xfe", 400),
        ("package_search", b"[" * 100_000, 409),
        ("package_show", b'{"id": "\\u0000"}', 409),
        ("package_show", b'{"id": "\\ud800"}', 409),
        ("package_list", b'{"limit": Infinity}', 409),
        ("package_list", b'{"limit": 1e400}', 409),
        ("group_list", b'{"q": {"a": 1}}', 409),
        ("datastore_search", b'{"id": 5}', 409),
        ("datastore_create", b'{"resource": "x"}', 409),
        ("package_create", b'{"name": "a\\u0000"}', 409),
        ("ardoise_forget", b'{"id": [1]}', 409),
    ],
)
def test_a_body_of_nonsense_too(ckan: CkanServer, action: str, body: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    answer = httpx.post(f"{ckan.url}{ACTION}/{action}", content=body, headers=headers, timeout=60)
    assert answer.status_code == status, answer.text[-600:]
    assert json.loads(answer.text)
    assert "Internal" not in answer.text


def test_a_page_that_has_no_place_for_a_number_says_so_to_those_who_are_known_too(ckan: CkanServer) -> None:
    headers = {"Authorization": ckan.editor}
    answer = httpx.get(f"{ckan.url}/organization/?page={HUGE}", headers=headers, timeout=60)
    assert (answer.status_code, "trop grande" in answer.text) == (400, True), answer.text[-600:]


def test_long_values_are_answered_and_never_repeated(ckan: CkanServer) -> None:
    mark = secrets.token_hex(4)
    answer = ckan.action("group_list", {"limit": mark * 5_000})
    assert (answer.status_code, mark in answer.text) == (409, False)
    assert ckan.action("package_show", {"id": mark * 5_000}).status_code == 404


FAILING = """
import sys
from ckan import model
from sqlalchemy import text

app = application._wsgi_app
app.view_functions["home.about"] = lambda: model.Session.execute(text("SELECT nothing_like_it"))
client, headers = app.test_client(), {"Authorization": sys.stdin.read()}
codes = []
for path in ("/about", "/organization/", "/about", "/health"):
    try:
        codes.append(client.get(path, headers=headers).status_code)
    except Exception:
        codes.append(500)
print(codes)
"""


def test_a_request_that_fails_within_takes_no_later_one_with_it(ckan: CkanServer) -> None:
    """A page that breaks a transaction, for someone whose name stands on the page of the error."""
    assert ckan.script(FAILING, ckan.editor).splitlines()[-1] == "[500, 200, 500, 200]"


@pytest.fixture(scope="module")
def dataset(ckan: CkanServer) -> str:
    """A dataset of one resource."""
    name = f"coupe-{secrets.token_hex(4)}"
    owned = {"name": name, "title": "x", "notes": "x", "owner_org": "relation-usagers"}
    ckan.ask("package_create", {**owned, "resources": [{"url": "http://x.example"}]}, ckan.editor)
    return name


@pytest.fixture(scope="module")
def others(ckan: CkanServer) -> dict[str, str]:
    """Tokens of those who may not write here."""
    mark = secrets.token_hex(4)
    roles = {f"z{mark}": (None, None), f"v{mark}": (NEIGHBOUR, "admin"), f"l{mark}": ("relation-usagers", "member")}
    made = json.loads(ckan.script(SCRIPT, json.dumps(roles)).splitlines()[-1])
    return {**dict(zip(("stranger", "neighbour", "member"), made.values(), strict=True)), "nobody": "not-a-token"}


@pytest.mark.parametrize("role", ["stranger", "neighbour", "member", "nobody"])
def test_a_token_without_rights_changes_nothing(
    ckan: CkanServer, dataset: str, others: dict[str, str], role: str
) -> None:
    before = ckan.ask("package_show", {"id": dataset})
    resource = before["resources"][0]["id"]
    made = f"intrus-{secrets.token_hex(4)}"
    fields = {"name": made, "title": "x", "notes": "x", "owner_org": "relation-usagers"}
    asked = {
        "package_create": fields,
        "package_patch": {"id": dataset, "title": "Autre"},
        "package_delete": {"id": dataset},
        "resource_create": {"package_id": dataset, "url": "http://y.example"},
        "resource_delete": {"id": resource},
        "datastore_create": {"resource_id": resource, "fields": [{"id": "a", "type": "int"}], "records": [{"a": 1}]},
        "datastore_delete": {"resource_id": resource},
        "ardoise_table_forget": {"resource_id": resource},
        "ardoise_forget": {"id": dataset},
        "organization_patch": {"id": "relation-usagers", "title": "Autre"},
        "tag_create": {"name": "x", "vocabulary_id": "x"},
        "dataset_purge": {"id": dataset},
    }
    for action, data in asked.items():
        answer = ckan.action(action, data, others[role])
        assert answer.status_code == 403, (action, answer.text)
        assert answer.json()["error"]["__type"] == "Authorization Error"
        assert answer.json()["error"]["message"]
    assert ckan.ask("package_show", {"id": dataset}) == before
    assert ckan.action("package_show", {"id": made}).status_code == 404


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"notes": ""}, "notes"),
        ({"name": "Des Majuscules"}, "name"),
        ({"owner_org": "no-such-organization"}, "owner_org"),
        ({"issued": "hier"}, "issued"),
        ({"version": "x" * 200}, "version"),
        ({"temporal_coverage": [{"start": "demain"}]}, "temporal_coverage"),
        ({"tags": [{"name": "a;b"}]}, "tags"),
        ({"groups": [{"name": "no-such-theme"}]}, "groups"),
        ({"resources": [{"url": "http://x.example", "size": "grand"}]}, "resources"),
    ],
)
def test_a_dataset_that_its_schema_refuses_is_nowhere(
    ckan: CkanServer, dataset: str, fields: dict[str, object], wrong: str
) -> None:
    name = f"refuse-{secrets.token_hex(4)}"
    whole = {"name": name, "title": "x", "notes": "x", "owner_org": "relation-usagers", **fields}
    refused = ckan.action("package_create", whole, ckan.editor)
    told = refused.json()["error"]
    assert (refused.status_code, wrong in told) in ((409, True), (403, False), (404, False)), refused.text
    assert ckan.action("package_show", {"id": name}).status_code == 404
    assert ckan.ask("package_search", {"fq": f"name:{name}", "include_private": True}, ckan.editor)["count"] == 0
    before = ckan.ask("package_show", {"id": dataset})
    changed = ckan.action("package_patch", {"title": "Autre", **fields, "id": dataset}, ckan.editor)
    assert changed.status_code in (403, 404, 409), changed.text
    assert ckan.ask("package_show", {"id": dataset}) == before


def cut(ckan: CkanServer, path: str, kind: str, body: bytes, promised: int) -> bytes:
    """Send a request whose body ends before its announced length, close that way, and return what is answered."""
    address = urlsplit(ckan.url)
    head = f"POST {path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: {ckan.editor}\r\n"
    head += f"Content-Type: {kind}\r\nContent-Length: {promised}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((str(address.hostname), int(address.port or 80)), timeout=60) as wire:
        wire.sendall(head.encode() + body)
        wire.shutdown(socket.SHUT_WR)
        answer = b""
        while part := wire.recv(65_536):
            answer += part
    return answer


def stored(ckan: CkanServer) -> set[Path]:
    return {each for each in (ckan.context.paths.of_service("ckan") / "storage").rglob("*") if each.is_file()}


@pytest.mark.parametrize("kept", ["within the file", "before the file", "nothing"])
def test_an_upload_that_is_cut_leaves_nothing(ckan: CkanServer, dataset: str, kept: str) -> None:
    edge, before, files = "limite", ckan.ask("package_show", {"id": dataset}), stored(ckan)
    parts = [f'--{edge}\r\nContent-Disposition: form-data; name="package_id"\r\n\r\n{dataset}\r\n']
    parts += [
        f'--{edge}\r\nContent-Disposition: form-data; name="upload"; filename="a.csv"\r\n\r\n',
        "a,b\r\n" * 500_000,
    ]
    whole = "".join(parts).encode() + f"\r\n--{edge}--\r\n".encode()
    sent = {"within the file": len(whole) // 2, "before the file": len(parts[0]) + 20, "nothing": 0}[kept]
    kind = f"multipart/form-data; boundary={edge}"
    answer = cut(ckan, f"{ACTION}/resource_create", kind, whole[:sent], len(whole))
    assert answer[:13] in (b"", b"HTTP/1.1 400 ", b"HTTP/1.1 409 "), answer[:300]
    assert ckan.ask("package_show", {"id": dataset}) == before
    assert stored(ckan) == files


def test_json_and_rows_that_are_cut_leave_nothing(ckan: CkanServer, dataset: str) -> None:
    before = ckan.ask("package_show", {"id": dataset})
    resource = before["resources"][0]["id"]
    body = json.dumps({"id": dataset, "title": "Autre", "notes": "y" * 10_000}).encode()
    answer = cut(ckan, f"{ACTION}/package_patch", "application/json", body[:5_000], len(body))
    assert answer[:13] in (b"", b"HTTP/1.1 400 "), answer[:300]
    description = {"period": "2026-10", "version": "ab" * 32, "fields": [{"id": "a", "type": "int8"}], "full_text": []}
    rows = json.dumps(description).encode() + b"\n" + b"1,1\n" * 50_000
    answer = cut(ckan, f"/ardoise/table/{resource}", "text/csv", rows, len(rows) * 2)
    assert answer[:13] in (b"", b"HTTP/1.1 409 ", b"HTTP/1.1 400 "), answer[:300]
    assert ckan.action("datastore_search", {"resource_id": resource}).status_code == 404
    asked = {"resource_id": resource, "description": description}
    assert ckan.action("ardoise_table_swap", asked, ckan.editor).status_code == 409
    assert ckan.ask("package_show", {"id": dataset}) == before
