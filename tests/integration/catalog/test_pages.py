"""The catalogue's pages in a real browser: what a visitor does, on a phone and on a desktop; what axe-core finds.

Three small releases have real files in the open bucket. Nothing is asked of another site.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from pydantic import SecretStr

from catalog.publisher import CkanCatalogue
from policies import DatasetId
from stack.service import StackContext
from storage import S3ObjectStore
from tests.catalog_pages import territory
from tests.integration.catalog.conftest import CkanServer
from tests.releases import a_period, released
from tests.stack_fixtures import ObjectStoreServer

WIDTHS = {"phone": 390, "desktop": 1280}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WATER, REPORTS, PARKING = "water-meters", "citizen-reports", "parking"
Open = Callable[[str, str], Page]


@dataclass(frozen=True, slots=True)
class Site:
    """A catalogue with three datasets: their names in it, and where their files stand."""

    ckan: CkanServer
    names: dict[str, str]
    store: S3ObjectStore
    base: str  # of the open bucket

    def page(self, dataset: str) -> str:
        """The path of a dataset's page."""
        return f"/dataset/{self.names[dataset]}"

    def resource(self, dataset: str, role: str, format_: str = "CSV") -> dict[str, str]:
        """A resource of a dataset, as CKAN shows it."""
        shown = self.ckan.ask("package_show", {"id": self.names[dataset]})
        found: dict[str, str] = next(
            each for each in shown["resources"] if (each["role"], each["format"]) == (role, format_)
        )
        return found

    def view(self, dataset: str, kind: str) -> str:
        """The path of a way to look at a dataset's table."""
        table = self.resource(dataset, "table")["id"]
        views = self.ckan.ask("resource_view_list", {"id": table})
        number = next(view["id"] for view in views if view["view_type"] == kind)
        return f"{self.page(dataset)}/resource/{table}?view_id={number}"


@pytest.fixture(scope="module")
def site(ckan: CkanServer, object_store: ObjectStoreServer) -> Site:
    s3 = object_store.s3
    store = S3ObjectStore(s3, s3.open_bucket, object_store.credential("admin"))
    base = f"{s3.endpoint.rstrip('/')}/{s3.open_bucket}"
    catalogue = CkanCatalogue(ckan.url, SecretStr(ckan.editor), patience_seconds=10)
    names = {dataset: f"{dataset}-{secrets.token_hex(4)}" for dataset in (WATER, REPORTS, PARKING)}
    for dataset, name in names.items():
        period = a_period(territory().contracts[DatasetId(dataset)])
        catalogue.publish(released(store, base, dataset, period, name=name))
    return Site(ckan, names, store, base)


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Open]:
    """Opens a path in a window of its own; whatever goes wrong in it, or is asked of another site, fails the test."""
    contexts, wrong = [], []
    known = {urlsplit(site.ckan.url).netloc, urlsplit(site.base).netloc}

    def visit(path: str, width: str = "desktop") -> Page:
        context = browser.new_context(viewport={"width": WIDTHS[width], "height": 844}, locale="fr-FR")
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: wrong.append(asked.url) if _elsewhere(asked.url, known) else None)
        answer = page.goto(site.ckan.url + path)
        assert answer is not None
        assert answer.status == 200, path
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not wrong


def _elsewhere(url: str, known: set[str]) -> bool:
    return url.startswith("http") and urlsplit(url).netloc not in known


def paths(site: Site) -> list[str]:
    """Every kind of page, those of a dataset for the one that shows most of it."""
    water = site.names[WATER]
    listed = ["/", "/about", "/ardoise/guide", "/ardoise/guide/en"]
    listed += ["/organization/", "/organization/stationnement-angers"]
    listed += [f"/dataset/?q={water}", "/dataset/?q=rien-de-tel", site.page(WATER), site.page(PARKING)]
    listed += [f"/ardoise/verify/{water}", f"/ardoise/write/{water}"]
    listed += [site.view(WATER, "ardoise_table"), site.view(WATER, "ardoise_chart"), site.view(REPORTS, "ardoise_map")]
    return [*listed, f"{site.page(WATER)}/resource/{site.resource(WATER, 'latest')['id']}"]


