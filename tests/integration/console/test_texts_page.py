"""The texts that a steward reads before approving, in a real browser: the console alone, over a candidate in memory."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from console.application import create_application
from tests.unit.console.texts_world import TEXTS, waiting
from tests.unit.console.world import PASSWORD

WIDTHS = (390, 1280)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, str]]:
    """Where the console answers, and the address of the texts."""
    given, _, digest, _ = waiting([*TEXTS, *(f"Un banc est cassé, place numéro {number}." for number in range(30))])
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_application(given), log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline, "the console does not start"
        time.sleep(0.02)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    yield url, f"/jeux-de-donnees/citizen-reports/textes/{digest}"
    server.should_exit = True
    thread.join(30)
    listening.close()


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, browser: Browser, served: tuple[str, str]) -> Iterator[Page]:
    """The texts, for a steward who followed the link of the approval and signed in."""
    url, address = served
    context = browser.new_context(viewport={"width": request.param, "height": 900}, locale="fr-FR")
    found = context.new_page()
    complaints: list[str] = []
    found.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    found.on("pageerror", lambda error: complaints.append(str(error)))
    found.on("dialog", lambda dialog: complaints.append(dialog.message))
    found.on("request", lambda one: None if one.url.startswith(url) else complaints.append(one.url))
    found.goto(url + address)
    found.get_by_label("Identifiant").fill("steward")
    found.get_by_label("Mot de passe").fill(PASSWORD + " 2")
    found.get_by_role("button", name="Se connecter").click()
    yield found
    context.close()
    assert complaints == []


def test_a_steward_reads_all_texts_as_they_would_stand(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Textes à relire")
    expect(page.get_by_role("heading", level=2)).to_have_text("Textes 1 à 25 sur 34")
    assert page.locator("script:not([src])").count() == 0
    expect(page.get_by_text("<script>alert('x')</script>")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("link", name="Textes suivants").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("Textes 26 à 34 sur 34")
    expect(page.get_by_role("link", name="Textes précédents")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    expect(page.get_by_role("link", name="actions requises")).to_have_attribute(
        "href",
        "http://127.0.0.1:8080/dags/citizen-reports__release/runs/"
        "asset_triggered__2026-11-04T08%3A00%3A00.012150%2B00%3A00_EINrgRRx/required_actions",
    )
