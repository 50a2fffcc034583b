"""The publisher, against a real CKAN."""

from __future__ import annotations

import json
import secrets
import socket
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from pydantic import SecretStr

from catalog import CatalogueRefusedError, CatalogueUnavailableError
from catalog.publisher import CkanCatalogue
from tests.catalog_pages import page, water
from tests.catalogue_behavior import CatalogueBehavior, CatalogueWorld
from tests.integration.catalog.conftest import CkanServer


@pytest.fixture
def catalogue(ckan: CkanServer) -> CkanCatalogue:
    return CkanCatalogue(ckan.url, SecretStr(ckan.editor), patience_seconds=10)


@pytest.fixture
def name() -> str:
    return f"eau-{secrets.token_hex(4)}"


class TestCkanCatalogue(CatalogueBehavior):
    @pytest.fixture
    def world(self, ckan: CkanServer, catalogue: CkanCatalogue, name: str) -> CatalogueWorld:
        def rows(dataset: str, period: str) -> list[dict[str, Any]]:
            resources = ckan.ask("package_show", {"id": dataset})["resources"]
            table = next(each["id"] for each in resources if each["role"] == "table")
            query = {"resource_id": table, "filters": {"periode_publiee": period}, "sort": "_id"}
            found: list[dict[str, Any]] = ckan.ask("datastore_search", query)["records"]
            return found

        return CatalogueWorld(catalogue, rows, name)


def test_someone_who_only_knows_ckan_finds_and_reads_it(ckan: CkanServer, catalogue: CkanCatalogue, name: str) -> None:
    catalogue.publish(page(water(name)))

    found = ckan.ask("package_search", {"q": "consommation foyers", "fq": f"name:{name}"})
    assert [each["name"] for each in found["results"]] == [name]
    table = next(each for each in found["results"][0]["resources"] if each["role"] == "table")
    rows = ckan.ask("datastore_search", {"resource_id": table["id"], "filters": {"commune": "Avrillé"}})
    assert [row["foyers_participants"] for row in rows["records"]] == [31]
    notes = {field["id"]: field.get("info", {}).get("notes") for field in rows["fields"]}
    assert notes["foyers_participants"] == "Nombre de points de livraison participants"
    dump = httpx.get(table["url"], timeout=30)
    assert "Avrillé" in dump.text


def test_the_metadata_is_dcat(ckan: CkanServer, catalogue: CkanCatalogue, name: str) -> None:
    catalogue.publish(page(water(name)))

    turtle = httpx.get(f"{ckan.url}/dataset/{name}.ttl", timeout=30).text
    for term in (
        "dcat:Dataset",
        "dcatap:hvdCategory <http://data.europa.eu/bna/c_dd313021>",
        "dcatap:applicableLegislation <http://data.europa.eu/eli/reg_impl/2023/138/oj>",
        "dct:license <https://spdx.org/licenses/etalab-2.0>",
        "spdx:checksumValue",
        "dct:accrualPeriodicity <http://publications.europa.eu/resource/authority/frequency/MONTHLY>",
    ):
        assert term in turtle, term
    for once in ("foaf:Agent", "vcard:Kind", "dcat:DatasetSeries", "dcat:DataService"):
        assert turtle.count(f"a {once}") == 1, once
    distributions = turtle.count("a dcat:Distribution")
    assert distributions == 6
    assert turtle.count("dcat:accessURL") == distributions
    assert turtle.count("dct:format <http://publications.europa.eu/resource/authority/file-type/") == distributions
    linked = httpx.get(f"{ckan.url}/dataset/{name}.jsonld", timeout=30).json()
    assert "dcat:Dataset" in json.dumps(linked)
    catalogue_text = httpx.get(f"{ckan.url}/catalog.ttl?q=*:*&fq=name:{name}", timeout=60).text
    assert f'dct:identifier "{name}"' in catalogue_text
    assert 'foaf:name "Angers Loire Métropole"' in catalogue_text


def test_the_table_stays_marked_however_often_it_is_published(
    ckan: CkanServer, catalogue: CkanCatalogue, name: str
) -> None:
    for _ in range(2):
        catalogue.publish(page(water(name)))
        shown = httpx.get(f"{ckan.url}/api/3/action/package_show?id={name}", timeout=30).json()["result"]
        found = httpx.get(f"{ckan.url}/api/3/action/package_search?fq=name:{name}", timeout=30).json()["result"]
        for dataset in (shown, *found["results"]):
            assert [one["role"] for one in dataset["resources"] if one["datastore_active"] is True] == ["table"]


def test_the_page_shows_the_certificate(ckan: CkanServer, catalogue: CkanCatalogue, name: str) -> None:
    published = catalogue.publish(page(water(name)))
    shown = httpx.get(published.url, timeout=30).text
    assert '<html lang="fr"' in shown
    assert "Certificat d’anonymisation" in shown
    assert "Chaque chiffre publié porte sur au moins 10 points de livraison." in shown
    assert "certificat.html" in shown
    assert "Les 12 foyers qui ont donné leur accord." in shown


