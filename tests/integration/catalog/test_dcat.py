"""What the catalogue says in RDF: three serializations of the same, which keep to the shapes of this project."""

from __future__ import annotations

import secrets
from dataclasses import replace

import httpx
import pytest
import rdflib
from pydantic import SecretStr
from pyshacl import validate
from rdflib.namespace import RDF

from catalog.publisher import CkanCatalogue
from policies import DatasetId
from tests import dcat_shapes
from tests.catalog_pages import page, sample_page, territory, water
from tests.integration.catalog.conftest import CkanServer

FORMATS = {"ttl": "turtle", "jsonld": "json-ld", "rdf": "xml"}
DCAT = rdflib.Namespace("http://www.w3.org/ns/dcat#")
HYDRA = rdflib.Namespace("http://www.w3.org/ns/hydra/core#")
DCT = rdflib.Namespace("http://purl.org/dc/terms/")
DCATAP = rdflib.Namespace("http://data.europa.eu/r5r/")
SPDX = rdflib.Namespace("http://spdx.org/rdf/terms#")


@pytest.fixture(scope="module")
def names(ckan: CkanServer) -> list[str]:
    """Three shipped contracts, published; the first one's next major version too."""
    catalogue, mark = CkanCatalogue(ckan.url, SecretStr(ckan.editor)), secrets.token_hex(4)
    periodic = replace(water(f"eau-{mark}"), tags=(mark,))
    catalogue.publish(page(periodic, "2026-09"))
    catalogue.publish(page(periodic, "2026-10", periods=("2026-10", "2026-09")))
    catalogue.publish(page(replace(water(f"eau-{mark}", major=2), tags=(mark,))))
    others = [sample_page(DatasetId(name), f"{name}-{mark}", mark) for name in ("parking", "citizen-reports")]
    for each in others:
        catalogue.publish(each)
    assert {"parking", "citizen-reports", "water-meters"} <= set(territory().contracts)
    return [str(periodic.id), f"{periodic.id}-v2", *(each.name for each in others)]


def read(ckan: CkanServer, path: str, extension: str = "ttl", query: str = "") -> rdflib.Graph:
    answer = httpx.get(f"{ckan.url}/{path}.{extension}{query}", timeout=60)
    assert answer.status_code == 200, answer.text
    return rdflib.Graph().parse(data=answer.text, format=FORMATS[extension])


def complaints(graph: rdflib.Graph) -> str:
    conforms, _, text = validate(graph, shacl_graph=dcat_shapes.shapes())
    return "" if conforms else str(text)


def test_every_dataset_and_the_catalogue_keep_to_the_shapes(ckan: CkanServer, names: list[str]) -> None:
    for name in names:
        assert complaints(read(ckan, f"dataset/{name}")) == ""
    assert complaints(read(ckan, "catalog", query=f"?fq=tags:{names[0].removeprefix('eau-')}")) == ""


@pytest.mark.parametrize("path", ["dataset/{}", "catalog"])
def test_three_serializations_say_the_same(ckan: CkanServer, names: list[str], path: str) -> None:
    query = "" if "{}" in path else f"?fq=name:{names[0]}"
    sizes = {extension: len(read(ckan, path.format(names[0]), extension, query)) for extension in FORMATS}
    assert len(set(sizes.values())) == 1, sizes


@pytest.mark.parametrize(
    ("subject", "predicate"),
    [
        (DCAT.Dataset, DCT.title),
        (DCAT.Dataset, DCAT.contactPoint),
        (DCAT.Dataset, DCATAP.applicableLegislation),
        (DCAT.Dataset, DCAT.inSeries),
        (DCAT.Distribution, DCAT.accessURL),
        (DCAT.Distribution, DCT.license),
        (DCAT.Distribution, DCATAP.applicableLegislation),
        (DCAT.Distribution, SPDX.checksum),
        (DCAT.DataService, DCAT.endpointURL),
        (DCAT.DatasetSeries, DCT.title),
    ],
)
def test_the_shapes_notice_what_is_missing(
    ckan: CkanServer, names: list[str], subject: rdflib.URIRef, predicate: rdflib.URIRef
) -> None:
    graph = read(ckan, f"dataset/{names[0]}")
    for each in list(graph.subjects(RDF.type, subject)):
        graph.remove((each, predicate, None))
    assert complaints(graph) != ""


def test_a_periodic_dataset_is_a_series_with_a_member_a_period(ckan: CkanServer, names: list[str]) -> None:
    graph = read(ckan, f"dataset/{names[0]}")
    dataset = rdflib.URIRef(f"{ckan.url}/dataset/{names[0]}")
    members = set(graph.subjects(DCAT.inSeries, rdflib.URIRef(f"{dataset}#serie")))
    october, september = rdflib.URIRef(f"{dataset}#2026-10"), rdflib.URIRef(f"{dataset}#2026-09")
    assert members == {dataset, october, september}
    assert graph.value(october, DCAT.prev) == september
    assert len(set(graph.objects(october, DCAT.distribution))) == len(water().release.formats)
    successor = rdflib.URIRef(f"{ckan.url}/dataset/{names[1]}")
    assert (dataset, DCT.isReplacedBy, successor) in graph


def test_a_catalogue_asked_in_nonsense_answers_so(ckan: CkanServer) -> None:
    answer = httpx.get(f"{ckan.url}/catalog.ttl?fq=name:(x", timeout=60)
    assert (answer.status_code, "<html" in answer.text) == (400, False)


def test_a_portal_harvests_each_dataset_once_under_an_address_that_stays(ckan: CkanServer, names: list[str]) -> None:
    def harvested() -> tuple[list[str], int]:
        found, total, number = [], -1, 1
        while True:
            graph = read(ckan, "catalog", query=f"?page={number}")
            subjects = [str(each) for each in graph.objects(None, DCAT.dataset)]
            total = int(str(next(graph.objects(None, HYDRA.totalItems))))
            found += subjects
            if not subjects or len(found) >= total:
                return found, total
            number += 1

    found, total = harvested()
    assert len(found) == len(set(found)) == total
    assert {f"{ckan.url}/dataset/{name}" for name in names} <= set(found)
    assert sorted(harvested()[0]) == sorted(found)
