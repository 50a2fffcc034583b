"""Custody over time: restarts, states, its master key, its log, and what must never be found on its disk."""

from __future__ import annotations

import base64
import hashlib
import os
import pwd
import re
import signal
import time
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from anonymization.pseudonyms import PSEUDONYM_TYPE, CustodyRefusedError, CustodyUnavailableError
from custody.database import open_engine
from custody.database.tables import metadata
from custody.settings import load_settings
from tests.custodian_behavior import PRESERVING, REVERSIBLE
from tests.integration.custody.conftest import CustodyHome, MakeHome, unprivileged_user

NOBODY = pa.array([], PSEUDONYM_TYPE)
CANARY = "canari-49007-Zoé-Quintefeuille"


@pytest.fixture
def fresh(make_custody: MakeHome) -> CustodyHome:
    custody = make_custody()
    done = custody.initialize()
    assert done.returncode == 0, done.stderr
    return custody


def pseudonyms(custody: CustodyHome) -> list[bytes]:
    orchestrator = custody.client("orchestrator")
    run = orchestrator.with_token(orchestrator.create_run("r", "d", domains=["water-meter"], quota=10))
    return pa.concat_arrays(run.pseudonymize("water-meter", [pa.array(["a", "b"])])).to_pylist()


def test_a_killed_service_comes_back_with_its_keys(fresh: CustodyHome) -> None:
    fresh.start()
    before, key = pseudonyms(fresh), fresh.client("ingest").create_key("landing", "parking")
    fresh.stop(signal.SIGKILL)
    assert fresh.initialize().returncode == 0
    fresh.start()
    assert pseudonyms(fresh) == before
    assert fresh.client("ingest").release_key(key.id) == key.key
    assert fresh.stop() in (0, -signal.SIGTERM)


def test_it_refuses_a_newer_state(fresh: CustodyHome) -> None:
    fresh.query("UPDATE alembic_version SET version_num = '9999'")
    for words in (("migrate",), ("init",), ("serve", "--port", "1"), ("domain", "list")):
        done = fresh.command(*words)
        assert done.returncode == 1
        assert "9999" in done.stderr
        assert "newer" in done.stderr
    assert fresh.query("SELECT version_num FROM alembic_version") == [("9999",)]


def test_it_does_not_serve_an_older_state(make_custody: MakeHome) -> None:
    custody = make_custody()
    (custody.home / "custody.toml").write_text(f'database = "{custody.database_url}"\n')
    done = custody.command("serve", "--port", str(custody.port))
    assert done.returncode == 1
    assert "python -m custody migrate" in done.stderr
    assert custody.command("migrate").stdout == "state 0003\n"
    assert "never prepared" in custody.command("serve", "--port", str(custody.port)).stderr
    assert custody.initialize().returncode == 0
    custody.query("DELETE FROM alembic_version")
    done = custody.command("serve", "--port", str(custody.port))
    assert done.returncode == 1
    assert "python -m custody migrate" in done.stderr


def test_the_master_key_is_its_own_and_private(fresh: CustodyHome, make_custody: MakeHome) -> None:
    file = fresh.home / "secrets" / "master.key"
    assert file.stat().st_mode & 0o777 == 0o600
    kept = file.read_text()
    file.chmod(0o640)
    assert "others can read it" in fresh.command("domain", "list").stderr
    file.unlink()
    assert "restore it" in fresh.initialize().stderr
    assert not file.exists()
    other = make_custody()
    assert other.initialize().returncode == 0
    file.touch(mode=0o600)
    file.write_text((other.home / "secrets" / "master.key").read_text())
    assert "not the one this database was made with" in fresh.command("domain", "list").stderr
    file.write_text(kept[:20])
    assert "damaged" in fresh.command("domain", "list").stderr
    file.write_text(kept)
    lines = fresh.command("domain", "list").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["consent", "one-way"],
        [PRESERVING, "format-preserving"],
        [REVERSIBLE, "reversible"],
        ["resident", "one-way"],
        ["water-meter", "one-way"],
    ]


