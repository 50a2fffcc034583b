"""What the stack makes of Airflow: where it listens, who may sign in, what a second start does."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from policies import load_territory
from settings.model import SHIPPED_TERRITORY
from stack.airflow_client import AirflowClient, AirflowError
from stack.service import STACK_MARK
from stack.services import airflow as service
from tests.integration.airflow.conftest import Airflow


def test_everything_listens_on_the_loopback_interface_only(airflow: Airflow) -> None:
    mark = f"{STACK_MARK}={airflow.context.home}".encode()
    inodes: set[str] = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                inodes |= {link.readlink().name[8:-1] for link in (process / "fd").iterdir()}
        except OSError:
            continue
    ports: set[int] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for row in Path(table).read_text(encoding="ascii").splitlines()[1:]:
            fields = row.split()
            if fields[3] == "0A" and fields[9] in inodes:
                address, _, port = fields[1].rpartition(":")
                assert address == "0100007F", row
                ports.add(int(port, 16))
    assert airflow.context.ports["airflow"] in ports


def test_no_secret_stands_in_the_environment(airflow: Airflow) -> None:
    values = "\n".join(service.environment(airflow.context).values())
    for file in airflow.context.secrets.folder.iterdir():
        assert file.read_text(encoding="utf-8").strip() not in values, file.name


def test_configuration_and_anonymous_requests_are_refused(airflow: Airflow) -> None:
    url = airflow.context.settings.airflow_url
    assert httpx.get(f"{url}/api/v2/dags").status_code == 401
    with pytest.raises(AirflowError, match="ne reconnaît pas"):
        AirflowClient(url, "steward", SecretStr("not the password")).dags()
    with pytest.raises(AirflowError, match="403"):
        airflow.sign_in("airflow-admin").configuration()


def test_each_role_sees_what_it_should(airflow: Airflow) -> None:
    contracts = load_territory(SHIPPED_TERRITORY).contracts
    everything = {f"{name}{kind}" for name in contracts for kind in ("", "__release")} | {
        "rotate_keys",
        "feeds_watch",
        "open_retention",
        "digital-twin",
    }
    droppers = {one.feed.operator for one in contracts.values() if one.feed.connector == "file_drop"}
    steward, dpo, operator = (airflow.sign_in(login) for login in ("steward", "dpo", "operator"))
    assert steward.import_errors() == []
    assert set(steward.dags()) == set(dpo.dags()) == everything
    own = {name for name, one in contracts.items() if one.feed.operator in droppers}
    assert set(operator.dags()) == own >= {"water-meters"}
    for refused in (dpo, operator):
        with pytest.raises(AirflowError, match="403"):
            refused.trigger("parking__release", partition="2026-11-20")
    assert dpo.events("no such event") == []


def test_a_second_start_mends_roles_and_follows_the_secrets(airflow: Airflow) -> None:
    context = airflow.context
    password = context.settings.secret("postgres-airflow").get_secret_value()
    port = context.ports["postgres-hub"]
    with psycopg.connect(f"host=127.0.0.1 port={port} user=airflow password={password} dbname=airflow") as database:
        database.execute(
            "DELETE FROM ab_permission_view_role WHERE role_id = (SELECT id FROM ab_role WHERE name = 'dpo')"
        )
        database.execute("UPDATE ab_user SET password = 'x' WHERE username = 'dpo'")
        database.commit()
        service.prepare(context)
        counts = database.execute(
            "SELECT name, count(*) FROM ab_role JOIN ab_permission_view_role ON role_id = ab_role.id GROUP BY name"
        ).fetchall()
    assert dict(counts)["dpo"] > 20
    assert airflow.sign_in("dpo").dags()


def test_a_database_of_a_newer_airflow_is_refused(airflow: Airflow, tmp_path: Path) -> None:
    environment = service.environment(airflow.context) | {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/airflow.db",
        "AIRFLOW_HOME": str(tmp_path),
    }
    del environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD"]
    plant = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
        " c.execute('CREATE TABLE alembic_version (version_num)');"
        " c.execute(\"INSERT INTO alembic_version VALUES ('ffffffffffff')\"); c.commit()"
    )
    python = str(airflow.context.python)
    subprocess.run([python, "-c", plant, str(tmp_path / "airflow.db")], check=True)
    done = subprocess.run(
        [python, "-m", "dags.bootstrap"], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "version plus récente d'Airflow" in done.stderr.strip().splitlines()[-1]


def test_logs_are_json(airflow: Airflow) -> None:
    for name in ("api-server", "dag-processor", "scheduler", "triggerer"):
        lines = airflow.context.log_file(f"airflow-{name}").read_text(encoding="utf-8").splitlines()
        parsed = [line for line in lines if line.startswith("{") and json.loads(line)]
        assert len(parsed) > 0.8 * len([line for line in lines if line.strip()]), name