def violations(page: Page) -> list[str]:
    """What axe-core finds, a line each."""
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{each['id']} ({each['impact']}): {each['nodes'][0]['html'][:200]}" for each in found]


def test_axe_finds_nothing_on_any_page_and_none_scrolls_sideways(site: Site, visit: Open) -> None:
    found, page = {}, visit("/", "desktop")  # one window: each that opens costs half a second
    for path in paths(site):
        answer = page.goto(site.ckan.url + path)
        assert answer is not None
        assert answer.status == 200, path
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        for width in WIDTHS.values():
            page.set_viewport_size({"width": width, "height": 844})
            found[path, width] = violations(page)
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found[path, width].append("scrolls sideways")
    assert not {place: each for place, each in found.items() if each}


@pytest.mark.parametrize("width", WIDTHS)
def test_a_visitor_searches_opens_looks_downloads_and_verifies(site: Site, visit: Open, width: str) -> None:
    page = visit("/", width)
    page.get_by_role("searchbox").fill(f"consommation {site.names[WATER]}")
    page.get_by_role("button", name="Chercher").click()
    page.wait_for_url("**/dataset/?q=**")  # whole: the next button does nothing before its script has come
    if width == "phone":
        page.get_by_role("button", name="Filtrer les résultats").click()
    page.get_by_role("link", name="Eau d'Angers Loire Métropole 1 jeu").click()
    page.wait_for_url("**organization=eau-angers-loire-metropole**")
    if width == "phone":
        expect(page.locator(".hide-filters")).to_be_hidden()
    page.locator(".ard-card a").filter(has_text="Consommation d'eau").first.click()
    expect(page.locator("h1")).to_contain_text("Consommation d'eau des foyers participants")
    expect(page.locator(".ard-meta .ard-badge")).to_be_visible()
    assert page.locator(".ard-lineage path").count() == 7
    assert not page.get_by_text("Social", exact=True).count()

    page.get_by_role("link", name="Parcourir").click()
    page.get_by_label("Chercher").fill("trélazé")
    page.get_by_role("button", name="Filtrer").click()
    expect(page.locator(".ard-rows tbody tr")).to_have_count(1)
    expect(page.locator(".ard-pages")).to_contain_text("1 ligne")
    page.get_by_role("link", name="Graphique").click()
    expect(page.locator(".ard-chart rect")).to_have_count(4)

    page.goto(site.ckan.url + site.page(WATER))
    with page.expect_download() as download:
        page.locator(".ard-files").first.get_by_role("link", name="Télécharger : Parquet").click()
    assert download.value.path().read_bytes().startswith(b"PAR1")

    page.get_by_role("link", name="Vérifier", exact=True).click()
    page.get_by_role("button", name="Vérifier dans mon navigateur").click()
    expect(page.get_by_role("status")).to_contain_text("Conforme : 10 points", timeout=30_000)
    assert page.locator(".ard-no").count() == 0
    assert not violations(page)


def test_a_map_of_places_grows_and_shows_all_again(site: Site, visit: Open) -> None:
    page = visit(site.view(REPORTS, "ardoise_map"), "phone")
    drawing = page.locator(".ard-map")
    whole = drawing.get_attribute("viewBox")
    assert drawing.locator("circle").count() == 5
    assert {"Angers", "Avrillé", "Trélazé", "Beaucouzé"} == set(drawing.locator(".ard-place").all_text_contents())
    page.get_by_role("button", name="Agrandir").click()
    drawing.focus()
    page.keyboard.press("ArrowRight")
    assert drawing.get_attribute("viewBox") != whole
    page.get_by_role("button", name="Tout voir").click()
    assert [float(each) for each in str(drawing.get_attribute("viewBox")).split()] == [
        float(each) for each in str(whole).split()
    ]


