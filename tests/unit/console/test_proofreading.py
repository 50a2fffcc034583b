"""Who reads the texts of a candidate, when, and what the page makes of them."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from fastapi.testclient import TestClient

from console.proofreading import SHOWN
from storage import Journal, MemoryObjectStore
from tests.unit.console.test_application import client_of, sign_in
from tests.unit.console.texts_world import HOSTILE, TEXTS, judged, waiting
from tests.unit.console.world import NOW, PASSWORD, WAITING_RUN


@dataclass
class Page:
    client: TestClient
    journal: Journal
    store: MemoryObjectStore
    digest: str

    @property
    def address(self) -> str:
        return f"/jeux-de-donnees/citizen-reports/textes/{self.digest}"


@pytest.fixture
def page() -> Iterator[Page]:
    given, journal, digest, store = waiting()
    with client_of(given) as client:
        sign_in(client, PASSWORD + " 2", login="steward")
        yield Page(client, journal, store, digest)


def test_a_steward_reads_each_text_once_escaped_and_with_what_was_masked(page: Page) -> None:
    answer = page.client.get(page.address)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    shown = answer.text
    assert shown.count("signalé trois fois") == 1
    assert "2\u00a0lignes" in shown
    assert "4\u00a0textes différents" in shown
    assert '<mark class="masked">&lt;NOM&gt;</mark>, rappeler au <mark class="masked">&lt;TELEPHONE&gt;</mark>' in shown
    assert "<script>alert" not in shown
    assert "<b>gras" not in shown
    assert html.escape("<script>alert('x')</script> <b>gras</b> &", quote=True).replace("&#x27;", "&#39;") in shown
    assert HOSTILE not in shown
    assert "required_actions" in shown


def test_the_run_sends_to_the_texts_before_the_answer(page: Page) -> None:
    run = page.client.get(f"/jeux-de-donnees/citizen-reports/executions/{WAITING_RUN.replace('+', '%2B')}").text
    assert f'href="{page.address}"' in run
    assert run.index(page.address) < run.index("required_actions")


def test_nobody_else_reads_them(page: Page) -> None:
    with client_of(waiting()[0]) as nobody:
        assert nobody.get(page.address).status_code == 303
        sign_in(nobody)  # the DPO sees proofs, and approves nothing
        refused = nobody.get(page.address)
    assert refused.status_code == 403
    assert "Lampadaire" not in refused.text


def test_only_while_a_decision_is_awaited_and_under_the_same_contract(page: Page) -> None:
    assert page.client.get(page.address.replace(page.digest, "a" * 64)).status_code == 404
    assert page.client.get(page.address.replace(page.digest, "..%2Fx")).status_code in (404, 422)
    judged(page.journal, page.digest, contract_version="older")
    page.journal.record_decision(page.digest, "1.0.0", "1", False, "steward", None, "", NOW)
    assert page.client.get(page.address).status_code == 404


def test_under_another_contract_there_is_nothing_to_read() -> None:
    given, journal, digest, _ = waiting()
    journal.record_verdict(
        digest, "citizen-reports", "2026-10", WAITING_RUN, "needs_approval", [], {}, "newer", "1", None, NOW
    )
    with client_of(given) as client:
        sign_in(client, PASSWORD + " 2", login="steward")
        assert client.get(f"/jeux-de-donnees/citizen-reports/textes/{digest}").status_code == 404


def test_an_altered_or_missing_candidate_is_not_shown(page: Page) -> None:
    key = next(found.key for found in page.store.list("candidate/") if found.key.endswith("0000.parquet"))
    page.store.put(key, page.store.get(key)[:-1] + b"x")
    altered = page.client.get(page.address)
    assert altered.status_code == 503
    assert "Lampadaire" not in altered.text
    page.store.delete(key)
    assert page.client.get(page.address).status_code == 503


def test_evidence_is_not_even_opened(page: Page) -> None:
    for found in list(page.store.list("candidate/")):
        if found.key.endswith(("0001.parquet", "0002.parquet")):
            page.store.delete(found.key)
    assert page.client.get(page.address).status_code == 200


def test_many_texts_stand_on_several_pages() -> None:
    given, _, digest, _ = waiting([f"Texte {number}" for number in range(SHOWN + 3)] + [None, ""])
    address = f"/jeux-de-donnees/citizen-reports/textes/{digest}"
    with client_of(given) as client:
        sign_in(client, PASSWORD + " 2", login="steward")
        first, second = client.get(address).text, client.get(address, params={"page": 2}).text
        assert client.get(address, params={"page": 3}).status_code == 404
        assert client.get(address, params={"page": 0}).status_code == 422
    assert f"Textes 1 à {SHOWN} sur {SHOWN + 3}" in first
    assert 'href="?page=2"' in first
    assert first.count('<p class="text"') == SHOWN
    assert second.count('<p class="text"') == 3
    assert "Page 2 sur 2" in second
    assert "Textes précédents" in second


def test_a_release_without_a_text_says_so() -> None:
    given, _, digest, _ = waiting([None, ""])
    with client_of(given) as client:
        sign_in(client, PASSWORD + " 2", login="steward")
        shown = client.get(f"/jeux-de-donnees/citizen-reports/textes/{digest}").text
    assert "aucun texte" in shown
    assert TEXTS[0] not in shown
