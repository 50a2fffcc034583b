from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, Page, StorageState, expect
from pydantic import SecretStr

from catalog.lineage import ConsoleEndpoint, EventBuilder, LineageDeliveryError, LineageEmitter, Stage
from pipeline.entry import watch_feeds
from policies import load_territory
from stack.service import StackContext
from storage import DatasetRef, DeliveryId, Reading, RejectCount, Zone
from tests.integration.console.conftest import RunningConsole
from tests.stack_fixtures import PostgresServer

RUN = "manual__2026-11-04T09:00:00+00:00"
PERIOD = "2026-10"
WIDTHS = (390, 1280)


class Discarded:
    def put(self, key: str, data: bytes) -> None:
        return None


@pytest.fixture(scope="module")
def told(console: RunningConsole) -> RunningConsole:
    """A journey of the citizens' reports up to its verdict, told by the real emitter and journal."""
    territory = load_territory(console.settings.territory)
    contract = next(found for name, found in territory.contracts.items() if str(name) == "citizen-reports")
    endpoint = ConsoleEndpoint(console.url, console.settings.secret("console-lineage"))
    emitter = LineageEmitter(EventBuilder(territory.strategy.slug, console.settings.s3), Discarded(), endpoint)
    now = datetime.now(UTC)
    counts = {"ingest": {"deliveries": 1}, "deidentify": {"rows_in": 2000, "rejected": 3, "stored": 1997}}
    for stage in (Stage.INGEST, Stage.DEIDENTIFY, Stage.ANONYMIZE, Stage.ASSESS):
        period = None if stage in (Stage.INGEST, Stage.DEIDENTIFY) else PERIOD
        run_id = RUN if period is None else f"{RUN}-release"
        found = counts.get(stage.value, {"candidate_rows": 812})
        console.journal.start_stage(run_id, "citizen-reports", period, stage.value, now)
        emitter.stage_started(stage, contract, run_id, period, now=now)
        console.journal.finish_stage(run_id, "citizen-reports", period, stage.value, found, 1.5, "succeeded")
        emitter.stage_completed(stage, contract, run_id, period, counts=found, now=now)
    console.journal.record_verdict(
        "c" * 64,
        "citizen-reports",
        PERIOD,
        f"{RUN}-release",
        "needs_approval",
        ["Le contrat demande l'accord d'une personne."],
        {"k": 11},
        "1.0.0",
        "1",
        None,
        now,
    )
    count = RejectCount("nullValues", "places_disponibles", 1204, 3)
    console.journal.record_reading(
        Reading("abcdef0123456789", "parking", "broken", "1.0.0", now, now, 5184, 1204, False, 0, (), (count,))
    )
    console.journal.raise_alert("parking", "rejects", {"share": 0.23, "usual": 0.01, "since": now.isoformat()}, now)
    console.journal.start_stage("broken", "parking", None, "ingest", now)
    console.journal.finish_stage("broken", "parking", None, "ingest", {}, 30.0, "failed", "SourceUnavailableError")
    return console


def signed_in(page: Page, told: RunningConsole, login: str) -> None:
    page.get_by_label("Identifiant").fill(login)
    page.get_by_label("Mot de passe").fill(told.password(login))
    page.get_by_role("button", name="Se connecter").click()