def test_a_file_that_is_not_what_the_certificate_says_is_told(site: Site, visit: Open) -> None:
    address = site.resource(REPORTS, "period")["url"]
    key = address.removeprefix(f"{site.base}/")
    honest = site.store.get(key)
    lines = honest.split(b"\r\n")
    site.store.put(key, b"\r\n".join([*lines[:-2], b""]), media_type="text/csv")  # a class of four is left
    try:
        page = visit(f"/ardoise/verify/{site.names[REPORTS]}", "desktop")
        page.get_by_role("button", name="Vérifier dans mon navigateur").click()
        expect(page.get_by_role("status")).to_contain_text("Non conforme", timeout=30_000)
        told = {row.locator("th").inner_text() for row in page.locator("tr:has(.ard-no)").all()}
        assert told == {"CSV : empreinte (sha256)", "CSV : taille", "CSV : lignes"}
        assert not violations(page)
    finally:
        site.store.put(key, honest, media_type="text/csv")


def test_programs_run_as_shown(site: Site, visit: Open) -> None:
    asked = [(WATER, "latest", "CSV"), (WATER, "latest", "Parquet"), (PARKING, "latest", "GeoJSON")]
    asked += [(PARKING, "latest", "GeoParquet"), (WATER, "table", "CSV")]
    for dataset, role, form in asked:
        resource = site.resource(dataset, role, form)
        page = visit(f"{site.page(dataset)}/resource/{resource['id']}", "desktop")
        python, javascript = (page.locator(f"code.language-{name}").inner_text() for name in ("python", "javascript"))
        ran = subprocess.run(
            [sys.executable, "-c", python], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=60
        )
        assert ran.returncode == 0, (form, ran.stderr)
        assert ran.stdout.strip()
        said: list[str] = []
        page.on("console", lambda message, said=said: said.append(message.text))
        page.evaluate(f"(async () => {{ {javascript} }})()")
        page.wait_for_function("true")
        assert said, form
        page.close()
    counted = httpx.get(_sql_address(site, visit), timeout=30).json()["result"]["records"]
    assert counted == [{"count": 10}]


def _sql_address(site: Site, visit: Open) -> str:
    page = visit(f"{site.page(WATER)}/resource/{site.resource(WATER, 'table')['id']}", "desktop")
    return str(page.get_by_role("link", name="compter ses lignes").get_attribute("href"))


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("q=angers&page=1", "1 ligne"),
        ("column=foyers_participants&value=abc", "Cette valeur ne convient pas"),
        ("column=nowhere&value=1&sort=drop%20table&page=-3", "10 lignes"),
        ("column=commune&value=%27%20OR%201%3D1%20--", "Aucune ligne"),
        ("page=99999999", "10 lignes"),
    ],
)
def test_an_address_that_anyone_wrote_shows_rows_or_says_why_not(site: Site, query: str, told: str) -> None:
    answer = httpx.get(f"{site.ckan.url}{site.view(WATER, 'ardoise_table')}&{query}", timeout=30)
    assert answer.status_code == 200
    assert told in answer.text


@pytest.mark.parametrize("query", ["by=x%22%3B--&figure=y&how=drop", "figure=_count&by=statut", "by=commune&how=sum"])
def test_a_chart_is_drawn_of_known_columns_only(site: Site, query: str) -> None:
    answer = httpx.get(f"{site.ckan.url}{site.view(WATER, 'ardoise_chart')}&{query}", timeout=30)
    assert answer.status_code == 200
    assert "ard-chart" in answer.text
    assert ">Ensemble<" not in answer.text.split('class="ard-chart"')[1].split("</svg>")[0]


def test_every_page_leads_to_the_developers_guide_in_both_languages(site: Site, visit: Open) -> None:
    page = visit("/", "phone")
    page.get_by_role("contentinfo").get_by_role("link", name="Guide des développeurs").click()
    expect(page.locator("h1")).to_have_text("Guide des développeurs")
    leading = page.locator("article a[href^='#']").evaluate_all("links => links.map(each => each.hash)")
    assert len(leading) > 10
    assert all(page.locator(f"[id='{unquote(each[1:])}']").count() == 1 for each in leading)
    assert f'"{site.ckan.url}"' in page.locator("pre").first.inner_text()
    page.get_by_role("link", name="In English").click()
    expect(page.locator("article[lang=en] h1")).to_have_text("Developer guide")
    page.get_by_role("link", name="En français").click()
    expect(page.locator("h1")).to_have_text("Guide des développeurs")


