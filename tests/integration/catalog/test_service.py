"""CKAN as a service of the stack: health, logs, rights, and being prepared again."""

from __future__ import annotations

import json
import os
import secrets
import signal
import stat
import time

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from catalog.publisher import CkanCatalogue
from stack.errors import PrepareError
from stack.services import ckan as service
from stack.services.postgres import hub_cluster
from tests.catalog_pages import page, water
from tests.integration.catalog.conftest import CkanServer


def test_health(ckan: CkanServer) -> None:
    answer = httpx.get(f"{ckan.url}/health", timeout=30)
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_while_a_killed_process_is_replaced_the_other_answers(ckan: CkanServer) -> None:
    killed, *others = ckan.workers()
    assert len(others) == service.WORKERS - 1
    os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while killed in ckan.workers() or len(ckan.workers()) < service.WORKERS:
        assert httpx.get(f"{ckan.url}/api/3/action/package_search", timeout=30).status_code == 200
        assert time.monotonic() < deadline
    for _ in range(20):  # each over a connection of its own, so that the new one answers too
        assert httpx.get(f"{ckan.url}/api/3/action/package_search", timeout=30).status_code == 200


def logged(ckan: CkanServer, awaited: str, seconds: float = 20.0) -> str:
    """The server's log once ``awaited`` stands in it; the supervisor writes it a moment later."""
    end = time.monotonic() + seconds
    while True:
        text = ckan.context.log_file("ckan").read_text(encoding="utf-8")
        if awaited in text or time.monotonic() > end:
            return text
        time.sleep(0.2)


def test_log_lines_are_json_and_carry_the_run_but_no_search(ckan: CkanServer) -> None:
    run, word = f"run-{secrets.token_hex(4)}", f"mot{secrets.token_hex(4)}"
    httpx.get(f"{ckan.url}/api/3/action/package_search?q={word}", headers={"X-Run-Id": run}, timeout=30)
    text = logged(ckan, run)
    lines = [json.loads(line) for line in text.splitlines() if run in line]
    assert any(line["run_id"] == run and "package_search" in line["message"] for line in lines)
    assert word not in text


def test_secrets_are_out_of_sight(ckan: CkanServer) -> None:
    file = ckan.context.paths.of_service("ckan") / "ckan.ini"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    logs = "".join(each.read_text(errors="replace") for each in ckan.context.paths.logs.glob("ckan*"))
    for name in ("ckan-editor", "login-ckan-admin", "postgres-ckan", "ckan-beaker"):
        assert ckan.context.secrets.get(name).get_secret_value() not in logs


def test_preparing_again_changes_nothing(ckan: CkanServer) -> None:
    before, organizations = ckan.editor, ckan.ask("organization_list", {"all_fields": True})
    service.prepare(ckan.context)
    assert ckan.editor == before
    assert ckan.ask("organization_list", {"all_fields": True}) == organizations


def test_a_lost_token_is_made_again_and_the_old_one_revoked(ckan: CkanServer) -> None:
    old = ckan.editor
    (ckan.context.secrets.folder / "ckan-editor").unlink()
    service.prepare(ckan.context)
    assert ckan.editor != old
    membership = {"permission": "create_dataset"}
    assert ckan.ask("organization_list_for_user", membership, ckan.editor) != []
    assert ckan.ask("organization_list_for_user", membership, old) == []


def test_a_newer_database_is_refused(ckan: CkanServer) -> None:
    with psycopg.connect(hub_cluster(ckan.context).admin_dsn("ckan"), autocommit=True) as connection:
        row = connection.execute("SELECT version_num FROM ardoise_alembic_version").fetchone()
        assert row is not None
        connection.execute("UPDATE ardoise_alembic_version SET version_num = 'ardoise_9999'")
        try:
            with pytest.raises(PrepareError):
                service.prepare(ckan.context)
        finally:
            connection.execute("UPDATE ardoise_alembic_version SET version_num = %s", row)


def test_the_reader_of_tables_can_do_nothing_else(ckan: CkanServer) -> None:
    password = ckan.context.secrets.get("postgres-datastore_read").get_secret_value()
    port = ckan.context.ports["postgres-hub"]
    dsn = f"host=127.0.0.1 port={port} user=datastore_read password={password} dbname="
    with psycopg.connect(dsn + "datastore", autocommit=True) as connection:
        connection.execute("SELECT count(*) FROM _table_metadata")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (a int)")
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(dsn + "ckan")


def test_the_table_of_a_private_dataset_is_private(ckan: CkanServer) -> None:
    name = f"eau-{secrets.token_hex(4)}"
    CkanCatalogue(ckan.url, SecretStr(ckan.editor)).publish(page(water(name)))
    resources = ckan.ask("package_show", {"id": name})["resources"]
    table = {"resource_id": next(each["id"] for each in resources if each["role"] == "table")}
    assert ckan.ask("datastore_search", table)["total"] == 3
    ckan.ask("package_patch", {"id": name, "private": True}, ckan.editor)
    assert ckan.action("datastore_search", table).status_code == 403
    assert ckan.action("datastore_search_sql", {"sql": f'SELECT * FROM "{table["resource_id"]}"'}).status_code >= 400
    assert httpx.get(f"{ckan.url}/datastore/dump/{table['resource_id']}", timeout=30).status_code in (403, 404)
