"""What axe-core does not see of WCAG 2.2 AA: keyboard, focus, reflow, text spacing, motion, errors of forms, titles."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from pydantic import SecretStr

from catalog.publisher import CkanCatalogue
from tests.catalog_pages import page, water
from tests.integration.catalog.conftest import CkanServer
from tests.integration.catalog.test_pages import violations

Open = Callable[[str], Page]
LONG = ("/about", "/ardoise/guide", "/ardoise/guide/en")  # nothing but text and links
SPACING = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
p { margin-bottom: 2em !important; } svg * { letter-spacing: normal !important; word-spacing: normal !important; }"""
CLIPPED = """() => [...document.querySelectorAll('body *')].filter(each => {
  const style = getComputedStyle(each);
  if (each.closest('.visually-hidden, .visually-hidden-focusable, .ard-trap, svg, select')) return false;
  const hides = value => value === 'hidden' || value === 'clip';
  return each.textContent.trim() && (hides(style.overflowX) && each.scrollWidth > each.clientWidth + 1
    || hides(style.overflowY) && each.scrollHeight > each.clientHeight + 1);
}).map(each => each.outerHTML.slice(0, 120))"""
FOCUSED = """() => {
  const each = document.activeElement, style = getComputedStyle(each), box = each.getBoundingClientRect();
  const after = window.before ? !!(window.before.compareDocumentPosition(each) & 4) : true;
  const again = each === document.body || each === window.first;
  window.before = each; window.first = window.first || each;
  return { again, after, html: each.outerHTML.slice(0, 120), shown: box.width > 0 && box.height > 0,
    inside: box.bottom > 0 && box.top < innerHeight, style: style.outlineStyle, width: parseFloat(style.outlineWidth) };
}"""
MOVING = """() => [...document.querySelectorAll('*')].filter(each => {
  const style = getComputedStyle(each);
  return [style.transitionDuration, style.animationDuration].some(long => parseFloat(long) > 0)
    && (style.transitionProperty !== 'none' || style.animationName !== 'none');
}).length"""


@pytest.fixture(scope="module")
def name(ckan: CkanServer) -> str:
    published = f"eau-{secrets.token_hex(4)}"
    CkanCatalogue(ckan.url, SecretStr(ckan.editor)).publish(page(water(published)))
    return published


@pytest.fixture(scope="module")
def paths(ckan: CkanServer, name: str) -> list[str]:
    """A page of each kind."""
    resources = {each["role"]: each["id"] for each in ckan.ask("package_show", {"id": name})["resources"]}
    dataset = f"/dataset/{name}"
    shown = [f"{dataset}/resource/{resources[role]}" for role in ("table", "latest")]
    mine = [dataset, *shown, f"/ardoise/verify/{name}", f"/ardoise/write/{name}"]
    groups = ["/organization/", "/organization/eau-angers-loire-metropole", "/group/", "/group/eau"]
    return ["/", *LONG, f"/dataset/?q={name}", *groups, *mine, "/user/login", "/dataset/nulle-part"]


@pytest.fixture
def visit(browser: Browser, ckan: CkanServer) -> Iterator[Open]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="fr-FR", reduced_motion="reduce")
    shown = context.new_page()

    def visit(path: str) -> Page:
        shown.goto(ckan.url + path)
        return shown

    yield visit
    context.close()


def test_pages_fit_in_320_pixels_and_with_spaced_text_nothing_is_cut(paths: list[str], visit: Open) -> None:
    """WCAG 1.4.10 and 1.4.4 (1280 pixels at 400 % and 200 %), 1.4.12."""
    found = {}
    for path in paths:
        shown = visit(path)
        shown.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        for spacing in ("", SPACING):
            if spacing:
                shown.add_style_tag(content=spacing)
            for width in (320, 640):
                shown.set_viewport_size({"width": width, "height": 800})
                if shown.evaluate("document.documentElement.scrollWidth") > width:
                    found[path, width, bool(spacing)] = "scrolls sideways"
            if cut := shown.evaluate(CLIPPED):
                found[path, 640, bool(spacing)] = cut
    assert not found