def test_commands_may_be_repeated(fresh: CustodyHome) -> None:
    token = fresh.token_file("ingest").read_text()
    assert fresh.token_file("ingest").stat().st_mode & 0o777 == 0o600
    assert fresh.initialize().returncode == 0
    assert fresh.token_file("ingest").read_text() == token
    assert "was there" in fresh.command("domain", "add", "resident").stdout
    assert "declared" in fresh.command("domain", "add", "bin-chip").stdout
    assert fresh.command("domain", "add", "Not A Name").returncode == 1
    renewed = fresh.home.parent / "renewed"
    client = ("client", "add", "ingest", "--role", "ingest", "--token-file", str(renewed))
    assert "new token" in fresh.command(*client).stdout
    ((kept,),) = fresh.query("SELECT token_hash FROM client WHERE name = 'ingest'")
    assert kept == hashlib.sha256(renewed.read_text().strip().encode()).digest()


def test_a_wrap_moved_to_another_row_does_not_open(custody: CustodyHome) -> None:
    ingest = custody.client("ingest")
    one, two = ingest.create_key("landing", "parking"), ingest.create_key("landing", "parking")
    moved = f"UPDATE data_key SET wrapped = (SELECT wrapped FROM data_key WHERE id = '{one.id}') WHERE id = '{two.id}'"
    custody.query(moved)
    with pytest.raises(CustodyUnavailableError, match="internal"):
        ingest.release_key(two.id)
    assert ingest.release_key(one.id) == one.key


def test_the_log_of_requests_is_only_added_to(custody: CustodyHome) -> None:
    last = custody.query("SELECT coalesce(max(id), 0) FROM request")[0][0]
    pseudonyms(custody)
    key = custody.client("ingest").create_key("landing", "parking")
    custody.client("orchestrator").destroy_key(key.id)
    columns = "client, run_id, dataset, action, domain, key_id, identifiers"
    assert custody.query(f"SELECT {columns} FROM request WHERE id > {last} ORDER BY id") == [
        ("orchestrator", None, "d", "runs:create", None, None, 0),
        ("orchestrator", "r", "d", "pseudonymize", "water-meter", None, 2),
        ("ingest", None, "parking", "keys:create", None, key.id, 0),
        ("orchestrator", None, "parking", "keys:destroy", None, key.id, 0),
    ]
    for change in ("UPDATE request SET identifiers = 0", "DELETE FROM request", "TRUNCATE request"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only ever added to"):
            custody.query(change)


def test_a_database_outage_is_told_and_survived(custody: CustodyHome) -> None:
    before = pseudonyms(custody)
    custody.query_elsewhere(f"ALTER DATABASE {custody.database} ALLOW_CONNECTIONS false")
    custody.query_elsewhere(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{custody.database}'"
    )
    try:
        assert not custody.healthy()
        with pytest.raises(CustodyUnavailableError, match="503 database_unavailable"):
            custody.client("ingest").create_key("landing", "parking")
    finally:
        custody.query_elsewhere(f"ALTER DATABASE {custody.database} ALLOW_CONNECTIONS true")
    assert pseudonyms(custody) == before


def test_it_never_dumps_its_memory(custody: CustodyHome) -> None:
    assert custody.process is not None
    limits = Path(f"/proc/{custody.process.pid}/limits").read_text().splitlines()
    assert next(line for line in limits if line.startswith("Max core file size")).split()[4:6] == ["0", "0"]


def test_it_runs_as_the_user_it_is_told_to(custody: CustodyHome) -> None:
    user = unprivileged_user()
    if os.geteuid() != 0:
        done = custody.command("serve", "--port", "1", "--user", user)
        assert done.returncode == 1
        assert "only root" in done.stderr
        return
    assert custody.process is not None
    status = Path(f"/proc/{custody.process.pid}/status").read_text()
    wanted = pwd.getpwnam(user).pw_uid
    assert next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:] == [str(wanted)] * 4
    assert next(line for line in status.splitlines() if line.startswith("Groups:")).split()[1:] == []
    for path in (custody.home, custody.home / "custody.toml", *(custody.home / "secrets").iterdir()):
        assert path.stat().st_uid == wanted
    assert len(pseudonyms(custody)) == 2


