from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from catalog.lineage import Stage
from console.application import create_application
from console.events import MAXIMUM_EVENT_BYTES
from console.headers import POLICY
from console.logs import JsonFormatter
from console.services import Services
from console.sessions import COOKIE
from console.throttle import FAILURES_PER_LOGIN
from tests.unit.console.world import PASSWORD, TOKEN, Clock, event, lineage_of, services

BEARER = {"Authorization": f"Bearer {TOKEN}"}
TOKEN_FIELD = re.compile(r'name="jeton" value="([0-9a-f]{64})"')


def client_of(given: Services) -> TestClient:
    return TestClient(create_application(given), follow_redirects=False, raise_server_exceptions=False)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(clock: Clock) -> Iterator[TestClient]:
    with client_of(services(clock)) as found:
        yield found


def form_token(page: str) -> str:
    found = TOKEN_FIELD.search(page)
    assert found
    return found[1]


def sign_in(client: TestClient, password: str = PASSWORD, suite: str = "", login: str = "dpo") -> int:
    page = client.get("/connexion").text
    fields = {"identifiant": login, "mot_de_passe": password, "jeton": form_token(page), "suite": suite}
    return client.post("/connexion", data=fields).status_code


def test_every_page_needs_a_session_and_comes_back_to_it(client: TestClient) -> None:
    for path in ("/jeux-de-donnees", "/jeux-de-donnees/parking", "/jeux-de-donnees/parking/executions/collect-parking"):
        answer = client.get(path)
        assert answer.status_code == 303
        assert "/connexion" in answer.headers["location"]
    assert (
        client.get("/jeux-de-donnees/fragment", headers={"HX-Request": "true"}).headers["hx-redirect"] == "/connexion"
    )


def test_signing_in_opens_the_pages(client: TestClient) -> None:
    assert sign_in(client) == 303
    page = client.get("/jeux-de-donnees")
    assert page.status_code == 200
    assert "Places disponibles" in page.text
    assert "Signalements" in client.get("/jeux-de-donnees/fragment").text
    assert "<svg" in client.get("/jeux-de-donnees/parking").text
    assert "Évaluation du risque" in client.get("/jeux-de-donnees/parking/executions/manual__release-1").text
    failed = client.get("/jeux-de-donnees/parking/executions/scheduled__2026-11-04T09%3A55%3A00%2B00%3A00")
    assert "outage" in failed.text


def test_the_session_cookie_is_out_of_reach(client: TestClient) -> None:
    sign_in(client)
    page = client.get("/connexion")
    assert page.status_code == 303  # signed in already
    client.cookies.clear()
    header = client.get("/connexion").headers["set-cookie"].lower()
    assert "httponly" in header
    assert "samesite=strict" in header
    assert "secure" not in header


def test_behind_https_the_cookie_is_secure() -> None:
    with client_of(services(secure_cookie=True)) as found:
        assert "secure" in found.get("/connexion").headers["set-cookie"].lower()


def test_signing_in_changes_the_session(client: TestClient) -> None:
    client.get("/connexion")
    before = client.cookies[COOKIE]
    sign_in(client)
    assert client.cookies[COOKIE] != before


def test_a_form_of_another_origin_signs_nobody_in(client: TestClient) -> None:
    client.get("/connexion")
    for token in ("", "0" * 64):
        fields = {"identifiant": "dpo", "mot_de_passe": PASSWORD, "jeton": token}
        assert client.post("/connexion", data=fields).status_code == 403
    assert client.get("/jeux-de-donnees").status_code == 303


def test_failed_sign_ins_are_slowed_down_then_forgiven(client: TestClient, clock: Clock) -> None:
    assert [sign_in(client, "wrong") for _ in range(FAILURES_PER_LOGIN)] == [401] * FAILURES_PER_LOGIN
    assert sign_in(client, PASSWORD) == 429
    clock.seconds += 301
    assert sign_in(client, PASSWORD) == 303


@pytest.mark.parametrize(
    ("suite", "target"),
    [
        ("/jeux-de-donnees/parking", "/jeux-de-donnees/parking"),
        ("https://evil.example/", "/jeux-de-donnees"),
        ("//evil.example/", "/jeux-de-donnees"),
        ("/\\evil.example", "/jeux-de-donnees"),
        ("javascript:alert(1)", "/jeux-de-donnees"),
        ("/\x09/evil.example", "/jeux-de-donnees"),
    ],
)
def test_signing_in_leads_nowhere_else(client: TestClient, suite: str, target: str) -> None:
    page = client.get("/connexion").text
    fields = {"identifiant": "dpo", "mot_de_passe": PASSWORD, "jeton": form_token(page), "suite": suite}
    assert client.post("/connexion", data=fields).headers["location"] == target