@pytest.fixture(scope="module")
def session(browser: Browser, told: RunningConsole) -> StorageState:
    """The cookies of the DPO."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(told.url)
    signed_in(page, told, "dpo")
    expect(page.get_by_role("heading", level=1)).to_have_text("Jeux de données")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(scope="module", params=WIDTHS)
def window(
    request: pytest.FixtureRequest, browser: Browser, told: RunningConsole, session: StorageState
) -> Iterator[tuple[Page, list[str]]]:
    """A window of someone signed in, and what went wrong in it: each window that opens costs a second."""
    context = browser.new_context(
        viewport={"width": request.param, "height": 900}, locale="fr-FR", storage_state=session
    )
    found, complaints = context.new_page(), list[str]()
    found.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    found.on("pageerror", lambda error: complaints.append(str(error)))
    found.on("request", lambda one: None if one.url.startswith(told.url) else complaints.append(one.url))
    yield found, complaints
    context.close()


@pytest.fixture
def page(window: tuple[Page, list[str]], told: RunningConsole) -> Iterator[Page]:
    """The list, as it just came. What the browser complains of, or asks of another host, fails the test."""
    found, complaints = window
    complaints.clear()
    found.goto(f"{told.url}/jeux-de-donnees")
    yield found
    assert complaints == []


def test_a_steward_finds_what_waits_and_what_failed(page: Page) -> None:
    reports = page.get_by_role("article").filter(has_text="Signalements")
    expect(reports).to_contain_text("à approuver")
    expect(reports.get_by_role("link", name="actions requises")).to_have_attribute(
        "href", re.compile(r"/dags/citizen-reports__release/runs/.+/required_actions$")
    )
    expect(page.get_by_role("article").filter(has_text="Places disponibles")).to_contain_text("En échec")


def test_rejects_are_found_from_an_alert_by_reason(page: Page) -> None:
    alerts = page.get_by_role("region", name="Flux à regarder")
    expect(alerts).to_contain_text("Trop de lignes rejetées")
    alerts.get_by_role("link", name="Places disponibles").click()
    page.get_by_role("link", name="Voir ce qui est en quarantaine").click()
    page.get_by_label("Motif", exact=True).select_option("nullValues")
    page.get_by_role("button", name="Filtrer").click()
    line = page.get_by_role("table").nth(1).get_by_role("row").filter(has_text="places_disponibles")
    expect(line).to_contain_text("1\u202f204 sur 5\u202f184")
    expect(line).to_contain_text("abcdef012345")


def test_no_page_scrolls_sideways_and_each_has_one_title(page: Page, told: RunningConsole) -> None:
    run = f"{RUN}-release".replace(":", "%3A").replace("+", "%2B")
    for path in (
        "/jeux-de-donnees",
        "/jeux-de-donnees/citizen-reports",
        f"/jeux-de-donnees/citizen-reports/executions/{run}",
        "/jeux-de-donnees/parking/executions/broken",
        "/rejets",
    ):
        page.goto(told.url + path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        assert page.get_by_role("heading", level=1).count() == 1
        levels = page.eval_on_selector_all("h1,h2,h3", "nodes => nodes.map(node => Number(node.tagName[1]))")
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels)), path
        unnamed = "nodes => nodes.filter(node => !node.labels.length).length"
        assert page.eval_on_selector_all("input:not([type=hidden]), select", unnamed) == 0


def test_the_lineage_is_drawn_and_told(page: Page, told: RunningConsole) -> None:
    page.goto(f"{told.url}/jeux-de-donnees/citizen-reports")
    titles = page.locator("svg .box-title").all_text_contents()
    assert titles == ["Flux de l'opérateur", "Arrivée (scellée)", "Zone de confiance", "Candidat"]
    assert page.locator("svg .curve-masked").count() > 3
    expect(page.get_by_role("listitem").filter(has_text="maille")).to_contain_text("lat")


def test_everything_can_be_reached_with_the_keyboard(page: Page, told: RunningConsole) -> None:
    page.goto(f"{told.url}/jeux-de-donnees")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "contenu"
    reached = set()
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):  # past the last link
            break
        reached.add(page.evaluate("document.activeElement.textContent.trim()"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert "Signalements des habitants sur l'espace public" in reached


CONTRAST = """() => {
  const channel = value => { value /= 255; return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4 };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const numbers = text => text.match(/[\\d.]+/g).map(Number);
  const ground = node => {
    for (let at = node; at; at = at.parentElement) {
      const found = numbers(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const node of document.querySelectorAll('body *:not(svg *):not(script)')) {
    const own = [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim());
    if (!own || node.classList.contains('hidden') || node.classList.contains('skip')) continue;
    const [one, two] = [light(numbers(getComputedStyle(node).color)), light(ground(node))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (two + 0.05);
    if (ratio < 4.5) poor.push(node.textContent.trim().slice(0, 40) + ' ' + ratio.toFixed(2));
  }
  return poor;
}"""


def test_texts_contrast_with_their_ground(page: Page, told: RunningConsole) -> None:
    for path in ("/jeux-de-donnees", "/jeux-de-donnees/citizen-reports", "/jeux-de-donnees/parking/executions/broken"):
        page.goto(told.url + path)
        assert page.evaluate(CONTRAST) == [], path


@pytest.mark.parametrize("window", [390], indirect=True, scope="module")
def test_the_list_refreshes_itself(page: Page, told: RunningConsole) -> None:
    with page.expect_response(re.compile("/jeux-de-donnees/fragment$"), timeout=15_000) as answer:
        pass
    assert answer.value.status == 200
    expect(page.get_by_role("article")).to_have_count(len(load_territory(told.settings.territory).contracts))


def test_a_link_is_followed_after_signing_in_and_signing_out_closes_the_door(
    browser: Browser, told: RunningConsole
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{told.url}/jeux-de-donnees/parking/executions/broken")
    signed_in(page, told, "steward")
    expect(page.get_by_text("SourceUnavailableError")).to_be_visible()
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Connexion")
    page.goto(f"{told.url}/jeux-de-donnees/parking")
    expect(page.get_by_role("heading", level=1)).to_have_text("Connexion")
    context.close()


def test_health_and_logs(told: RunningConsole, stack_context: StackContext) -> None:
    answer = httpx.get(f"{told.url}/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    lines = stack_context.log_file("console").read_text(encoding="utf-8").splitlines()
    documents = [json.loads(line) for line in lines]
    assert {RUN, f"{RUN}-release"} <= {document.get("run_id") for document in documents}
    for login in ("dpo", "steward"):
        assert told.password(login) not in "\n".join(lines)


def test_a_feed_that_stopped_is_found_in_the_database_and_told_once(
    told: RunningConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARDOISE_HOME", str(told.settings.home))
    ref = DatasetRef(Zone.LANDING, "water-meters", "1.0.0", None, "landing/water-meters/abc.manifest", "0" * 64)
    long_ago = datetime.now(UTC) - timedelta(days=90)
    told.journal.record_delivery(DeliveryId("abc"), "water-meters", "run", ref, long_ago)
    first, second = ({(one["dataset"], one["kind"]): one for one in watch_feeds()} for _ in range(2))
    stopped = ("water-meters", "stopped")
    assert (first[stopped]["new"], second[stopped]["new"]) == (True, False)
    assert "32\u00a0jours" in first[stopped]["sentence"]
    told.journal.record_delivery(DeliveryId("def"), "water-meters", "run", ref, datetime.now(UTC))
    assert stopped not in {(one["dataset"], one["kind"]) for one in watch_feeds()}


def test_a_wrong_bearer_is_refused(told: RunningConsole) -> None:
    with pytest.raises(LineageDeliveryError, match="401"):
        ConsoleEndpoint(told.url, SecretStr("wrong")).send(b"{}")


def test_a_newer_database_is_not_touched(postgres: PostgresServer, stack_context: StackContext, tmp_path: Path) -> None:
    url = postgres.fresh_database()
    name = url.rpartition("/")[2]
    home = tmp_path / "home"
    (home / "secrets").mkdir(parents=True)
    for secret in stack_context.secrets.folder.iterdir():
        (home / "secrets" / secret.name).write_bytes(secret.read_bytes())
    database = stack_context.settings.database.rpartition("/")[0] + f"/{name}"
    (home / "ardoise.toml").write_text(f'database = "{database}"\n', encoding="utf-8")
    command = [sys.executable, "-m", "console", "migrate", "--home", str(home)]

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    assert run().returncode == 0
    with psycopg.connect(postgres.admin_dsn(name)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    refused = run()
    assert refused.returncode == 1
    assert "9999" in json.loads(refused.stdout.splitlines()[-1])["message"]