def test_a_publication_cut_short_shows_nothing_and_is_mended_by_the_next(
    ckan: CkanServer, catalogue: CkanCatalogue, name: str
) -> None:
    broken = page(water(name))

    def table() -> Any:
        yield from broken.table
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        catalogue.publish(replace(broken, table=table()))
    assert ckan.action("package_show", {"id": name}).status_code == 403
    assert ckan.ask("package_search", {"fq": f"name:{name}"})["count"] == 0

    catalogue.publish(page(water(name)))
    assert ckan.ask("package_search", {"fq": f"name:{name}"})["count"] == 1


def test_the_publisher_is_an_editor_and_nothing_more(ckan: CkanServer) -> None:
    refused = ckan.action("organization_create", {"name": "intrus"}, ckan.editor)
    assert refused.status_code == 403
    assert ckan.action("user_list", {"all_fields": True}, ckan.editor).status_code in (200, 403)
    shown = ckan.ask("organization_show", {"id": "relation-usagers", "include_users": True}, ckan.editor)
    capacities = {user["name"]: user["capacity"] for user in shown["users"]}
    assert capacities["ardoise-editor"] == "editor"
    assert not any(user["sysadmin"] for user in shown["users"] if user["name"] == "ardoise-editor")


def test_a_revoked_token_is_refused_in_words_that_help(ckan: CkanServer, name: str) -> None:
    stranger = CkanCatalogue(ckan.url, SecretStr("not-a-token"), patience_seconds=2)
    with pytest.raises(CatalogueRefusedError, match="ardoise up"):
        stranger.publish(page(water(name)))


def test_a_catalogue_that_is_away(name: str, free_port: int) -> None:
    away = CkanCatalogue(f"http://127.0.0.1:{free_port}", SecretStr("x"), patience_seconds=0.5)
    with pytest.raises(CatalogueUnavailableError, match="publish again"):
        away.publish(page(water(name)))


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_what_changes_is_an_atom_feed_for_those_who_see_the_dataset(
    ckan: CkanServer, catalogue: CkanCatalogue, name: str
) -> None:
    catalogue.publish(page(water(name), "2026-09"))
    catalogue.publish(page(water(name), "2026-10", periods=("2026-10", "2026-09")))
    address = f"{ckan.url}/ardoise/changes/{name}.atom"
    feed = ElementTree.fromstring(httpx.get(address, timeout=30).text)
    titles = [entry.findtext("{*}title") for entry in feed.findall("{*}entry")]
    assert titles == [
        "Octobre 2026 : première publication, 3 lignes.",
        "Septembre 2026 : première publication, 3 lignes.",
    ]
    assert len({entry.findtext("{*}id") for entry in feed.findall("{*}entry")}) == 2
    ckan.ask("package_patch", {"id": name, "private": True}, ckan.editor)
    assert httpx.get(address, timeout=30).status_code == 403
    assert httpx.get(f"{ckan.url}/ardoise/changes/{name}-nowhere.atom", timeout=30).status_code == 404


def test_pages_answer_what_a_reuser_asks(ckan: CkanServer, catalogue: CkanCatalogue, name: str) -> None:
    shown = page(water(name), "2026-09")
    catalogue.publish(shown)
    schema = f"http://open.example/{name}.csv-metadata.json"
    files = [replace(each, schema_url=schema) if each.format == "csv" else each for each in page(water(name)).files]
    catalogue.publish(replace(page(water(name), periods=("2026-10", "2026-09")), files=tuple(files)))
    dataset = httpx.get(f"{ckan.url}/dataset/{name}", timeout=30).text
    changes = dataset.split('id="ard-changes"')[1].split("</section>")[0]
    assert changes.index("Octobre 2026 : première publication") < changes.index("Septembre 2026 : première publication")
    for ending in ("html", "pdf", "json"):
        assert f'href="http://open.example/{name}/v1/2026-10/certificat.{ending}"' in dataset, ending
    assert f'href="http://open.example/{name}/v1/latest/{name}.parquet"' in dataset
    assert f'<link rel="alternate" type="application/atom+xml" title="{shown.contract.title}' in dataset.replace(
        "&#39;", "'"
    )

    found = {(each["role"], each["format"]): each["id"] for each in _resources(ckan, name)}
    table = httpx.get(f"{ckan.url}/dataset/{name}/resource/{found['table', 'CSV']}", timeout=30).text
    dictionary = table.split('id="ard-dictionary"')[1].split("</section>")[0]
    row = dictionary.split("<code>consommation_moyenne_l</code>")[1].split("</tr>")[0]
    assert [part.split("</td>")[0] for part in row.split("<td>")[1:]] == [
        "Volume moyen consommé dans le mois par foyer participant", "nombre", "L"
    ]  # fmt: skip
    assert "SELECT count(*) FROM" in table
    assert "/api/3/action/datastore_search" in table
    csv = httpx.get(f"{ckan.url}/dataset/{name}/resource/{found['latest', 'CSV']}", timeout=30).text
    assert f'<a href="{schema}">Table Schema et dialecte de ce CSV (JSON)</a>' in csv
    assert "Adresse stable" in csv


def _resources(ckan: CkanServer, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ckan.ask("package_show", {"id": name})["resources"]
    return found