def test_an_unknown_dataset_or_period_is_not_found(site: Site) -> None:
    for path in (
        "/ardoise/verify/nowhere",
        "/ardoise/write/nowhere",
        f"/ardoise/verify/{site.names[WATER]}?period=1999-01",
    ):
        assert httpx.get(site.ckan.url + path, timeout=30).status_code == 404, path


def test_a_version_that_was_replaced_says_so(site: Site, ckan: CkanServer) -> None:
    catalogue = CkanCatalogue(ckan.url, SecretStr(ckan.editor), patience_seconds=10)
    name = f"eau-{secrets.token_hex(4)}"
    first = released(site.store, site.base, WATER, "2026-10", name=name)
    catalogue.publish(first)
    second = replace(first, contract=replace(first.contract, version=replace(first.contract.version, major=2)))
    catalogue.publish(second)
    shown = httpx.get(f"{ckan.url}/dataset/{name}", timeout=30).text
    assert "Cette version n’est plus mise à jour." in shown
    assert f"/dataset/{name}-v2" in shown
    assert "Plus mis à jour" in shown


def test_what_a_reader_writes_reaches_the_steward_and_nobody_else(
    site: Site, visit: Open, stack_context: StackContext
) -> None:
    name = site.names[PARKING]
    page = visit(f"{site.page(PARKING)}", "phone")
    page.get_by_role("link", name="Écrire").click()
    page.get_by_label("Proposer ou montrer un usage").check()
    page.get_by_label("Votre message").fill("Une carte des places libres <script>alert(1)</script>")
    page.get_by_label("Adresse d’une page").fill("https://appli.example/places")
    number = page.locator("input[name=form]").input_value()
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_role("status")).to_contain_text("Votre message attend")

    _kill_worker(site.ckan)
    client = httpx.Client(base_url=site.ckan.url, timeout=60, follow_redirects=False)
    token = re.findall(r'name="_csrf_token" value="([^"]+)"', client.get(f"/ardoise/write/{name}").text)[0]
    form = {"kind": "problem", "text": "Le parc du château reste vide.", "form": number}
    assert client.post(f"/ardoise/write/{name}", data=form).status_code == 400  # without the page's token
    form["_csrf_token"] = token
    assert client.post(f"/ardoise/write/{name}", data={**form, "text": "court"}).status_code == 400
    trap = {**form, "form": "00000000-0000-4000-8000-000000000000", "site_web": "x"}
    assert client.post(f"/ardoise/write/{name}", data=trap).status_code == 302
    assert client.post(f"/ardoise/write/{name}", data=form).status_code == 302  # the same form: the same message
    answers = [client.post(f"/ardoise/write/{name}", data=form).status_code for _ in range(5)]
    assert answers[-1] == 429
    assert client.get("/ardoise/messages").status_code == 403
    assert client.post("/ardoise/messages/1", data={"do": "delete", "_csrf_token": token}).status_code == 403

    page.goto(f"{site.ckan.url}/user/login")
    page.locator("#field-login").fill("ckan-admin")
    page.locator("#field-password").fill(stack_context.secrets.get("login-ckan-admin").get_secret_value())
    page.locator("form button[type=submit]").last.click()
    page.get_by_role("link", name=re.compile(r"Messages \(\d+\)")).click()
    message = page.locator(".ard-message", has_text="Une carte des places libres")
    expect(message).to_have_count(1)
    expect(message).to_contain_text("Une carte des places libres <script>alert(1)</script>")
    expect(message).to_contain_text("https://appli.example/places")
    assert not violations(page)
    message.get_by_role("button", name="C’est traité").click()
    expect(page.get_by_text("Traité", exact=True).first).to_be_visible()
    message.get_by_role("button", name="Effacer").click()
    expect(message).to_have_count(0)


def _kill_worker(ckan: CkanServer) -> None:
    """Kill -9 the processes that answer; the server starts others."""
    workers = ckan.workers()
    assert workers
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    for _ in range(240):
        time.sleep(0.5)
        try:
            if httpx.get(f"{ckan.url}/health", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            continue
    raise AssertionError("CKAN did not come back")