def test_the_keyboard_goes_through_each_page_in_order_and_shows_where_it_is(paths: list[str], visit: Open) -> None:
    """WCAG 2.1.1, 2.4.1, 2.4.3, 2.4.7, 2.4.11."""
    wrong = {}
    for path in [each for each in paths if each not in (*LONG, "/organization/", "/group/", "/dataset/nulle-part")]:
        shown = visit(path)
        shown.keyboard.press("Tab")
        assert shown.evaluate("document.activeElement.textContent") == "Aller au contenu", path
        shown.keyboard.press("Enter")
        assert shown.evaluate("location.hash && !!document.querySelector(location.hash)"), path
        shown.reload()
        shown.evaluate("window.scrollTo(0, 0)")
        for number in range(200):
            shown.keyboard.press("Tab")
            at = shown.evaluate(FOCUSED)
            if at["again"] and number:
                break
            visible = at["shown"] and at["inside"] and at["style"] == "solid" and at["width"] >= 2
            if not (at["after"] and visible):
                wrong[path, number] = at
        assert number > 5, path
    assert not wrong


def test_each_page_has_a_title_is_in_french_and_still_where_motion_is_unwanted(paths: list[str], visit: Open) -> None:
    """WCAG 2.4.2, 3.1.1; the window asks for reduced motion."""
    titles = []
    for path in paths:
        shown = visit(path)
        assert shown.locator("html").get_attribute("lang") == "fr"
        assert shown.locator("h1").count(), path
        titles.append(shown.title())
        assert shown.evaluate(MOVING) == 0, path
    assert len(set(titles)) == len(titles)


def test_errors_of_a_form_are_told_beside_their_field(name: str, visit: Open) -> None:
    """WCAG 3.3.1 and 3.3.3: a browser that checks nothing by itself."""
    shown = visit(f"/ardoise/write/{name}")
    shown.get_by_label("Votre message").fill("court")
    shown.get_by_label("Votre adresse électronique").fill("personne")
    shown.evaluate("document.querySelector('.ard-form').noValidate = true")
    shown.get_by_role("button", name="Envoyer").click()
    assert shown.title().startswith("Erreur")
    expect(shown.get_by_role("alert")).to_be_focused()
    for label, said in (("Votre message", "au moins 10 caractères"), ("Votre adresse", "comme prenom@exemple.fr")):
        field = shown.get_by_label(label)
        assert field.get_attribute("aria-invalid") == "true"
        told = str(field.get_attribute("aria-describedby")).split()[-1]
        expect(shown.locator(f"#{told}")).to_contain_text(said)
        shown.get_by_role("alert").get_by_text(said).click()
        expect(field).to_be_focused()
    assert not violations(shown)


def test_what_is_refused_is_said_in_french(visit: Open) -> None:
    for path, title in (("/dataset/nulle-part", "Page introuvable"), ("/ardoise/messages", "Accès réservé")):
        shown = visit(path)
        expect(shown.locator("h1")).to_have_text(title)
        assert "not found" not in shown.locator("body").inner_text().lower()
        assert not violations(shown)


def test_producers_themes_and_filters_are_called_in_french(ckan: CkanServer, name: str) -> None:
    searched = httpx.get(f"{ckan.url}/dataset/?q={name}", timeout=30).text
    for title in ("Thèmes", "Producteurs", "Formats", "Mots-clés", "Licences"):
        assert f'<h2 class="module-heading">{title}</h2>' in searched
    assert "res_format=Parquet" in searched
    assert "res_format=HTML" not in searched  # a certificate is no data
    producer = httpx.get(f"{ckan.url}/organization/eau-angers-loire-metropole", timeout=30).text
    assert "Producteurs" in producer.split("<title>")[1].split("</title>")[0]
    assert "/organization/members/" not in producer
    assert "/organization/about/" in producer  # the tabs beside it are there
