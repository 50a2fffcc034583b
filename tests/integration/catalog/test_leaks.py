"""A restricted dataset shows through no endpoint, to nobody who may not see it: pages, feeds, RDF, tables, API."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, replace

import httpx
import pytest
from pydantic import SecretStr

from catalog.publisher import CkanCatalogue
from tests.catalog_pages import ROWS, page, water
from tests.integration.catalog.conftest import CkanServer
from tests.integration.catalog.test_search import SCRIPT

NEIGHBOUR = "stationnement-angers"


@dataclass(frozen=True, slots=True)
class Restricted:
    """A dataset made private after it was published, a word that stands in it alone, and API tokens by role."""

    name: str
    word: str  # in its title, its tags and a row of its table; in no address
    id: str
    table: str
    file: str
    tokens: dict[str, str | None]


@pytest.fixture(scope="module")
def restricted(ckan: CkanServer) -> Restricted:
    word, name, mark = f"secret{secrets.token_hex(5)}", f"eau-{secrets.token_hex(4)}", secrets.token_hex(4)
    contract = replace(water(name), title=f"Consommation des foyers participants {word}", tags=(word, "eau"))
    searched = replace(contract, release=replace(contract.release, full_text=("commune",)))
    shown = page(searched, rows=[{**ROWS[0], "commune": word}, *ROWS[1:]])
    CkanCatalogue(ckan.url, SecretStr(ckan.editor)).publish(shown)
    dataset = ckan.ask("package_patch", {"id": name, "private": True}, ckan.editor)
    roles = {f"x{mark}": (None, None), f"y{mark}": (NEIGHBOUR, "editor")}
    made = json.loads(ckan.script(SCRIPT, json.dumps(roles)).splitlines()[-1])
    tokens = {"anybody": None, **dict(zip(("stranger", "editor elsewhere"), made.values(), strict=True))}
    resources = {each["role"]: each["id"] for each in dataset["resources"]}
    return Restricted(name, word, dataset["id"], resources["table"], resources["period"], tokens)


def addresses(restricted: Restricted) -> list[str]:
    """Wherever it could show; a search is for the beginning of its word, for a page repeats what it was asked."""
    name, table, start, action = restricted.name, restricted.table, restricted.word[:11], "/api/3/action"
    return [
        "/",
        f"/dataset/?q={start}",
        f"/dataset/{name}",
        f"/dataset/{restricted.id}",
        f"/dataset/{name}/resource/{table}",
        f"/dataset/{name}/resource/{restricted.file}",
        "/organization/relation-usagers",
        "/group/eau",
        "/feeds/dataset.atom",
        "/feeds/organization/relation-usagers.atom",
        "/feeds/group/eau.atom",
        f"/feeds/custom.atom?q={start}",
        f"/ardoise/changes/{name}.atom",
        f"/ardoise/verify/{name}",
        f"/ardoise/verify/{restricted.id}",
        f"/ardoise/write/{name}",
        "/catalog.ttl",
        f"/catalog.ttl?fq=name:{name}",
        f"/catalog.ttl?q={start}",
        *(f"/dataset/{each}.{form}" for each in (name, restricted.id) for form in ("ttl", "jsonld", "rdf")),
        f"/datastore/dump/{table}",
        f"/datastore/dump/{table}?format=json",
        f"/datastore/dictionary_download/{table}",
        f"{action}/datastore_search?resource_id={table}",
        f"{action}/datastore_search?resource_id={table}&q={start}:*&plain=false",
        f'{action}/datastore_search_sql?sql=SELECT * FROM "{table}"',
        f"{action}/datastore_info?id={table}",
        f"{action}/ardoise_table_show?resource_id={table}",
        f"{action}/package_show?id={name}",
        f"{action}/resource_show?id={table}",
        f"{action}/package_list",
        f"{action}/current_package_list_with_resources?limit=1000",
        f"{action}/package_autocomplete?q={start}",
        f"{action}/package_search?q={start}",
        f"{action}/package_search?include_private=true&rows=1000",
        f"{action}/resource_search?query=name:CSV",
        f"{action}/resource_view_list?id={table}",
        f"{action}/tag_list",
        f"{action}/tag_autocomplete?q={start}",
        f"{action}/tag_search?query={start}",
        f"{action}/organization_show?id=relation-usagers&include_datasets=true",
        f"{action}/group_package_show?id=eau",
        f"{action}/dcat_dataset_show?id={name}",
        f"{action}/dcat_catalog_show?q={start}",
    ]


def open_as(ckan: CkanServer, address: str, token: str | None) -> httpx.Response:
    headers = {"Authorization": token} if token else {}
    return httpx.get(ckan.url + address, headers=headers, timeout=60, follow_redirects=True)


@pytest.mark.parametrize("role", ["anybody", "stranger", "editor elsewhere"])
def test_nobody_else_finds_a_trace_of_it(ckan: CkanServer, restricted: Restricted, role: str) -> None:
    for address in addresses(restricted):
        answer = open_as(ckan, address, restricted.tokens[role])
        assert answer.status_code < 500, address
        assert restricted.word not in answer.text, address


def test_nobody_lists_the_tables_that_there_are(ckan: CkanServer, restricted: Restricted) -> None:
    answer = open_as(ckan, "/api/3/action/datastore_search?resource_id=_table_metadata&limit=32000", None)
    assert restricted.table not in answer.text
    assert answer.status_code in (403, 404)


def test_its_editor_finds_it_in_those_places(ckan: CkanServer, restricted: Restricted) -> None:
    """The test above looks where it could show."""
    places = [
        f"/dataset/{restricted.name}",
        f"/dataset/{restricted.name}.ttl",
        f"/ardoise/changes/{restricted.name}.atom",
        f"/ardoise/verify/{restricted.name}",
        f"/ardoise/write/{restricted.name}",
        f"/datastore/dump/{restricted.table}",
        f"/api/3/action/datastore_search?resource_id={restricted.table}",
        f"/api/3/action/package_show?id={restricted.name}",
        "/api/3/action/package_search?include_private=true&rows=1000",
        "/api/3/action/tag_list",
    ]
    for address in places:
        assert address in addresses(restricted)
        assert restricted.word in open_as(ckan, address, ckan.editor).text, address