def test_no_identifier_stays_anywhere(custody: CustodyHome) -> None:
    """Whatever goes well or wrong; a control shows that the scan would find it."""
    orchestrator = custody.client("orchestrator")
    run = orchestrator.with_token(orchestrator.create_run("r", "d", domains=["water-meter"], quota=2))
    list(run.pseudonymize("water-meter", [pa.array([CANARY])]))
    for wrong in ([CANARY] * 5, [CANARY * 60]):
        with pytest.raises(CustodyRefusedError):
            list(run.pseudonymize("water-meter", [pa.array(wrong)]))
    for call in (
        lambda: list(run.pseudonymize(CANARY, [pa.array([CANARY])])),
        lambda: list(
            run.pseudonymize("water-meter", [pa.array([CANARY])], subjects=pa.array([], pa.binary(16)), purpose=CANARY)
        ),
        lambda: orchestrator.create_run(CANARY, CANARY, domains=[CANARY], key_ids=[CANARY]),
        lambda: orchestrator.release_key(CANARY),
        lambda: orchestrator.create_key(CANARY, CANARY),
        lambda: orchestrator.fingerprint(CANARY, CANARY),
        lambda: orchestrator._call("POST", f"/v1/{base64.b64encode(CANARY.encode()).decode()}"),
    ):
        with pytest.raises(CustodyRefusedError):
            call()
    custody.query("CHECKPOINT")
    assert places_with_canary(custody) == []
    custody.query(f"CREATE TABLE planted AS SELECT '{CANARY}' AS value")
    (custody.home / "planted").write_text(base64.b64encode(CANARY.encode()).decode())
    custody.query("CHECKPOINT")
    found = {path.parent.name for path in places_with_canary(custody)}
    custody.query("DROP TABLE planted")
    assert {"home", "pg_wal", custody.oid()} <= found


def places_with_canary(custody: CustodyHome) -> list[Path]:
    """Return the files of custody's folder, log and cluster that hold the canary: text, base64, hexadecimal, UTF-16."""
    text = CANARY.encode()
    needles = [text, text.hex().encode(), CANARY.encode("utf-16-le"), CANARY.encode("unicode_escape")]
    needles += [base64.b64encode(text[cut:])[: 4 * ((len(text) - cut) // 3)] for cut in range(3)]
    pattern = re.compile(b"|".join(map(re.escape, needles)))
    data = custody.cluster.data
    folders = (custody.home.parent, data / "base" / custody.oid(), data / "pg_wal", data / "global", data / "pg_xact")
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return [path for path in files if pattern.search(path.read_bytes())]


def test_log_lines_are_json_and_carry_the_run(custody: CustodyHome) -> None:
    before = len(custody.lines())
    pseudonyms(custody)
    with pytest.raises(CustodyRefusedError):
        custody.client("ingest").fingerprint("parking", "not a digest")
    deadline = time.monotonic() + 30  # a call is logged once it is answered: perhaps after its answer has come
    while not any(line.get("call") == "POST /v1/fingerprint" for line in custody.lines()[before:]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    lines = custody.lines()[before:]
    assert {line["service"] for line in lines} == {"custody"}
    stream = next(line for line in lines if line.get("call") == "POST /v1/pseudonymize/{domain}")
    assert (stream["run_id"], stream["domain"], stream["identifiers"], stream["batches"]) == ("r", "water-meter", 2, 1)
    refused = next(line for line in lines if line.get("call") == "POST /v1/fingerprint")
    assert (refused["level"], refused["code"], refused["status"]) == ("warning", "bad_request", 422)


def test_the_tables_in_code_are_those_that_migrations_make(custody: CustodyHome) -> None:
    engine = open_engine(load_settings(custody.home).database_url())
    try:
        with engine.connect() as connection:
            differences = compare_metadata(MigrationContext.configure(connection), metadata)
    finally:
        engine.dispose()
    assert differences == []


def test_nothing_is_imported_once_privileges_are_dropped(custody: CustodyHome) -> None:
    """Its user may not be able to enter the interpreter's folder: neither good nor bad requests need it any more."""
    pseudonyms(custody)
    key = custody.client("ingest").create_key("landing", "parking")
    assert custody.client("ingest").release_key(key.id) == key.key
    custody.client("ingest").fingerprint("parking", "0" * 64)
    with pytest.raises(CustodyRefusedError):
        custody.client("ingest").release_key("none")
    assert custody.imported_late() == []
    assert custody.lines()
