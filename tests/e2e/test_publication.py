"""What anyone finds once the journey is over: files that are what their page says, lineage, and the README's script."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser

from stack.airflow_client import AirflowClient, until
from stack.embedded import Stack
from storage import Journal, S3ObjectStore, database_engine

DATASETS = ("parking", "citizen-reports", "water-meters")
PATIENCE = 420.0  # seconds, on a loaded machine


@pytest.fixture(scope="module")
def packages(full_stack: Stack) -> dict[str, dict[str, Any]]:
    """What CKAN answers to anyone who searches, by name; what is not there yet is collected and approved first."""
    found = searched(full_stack)
    missing = [dataset for dataset in DATASETS if dataset not in found]
    if missing:
        context = full_stack.context
        with AirflowClient(context.settings.airflow_url, "steward", context.secrets.get("login-steward")) as steward:
            for dataset in missing:
                steward.unpause(f"{dataset}__release")
                steward.unpause(dataset)
            until(lambda: published(full_stack, steward), "three datasets in the catalogue", PATIENCE)
    return searched(full_stack)


def searched(stack: Stack) -> dict[str, dict[str, Any]]:
    url = f"{stack.context.settings.ckan_url}/api/3/action/package_search"
    answer = httpx.get(url, params={"rows": 50}, timeout=60).raise_for_status().json()
    return {package["name"]: package for package in answer["result"]["results"]}


def published(stack: Stack, steward: AirflowClient) -> bool:
    """Approve whatever waits; whether all is in the catalogue."""
    for question in steward.required_actions():
        steward.respond(question, approve=True, reason="relu")
    return set(DATASETS) <= set(searched(stack))


def test_pages_say_what_they_are(packages: dict[str, dict[str, Any]]):
    assert set(DATASETS) <= set(packages)
    assert packages["parking"]["license_id"] == "lov2"
    assert "foyers participants" in packages["water-meters"]["title"]
    assert {package["organization"]["name"] for package in packages.values()} >= {"stationnement-angers"}


def test_each_file_is_the_one_its_page_describes(packages: dict[str, dict[str, Any]]):
    checked = 0
    for name in DATASETS:
        for resource in packages[name]["resources"]:
            if digest := str(resource.get("hash") or "").rpartition(":")[2]:
                body = httpx.get(resource["url"], timeout=60).raise_for_status().content
                assert hashlib.sha256(body).hexdigest() == digest, resource["url"]
                checked += 1
    assert checked >= 8


def test_a_browser_elsewhere_reads_files_in_parts(packages: dict[str, dict[str, Any]]):
    url = next(resource["url"] for resource in packages["parking"]["resources"] if resource["url"].endswith(".parquet"))
    answer = httpx.get(url, headers={"Range": "bytes=0-3", "Origin": "https://reuser.example"}, timeout=60)
    assert (answer.status_code, answer.content) == (206, b"PAR1")
    assert answer.headers["access-control-allow-origin"] in ("*", "https://reuser.example")
    assert answer.headers["etag"]


def test_the_table_holds_every_released_period(full_stack: Stack, packages: dict[str, dict[str, Any]]):
    settings = full_stack.context.settings
    journal = Journal(database_engine(settings.hub_database_url()))
    for name in DATASETS:
        table = next(resource for resource in packages[name]["resources"] if resource["datastore_active"])
        query = {"resource_id": table["id"], "limit": 1}
        answer = httpx.get(f"{settings.ckan_url}/api/3/action/datastore_search", params=query, timeout=60).json()
        assert answer["result"]["total"] == sum(release.rows for release in journal.releases(name)) > 0


def test_lineage_says_where_values_were_masked(full_stack: Stack, packages: dict[str, dict[str, Any]]):
    settings = full_stack.context.settings
    audit = S3ObjectStore(settings.s3, settings.s3.audit_bucket, settings.credential("admin"))
    events = [json.loads(audit.get(found.key)) for found in audit.list("lineage/")]
    masked = {
        column
        for event in events
        for dataset in event.get("outputs", [])
        for column, lineage in dataset.get("facets", {}).get("columnLineage", {}).get("fields", {}).items()
        for source in lineage["inputFields"]
        if any(step.get("masking") for step in source.get("transformations", []))
    }
    assert {"contrat", "consommation_moyenne_l"} <= masked
    with database_engine(settings.hub_database_url()).connect() as connection:
        received = connection.exec_driver_sql("SELECT count(*) FROM lineage_events").scalar()
    assert received is not None
    assert received > 20


def test_the_script_of_the_readme_runs_as_shown(full_stack: Stack, packages: dict[str, dict[str, Any]]):
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    script = text.split("```python\n")[1].split("```")[0]
    environment = {"CKAN_URL": full_stack.context.settings.ckan_url, "PATH": os.environ["PATH"]}
    ran = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert "water-meters" in ran.stdout
    assert "lignes publiées sur" in ran.stdout


@pytest.mark.parametrize("path", ["/", "/dataset/", "/dataset/water-meters", "/organization/", "/group/", "/about"])
@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_of_the_catalogue_scrolls_sideways(
    full_stack: Stack, packages: dict[str, dict[str, Any]], browser: Browser, path: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 844})
    answer = page.goto(full_stack.context.settings.ckan_url + path)
    assert answer is not None
    assert answer.status == 200
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