def test_signing_out_ends_the_session_for_good(client: TestClient) -> None:
    sign_in(client)
    cookie = client.cookies[COOKIE]
    token = form_token(client.get("/jeux-de-donnees").text)
    assert client.post("/deconnexion", data={"jeton": "0" * 64}).status_code == 403
    assert client.post("/deconnexion", data={"jeton": token}).status_code == 303
    client.cookies.clear()
    client.cookies[COOKIE] = cookie
    assert client.get("/jeux-de-donnees").status_code == 303


def test_unknown_addresses_are_pages_in_french(client: TestClient) -> None:
    sign_in(client)
    for path in ("/ailleurs", "/jeux-de-donnees/inconnu", "/jeux-de-donnees/parking/executions/inconnue"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert 'lang="fr"' in answer.text
        assert "Retour aux jeux de données" in answer.text


def test_every_answer_carries_the_security_headers(client: TestClient) -> None:
    for path in ("/connexion", "/health", "/static/console.css", "/theme.css", "/ailleurs", "/api/v1/lineage"):
        headers = client.get(path).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
    assert "unsafe" not in POLICY


def test_an_unexpected_error_says_nothing_and_keeps_the_headers(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> bool:
        raise RuntimeError("no row for Jean Dupont")

    with client_of(services(database_ready=broken)) as found, caplog.at_level(logging.ERROR, "console"):
        answer = found.get("/health")
    assert answer.status_code == 500
    assert "Dupont" not in answer.text
    assert answer.headers["content-security-policy"] == POLICY
    lines = [JsonFormatter().format(record) for record in caplog.records if record.name.startswith("console")]
    assert any(json.loads(line).get("error") == "RuntimeError" for line in lines)
    assert "Dupont" not in "".join(lines)


def test_pages_hold_no_inline_script_style_or_foreign_address(client: TestClient) -> None:
    sign_in(client)
    for path in ("/jeux-de-donnees", "/jeux-de-donnees/citizen-reports"):
        text = client.get(path).text
        assert not re.search(r"<style|style=|<script(?![^>]* src=)|\son\w+=|javascript:", text)
        assert set(re.findall(r'(?:src|action)="(https?:[^"]*)"', text)) == set()


def test_health_tells_version_and_database(client: TestClient) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["version"], answer.json()["database"]) == (200, "0.1.0", "ok")
    with client_of(services(database_ready=lambda: False)) as broken:
        assert broken.get("/health").status_code == 503


def test_a_lineage_event_is_kept_once() -> None:
    kept = lineage_of()
    with client_of(services(lineage=kept)) as found:
        for _ in range(2):
            body = event(Stage.INGEST, "parking")
            assert found.post("/api/v1/lineage", content=body, headers=BEARER).status_code == 201
    assert kept.count() == 1


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer no"}, {"Authorization": TOKEN}])
def test_lineage_needs_its_bearer(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post("/api/v1/lineage", content=event(Stage.INGEST, "parking"), headers=headers)
    assert answer.status_code == 401
    assert TOKEN not in answer.text


def test_an_event_that_is_broken_or_too_long_is_refused(client: TestClient) -> None:
    assert client.post("/api/v1/lineage", content=b"{}", headers=BEARER).status_code == 422
    long = b" " * (MAXIMUM_EVENT_BYTES + 1)
    assert client.post("/api/v1/lineage", content=long, headers=BEARER).status_code == 413


def test_the_schemas_of_our_facets_are_served(client: TestClient) -> None:
    found = client.get("/schemas/lineage/1-0-0/StageRunFacet.json")
    assert found.json()["$id"] == "urn:ardoise:lineage:1-0-0:StageRunFacet"
    for path in ("1-0-0/Nothing", "9-9-9/StageRunFacet", "../1-0-0/StageRunFacet"):
        assert client.get(f"/schemas/lineage/{path}.json").status_code == 404


def test_logs_are_json_with_the_run(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    sign_in(client)
    with caplog.at_level(logging.INFO, "console"):
        client.get("/jeux-de-donnees/parking/executions/collect-parking?secret=Dupont")
        client.post("/api/v1/lineage", content=event(Stage.INGEST, "parking", run_id="manual__7"), headers=BEARER)
    text = [JsonFormatter().format(record) for record in caplog.records if record.name.startswith("console")]
    assert {json.loads(line).get("run_id") for line in text} >= {"collect-parking", "manual__7"}
    assert "Dupont" not in "".join(text)
