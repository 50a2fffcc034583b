"""What is read page after page by following links: the DCAT catalogue, as a national portal does, and the Atom feeds.

Pages are made small inside a CKAN process of the test's own, so that a handful of datasets fills several.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import pytest
import rdflib
from rdflib.namespace import RDF

from tests.integration.catalog.conftest import CkanServer

SIZE = 3
WALK = """
import json, sys
from urllib.parse import urlsplit
from xml.etree import ElementTree
import rdflib
from ckan.common import config

given = json.load(sys.stdin)
config["ckan.feeds.limit"] = config["ckanext.dcat.datasets_per_page"] = given["size"]
client = application._wsgi_app.test_client()
HYDRA = rdflib.Namespace("http://www.w3.org/ns/hydra/core#")


def following(address, text):
    if ".atom" in address:
        links = ElementTree.fromstring(text).findall("{*}link")
        return next((each.get("href") for each in links if each.get("rel") == "next"), None)
    return next((str(each) for each in rdflib.Graph().parse(data=text, format="xml").objects(None, HYDRA.next)), None)


walks = {}
for name, address in given["starts"].items():
    pages = walks[name] = []
    while address and len(pages) < 300:
        parts = urlsplit(address)
        answer = client.get(f"{parts.path}?{parts.query}", headers={"Authorization": given["token"] or ""})
        pages.append([address, answer.status_code, answer.get_data(as_text=True)])
        address = following(address, pages[-1][2]) if answer.status_code == 200 else None
print(json.dumps(walks))
"""
DCAT = rdflib.Namespace("http://www.w3.org/ns/dcat#")
HYDRA = rdflib.Namespace("http://www.w3.org/ns/hydra/core#")
DCT = rdflib.Namespace("http://purl.org/dc/terms/")

Walk = list[tuple[str, int, str]]  # address, status, text, in the order of the links


@dataclass(frozen=True, slots=True)
class Walked:
    """Every page that links lead to, twice for the catalogue, and which datasets there are."""

    walks: dict[str, Walk]
    public: set[str]  # names
    hidden: dict[str, str]  # names and ids of a private, a draft and a deleted dataset
    mark: str


@pytest.fixture(scope="module")
def walked(ckan: CkanServer) -> Walked:
    mark = secrets.token_hex(4)
    public, hidden = ("a", "b", "c", "d", "e", "f", "g"), ("prive", "brouillon", "efface")
    made = {name: _made(ckan, f"{name}-{mark}") for name in (*public, *hidden)}
    ckan.ask("package_patch", {"id": f"prive-{mark}", "private": True}, ckan.editor)
    ckan.ask("package_patch", {"id": f"brouillon-{mark}", "state": "draft"}, ckan.editor)
    ckan.ask("package_delete", {"id": f"efface-{mark}"}, ckan.editor)
    starts = {
        "catalogue": f"{ckan.url}/catalog.xml",
        "catalogue again": f"{ckan.url}/catalog.xml?page=1",
        "feed": f"{ckan.url}/feeds/dataset.atom",
        "searched": f"{ckan.url}/feeds/custom.atom?q={mark}&tags=%C3%A9t%C3%A9+du+lac&sort=name+desc",
        "tag": f"{ckan.url}/feeds/tag/{mark}.atom",
        "producer": f"{ckan.url}/feeds/organization/relation-usagers.atom",
        "beyond": f"{ckan.url}/feeds/tag/{mark}.atom?page=99",
    }
    # The editor's token: a harvester that may see more is shown no more.
    given = {"size": SIZE, "starts": starts, "token": ckan.editor}
    walks = json.loads(ckan.script(WALK, json.dumps(given)).splitlines()[-1])
    return Walked(walks, set(ckan.ask("package_list")), {f"{name}-{mark}": made[name] for name in hidden}, mark)


def _made(ckan: CkanServer, name: str) -> str:
    tags = [{"name": name.partition("-")[2]}, {"name": "été du lac"}]
    described = {"name": name, "title": f"Page {name}", "notes": "x", "owner_org": "relation-usagers", "tags": tags}
    return str(ckan.ask("package_create", described, ckan.editor)["id"])


def entries(text: str) -> list[str]:
    """The names of a page's datasets."""
    found = [each.findall("{*}link") for each in ElementTree.fromstring(text).findall("{*}entry")]
    return [str(each[-1].get("href")).partition("id=")[2] for each in found]


def links(text: str) -> dict[str, str]:
    return {str(each.get("rel")): str(each.get("href")) for each in ElementTree.fromstring(text).findall("{*}link")}


def harvested(walk: Walk) -> list[tuple[str, str]]:
    """Each dataset's address and identifier, in the order of the pages."""
    found = []
    for _, status, text in walk:
        assert status == 200
        graph = rdflib.Graph().parse(data=text, format="xml")
        listed = set(graph.objects(None, DCAT.dataset))
        assert listed == set(graph.subjects(RDF.type, DCAT.Dataset)) & listed
        found += sorted((str(each), str(graph.value(each, DCT.identifier))) for each in listed)
    return found


def test_a_portal_that_follows_links_finds_each_public_dataset_once_and_no_other(
    ckan: CkanServer, walked: Walked
) -> None:
    walk = walked.walks["catalogue"]
    found = harvested(walk)
    total = {
        int(str(each)) for each in rdflib.Graph().parse(data=walk[0][2], format="xml").objects(None, HYDRA.totalItems)
    }
    assert total == {len(walked.public)}
    assert len(walk) == -(-len(walked.public) // SIZE) > 2
    assert len({address for address, _ in found}) == len(found) == len(walked.public)
    shown = [ckan.ask("package_show", {"id": name}) for name in sorted(walked.public)]
    assert {identifier for _, identifier in found} == {each.get("identifier") or each["id"] for each in shown}
    everything = "".join(text for _, _, text in walk)
    for each in (*walked.hidden, *walked.hidden.values()):
        assert each not in everything
    assert harvested(walked.walks["catalogue again"]) == found


@pytest.mark.parametrize("feed", ["feed", "searched", "tag", "producer"])
def test_the_links_of_a_feed_lead_over_every_page_and_back(walked: Walked, feed: str) -> None:
    walk = walked.walks[feed]
    assert {status for _, status, _ in walk} == {200}
    found = [name for _, _, text in walk for name in entries(text)]
    assert len(found) == len(set(found))
    ours = {name for name in walked.public if name.endswith(walked.mark)}
    assert ours <= set(found) <= walked.public
    assert len(walk) == -(-len(found) // SIZE) >= 3
    identities: list[Any] = [ElementTree.fromstring(text).findtext("{*}id") for _, _, text in walk]
    assert len(set(identities)) == 1
    for number, (address, _, text) in enumerate(walk):
        told = links(text)
        assert told.get("prev") == (links(walk[number - 1][2])["self"] if number else None)
        assert (told["first"], told["last"]) == (links(walk[0][2])["self"], links(walk[-1][2])["self"])
        assert number == 0 or told["self"] == address
        for hidden in (*walked.hidden, *walked.hidden.values()):
            assert hidden not in text
        asked = f"?q={walked.mark}&tags=%C3%A9t%C3%A9+du+lac&sort=name+desc"
        assert (asked in told["self"]) == (feed == "searched")


def test_a_page_behind_the_last_one_leads_back(walked: Walked) -> None:
    ((_, status, text),) = walked.walks["beyond"]
    assert (status, entries(text)) == (200, [])
    assert links(text)["prev"] == links(text)["last"] == f"{links(text)['first']}?page=3"
    assert "next" not in links(text)
