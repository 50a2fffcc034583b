"""CKAN's own search, commands and pages over the PostgreSQL index; above all, who sees what."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.integration.catalog.conftest import CkanServer

HOME, NEIGHBOUR = "relation-usagers", "stationnement-angers"
SCRIPT = """
import json, sys
from ckan import model
from ckan.logic import get_action
site = {"ignore_auth": True, "user": get_action("get_site_user")({"ignore_auth": True}, {})["name"]}
tokens = {}
for name, (organization, role) in json.load(sys.stdin).items():
    user = model.User.get(name) or model.User(name=name, email=name + "@example.org")
    model.Session.add(user)
    model.Session.commit()
    if organization:
        member = {"id": organization, "username": name, "role": role}
        get_action("organization_member_create")(dict(site), member)
    made = get_action("api_token_create")({"ignore_auth": True, "user": name}, {"user": name, "name": "test"})
    tokens[name] = made["token"]
print(json.dumps(tokens))
"""


@dataclass(frozen=True, slots=True)
class People:
    """API tokens by role; None is anybody."""

    tokens: dict[str, str | None]
    mark: str  # a word that stands in every dataset of this test run
    private: str
    public: str
    draft: str


@pytest.fixture(scope="module")
def people(ckan: CkanServer) -> People:
    mark = secrets.token_hex(4)
    roles = {
        f"m{mark}": (HOME, "member"),
        f"e{mark}": (HOME, "editor"),
        f"a{mark}": (HOME, "admin"),
        f"n{mark}": (NEIGHBOUR, "admin"),
        f"s{mark}": (None, None),
        "ckan-admin": (None, None),
    }
    made = json.loads(ckan.script(SCRIPT, json.dumps(roles)).splitlines()[-1])
    known = ("member", "editor", "admin", "neighbour", "stranger", "sysadmin")
    tokens = dict(zip(known, (made[name] for name in roles), strict=True))
    editor = tokens["editor"]
    for name, extra in (("prive", {"private": True}), ("public", {}), ("brouillon", {})):
        ckan.ask(
            "package_create",
            {
                "name": f"{name}-{mark}",
                "title": f"Qualité des élagages {name}",
                "notes": f"Les forêts communales {mark}",
                "owner_org": HOME,
                "tags": [{"name": f"tag {mark}"}, {"name": name}],
                **extra,
            },
            editor,
        )
    drafted = ckan.ask("package_patch", {"id": f"brouillon-{mark}", "state": "draft"}, editor)
    assert drafted["state"] == "draft"
    return People({**tokens, "anybody": None}, mark, f"prive-{mark}", f"public-{mark}", f"brouillon-{mark}")


def names(found: Any) -> set[str]:
    return {each["name"] for each in found["results"]}


INSIDERS = ("member", "editor", "admin", "sysadmin")
OUTSIDERS = ("anybody", "stranger", "neighbour")


@pytest.mark.parametrize("role", [*INSIDERS, *OUTSIDERS])
def test_a_default_search_never_shows_what_is_private(ckan: CkanServer, people: People, role: str) -> None:
    for query in ({}, {"q": people.mark}, {"q": "*:*", "rows": 1000}, {"fq": f'tags:"tag {people.mark}"'}):
        assert names(ckan.ask("package_search", query, people.tokens[role])) & {people.private, people.draft} == set()


@pytest.mark.parametrize("role", INSIDERS)
def test_those_of_the_organization_see_it_when_they_ask(ckan: CkanServer, people: People, role: str) -> None:
    found = ckan.ask("package_search", {"q": people.mark, "include_private": True}, people.tokens[role])
    assert names(found) == {people.private, people.public}


@pytest.mark.parametrize("role", OUTSIDERS)
@pytest.mark.parametrize(
    "query",
    [
        {"include_private": True},
        {"include_private": True, "include_drafts": True, "include_deleted": True},
        {"include_private": True, "fq": "capacity:private"},
        {"include_private": True, "fq": "+capacity:(public OR private)"},
        {"include_private": True, "fq": "-capacity:public"},
        {"include_private": True, "fq": "*:*"},
        {"include_private": True, "fq_list": ["*:*", "capacity:private"]},
        {"include_private": True, "q": "name:prive*"},
        {"include_private": True, "q": "*:* OR capacity:private"},
        {"include_private": True, "fq": 'permission_labels:"member-x"'},
        {"include_private": True, "fq": "+state:(active OR draft)"},
    ],
)
def test_nobody_else_ever_does(ckan: CkanServer, people: People, role: str, query: dict[str, Any]) -> None:
    answer = ckan.action("package_search", {"rows": 1000, "facet.field": ["tags"], **query}, people.tokens[role])
    assert answer.status_code == 200, answer.text
    result = answer.json()["result"]
    assert names(result) & {people.private, people.draft} == set()
    assert result["facets"].get("tags", {}).get("prive") is None


@pytest.mark.parametrize("role", [*INSIDERS, *OUTSIDERS])
@pytest.mark.parametrize(
    "query",
    [
        {"fq": "OR *:*"},
        {"fq": "capacity:private OR capacity:public"},
        {"fq": "+capacity:private"},
        {"fq": "+capacity:(public OR private)"},
        {"fq": "tags:a OR *:* OR"},
        {"fq_list": ["*:*", "OR +capacity:private", "-capacity:public OR *:*"]},
        {"q": "*:* OR capacity:private OR state:draft"},
        {"q": "capacity:private", "defType": "edismax", "mm": "0"},
        {"q": "-(-capacity:private)"},
        {"fq": "-(-capacity:private)"},
    ],
)
def test_no_filter_opens_a_default_search(ckan: CkanServer, people: People, role: str, query: dict[str, Any]) -> None:
    answer = ckan.action("package_search", {"rows": 1000, "facet.field": ["tags"], **query}, people.tokens[role])
    assert answer.status_code in (200, 409), answer.text
    if answer.status_code == 200:
        result = answer.json()["result"]
        assert names(result) & {people.private, people.draft} == set()
        assert result["facets"]["tags"].get("prive") is None


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"fq": "tags:a) OR (*:*"}, 409),
        ({"fq": "(tags:a"}, 409),
        ({"fq": 'tags:"a'}, 409),
        ({"fq": "{!lucene}capacity:private"}, 409),
        ({"q": "_query_:x"}, 409),
        ({"q": "title:(eau"}, 409),
        ({"q": "--included"}, 409),
        ({"q": "title:/e.u/"}, 409),
        ({"q": "metadata_modified:[hier TO *]"}, 409),
        ({"q": "a" * 50_001}, 409),
        ({"start": 10**30}, 409),
        ({"rows": 10**30}, 200),  # as many as the site allows
        ({"start": 2**31 - 1}, 200),
        ({"rows": -1}, 409),
        ({"facet.field": ["permission_labels"]}, 409),
        ({"facet.field": ["unheard_of"]}, 200),
        ({"facet.field": ["tags') FROM x; --"]}, 409),
        ({"facet.limit": -7}, 409),
        ({"sort": "title asc"}, 400),
        ({"sort": "name asc; DROP TABLE package"}, 400),
        ({"sort": "metadata_modified"}, 400),
        ({"ext_bbox": "a,b,c,d"}, 400),
        ({"q": "eau'; DROP TABLE package; --"}, 200),
        ({"hl": "true"}, 400),
    ],
)
def test_what_is_not_understood_is_an_error(ckan: CkanServer, query: dict[str, Any], status: int) -> None:
    answer = ckan.action("package_search", query)
    assert (answer.status_code, answer.json()["success"]) == (status, status == 200), answer.text


def test_an_error_says_what_is_not_understood(ckan: CkanServer) -> None:
    answer = ckan.action("package_search", {"q": "title:(eau"})
    told = answer.json()["error"]["message"]
    assert "une parenthèse n" in told
    assert "permission_labels" not in told  # nor any other filter that nobody typed
    assert "start est un nombre" in ckan.action("package_search", {"start": 10**30}).json()["error"]["message"]
    beyond = ckan.action("package_autocomplete", {"q": "eau", "limit": 10**20})
    assert (beyond.status_code, "est un nombre entier" in beyond.json()["error"]["limit"][0]) == (409, True)
    page = httpx.get(f"{ckan.url}/dataset/?q=--eau", timeout=60)
    assert (page.status_code, 'id="search-error"' in page.text) == (200, True)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/feeds/custom.atom?q=title:[a", 400, "Recherche refusée : la recherche n'est pas comprise"),
        ("/feeds/dataset.atom?page=99999999999999999999", 400, "start est un nombre"),
        ("/catalog.ttl?q=title:[a", 400, "Recherche refusée : la recherche n'est pas comprise"),
        ("/catalog.ttl?page=99999999999999999999", 400, "start est un nombre"),
        ("/catalog.ttl?page=-1", 409, "positive integer"),
        ("/catalog.nowhere", 404, "ttl, jsonld, rdf ou xml"),
    ],
)
def test_feeds_and_rdf_say_why_they_are_refused(ckan: CkanServer, path: str, status: int, said: str) -> None:
    answer = httpx.get(f"{ckan.url}{path}", timeout=60)
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    assert "permission_labels" not in answer.text


def test_the_search_tells_its_own_time(ckan: CkanServer) -> None:
    answer = ckan.action("package_search", {"q": "eau"})
    assert answer.headers["Server-Timing"].startswith("search;dur=")


def test_pages_of_the_site_hide_it_too(ckan: CkanServer, people: People) -> None:
    for path in (f"/dataset/?q={people.mark}", f"/organization/{HOME}", f"/feeds/organization/{HOME}.atom"):
        shown = httpx.get(ckan.url + path, timeout=60)
        assert shown.status_code == 200, path
        assert people.private not in shown.text
    assert people.public in httpx.get(f"{ckan.url}/dataset/?q={people.mark}", timeout=60).text
    assert people.private not in httpx.get(f"{ckan.url}/catalog.ttl", timeout=60).text


Search = Callable[..., Any]


@pytest.fixture
def search(ckan: CkanServer, people: People) -> Search:
    def run(**query: Any) -> Any:
        fq = f'tags:"tag {people.mark}" {query.pop("fq", "")}'.strip()
        return ckan.ask("package_search", {"include_private": True, "fq": fq, **query}, people.tokens["editor"])

    return run


@pytest.mark.parametrize(
    "words", ["forêt communale", "FORET", "qualites", "élagage forets", '"forêts communales"', "-voirie"]
)
def test_french_words(search: Search, people: People, words: str) -> None:
    assert names(search(q=words)) == {people.private, people.public}


@pytest.mark.parametrize("words", ["voirie", "forêt voirie", '"communales forêts"', "-forêt"])
def test_words_that_are_not_there(search: Search, words: str) -> None:
    assert search(q=words)["count"] == 0


def test_order_pages_and_fields(search: Search, people: People) -> None:
    both = sorted((people.private, people.public))
    ordered = [each["name"] for each in search(sort="name asc")["results"]]
    assert ordered == both
    assert [each["name"] for each in search(sort="name desc")["results"]] == both[::-1]
    page = search(sort="name asc", rows=1, start=1)
    assert (page["count"], [each["name"] for each in page["results"]]) == (2, both[1:])
    assert search(sort="name asc", fl=["name"])["results"] == [{"name": name} for name in both]
    assert search(rows=0)["results"] == []


def test_facets_count_what_is_found(search: Search) -> None:
    facets = search(**{"facet.field": ["tags", "organization"]})["search_facets"]
    assert {item["name"]: item["count"] for item in facets["tags"]["items"]}["public"] == 1
    assert facets["organization"]["items"][0]["count"] == 2
    assert facets["organization"]["items"][0]["display_name"] == "Relation avec les habitants"


def test_flat_clauses(search: Search, people: People) -> None:
    assert names(search(fq="-tags:prive")) == {people.public}
    assert names(search(fq="+capacity:private")) == {people.private}
    assert names(search(fq="metadata_modified:[2020-01-01T00:00:00Z TO NOW]")) == {people.private, people.public}
    assert search(fq="metadata_modified:[* TO 2020-01-01T00:00:00Z]")["count"] == 0
    assert names(search(q='title:"élagages public"')) == {people.public}
    assert names(search(q=f"name:prive-{people.mark[:3]}*")) == {people.private}
    assert names(search(fq="tags:prive OR tags:public")) == {people.private, people.public}
    assert names(search(fq="metadata_modified:[NOW/DAY-1DAY TO NOW+1HOUR]")) == {people.private, people.public}
    assert names(search(q="élagage", qf="title^2", defType="edismax")) == {people.private, people.public}


def test_a_box_of_the_map(ckan: CkanServer, people: People) -> None:
    name, geometry = f"carte-{people.mark}", {"type": "Point", "coordinates": [-0.55, 47.47]}
    extra = {"key": "spatial", "value": json.dumps(geometry)}
    editor = people.tokens["editor"]
    fields = {"name": name, "title": "Carte", "notes": "x", "owner_org": HOME, "extras": [extra]}
    ckan.ask("package_create", fields, editor)
    inside, outside = ({"fq": f"name:{name}", "ext_bbox": box} for box in ("-1,47,0,48", "2,47,3,48"))
    assert (ckan.ask("package_search", inside)["count"], ckan.ask("package_search", outside)["count"]) == (1, 0)
    ckan.ask("package_delete", {"id": name}, editor)


def test_autocompletion(ckan: CkanServer, people: People) -> None:
    hidden = ckan.ask("package_autocomplete", {"q": people.mark})
    assert [each["name"] for each in hidden] == [people.public]
    misspelt = ckan.ask("package_autocomplete", {"q": "élagagse", "limit": 100})
    assert people.public in {each["name"] for each in misspelt}
    seen = ckan.ask("package_autocomplete", {"q": people.mark}, people.tokens["member"])
    assert {each["name"] for each in seen} >= {people.public, people.private}


def test_rebuild_check_and_show(ckan: CkanServer, people: People, search: Search) -> None:
    ckan.command("search-index", "clear", people.public)
    assert names(search()) == {people.private}
    assert "1 out of" in ckan.command("search-index", "check")
    ckan.command("search-index", "rebuild-fast")
    assert names(search()) == {people.private, people.public}
    assert names(ckan.ask("package_search", {"q": people.mark})) == {people.public}
    ckan.command("search-index", "clear")
    assert search()["count"] == 0
    ckan.command("search-index", "rebuild")
    assert names(search()) == {people.private, people.public}
    assert names(ckan.ask("package_search", {"q": people.mark})) == {people.public}
    assert "1 out of" not in ckan.command("search-index", "check")
    assert people.public in ckan.command("search-index", "show", people.public)


def test_changes_show_at_once_and_deletion_too(ckan: CkanServer, people: People) -> None:
    editor, name = people.tokens["editor"], f"bref-{people.mark}"
    ckan.ask("package_create", {"name": name, "title": "Bref", "notes": "x", "owner_org": HOME}, editor)
    assert ckan.ask("package_search", {"fq": f"name:{name}"})["count"] == 1
    ckan.ask("package_patch", {"id": name, "private": True}, editor)
    assert ckan.ask("package_search", {"fq": f"name:{name}", "include_private": True})["count"] == 0
    ckan.ask("package_patch", {"id": name, "private": False}, editor)
    assert ckan.ask("package_search", {"fq": f"name:{name}"})["count"] == 1
    ckan.ask("package_delete", {"id": name}, editor)
    assert ckan.ask("package_search", {"fq": f"name:{name}"})["count"] == 0
