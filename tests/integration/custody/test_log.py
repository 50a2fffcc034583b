"""The log against whoever has the database: what was written can be neither altered nor taken out unseen."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pyarrow as pa
import pytest

from tests.integration.custody.conftest import CustodyHome, MakeHome


@pytest.fixture(scope="module")
def home(make_custody: MakeHome) -> CustodyHome:
    """A home whose log has a few rows, over which nothing runs."""
    custody = make_custody()
    assert custody.initialize().returncode == 0
    custody.start()
    orchestrator = custody.client("orchestrator")
    run = orchestrator.with_token(orchestrator.create_run("r", "d", domains=["water-meter"], quota=10))
    list(run.pseudonymize("water-meter", [pa.array(["a", "b"])]))
    custody.stop()
    custody.query("CREATE TABLE kept AS SELECT * FROM request")
    return custody


@pytest.fixture
def logged(home: CustodyHome) -> Iterator[CustodyHome]:
    """The same, as it was made for each test."""
    witness = (home.home / "log.witness").read_text()
    yield home
    tamper(home, "DELETE FROM request", "INSERT INTO request OVERRIDING SYSTEM VALUE SELECT * FROM kept")
    (home.home / "log.witness").write_text(witness)


def tamper(custody: CustodyHome, *statements: str) -> None:
    custody.query("ALTER TABLE request DISABLE TRIGGER append_only")
    for statement in statements:
        custody.query(statement)
    custody.query("ALTER TABLE request ENABLE TRIGGER append_only")


def verify(custody: CustodyHome) -> str:
    done = custody.command("log", "verify")
    return done.stdout if done.returncode == 0 else done.stderr


def test_a_whole_log_is_whole(logged: CustodyHome) -> None:
    ((rows,),) = logged.query("SELECT count(*) FROM request")
    assert verify(logged) == f"the log is whole: {rows} rows\n"
    actions = [row[0] for row in logged.query("SELECT action FROM request ORDER BY id")]
    assert actions[0] == "log:begin"
    assert {"domain:declare", "client:declare", "runs:create", "pseudonymize"} <= set(actions)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE request SET identifiers = 0 WHERE action = 'pseudonymize'", "does not follow"),
        ("UPDATE request SET at = at + interval '1 microsecond' WHERE action = 'pseudonymize'", "does not follow"),
        ("UPDATE request SET domain = NULL WHERE action = 'pseudonymize'", "does not follow"),
        ("DELETE FROM request WHERE action = 'runs:create'", "does not follow"),
        ("DELETE FROM request WHERE action = 'log:begin'", "does not follow"),
        ("UPDATE request SET mac = NULL WHERE action = 'runs:create'", "no authentication"),
        (
            "INSERT INTO request (at, client, action, identifiers, mac) VALUES (now(), 'x', 'y', 0, sha256('x'))",
            "does not follow",
        ),
        (
            "INSERT INTO request (id, at, client, action, identifiers) OVERRIDING SYSTEM VALUE "
            "VALUES (-1, now(), 'x', 'y', 0)",
            "is not where it began",
        ),
    ],
)
def test_what_was_altered_inserted_or_taken_out_is_found(logged: CustodyHome, statement: str, told: str) -> None:
    tamper(logged, statement)
    assert told in verify(logged)


def test_a_log_cut_off_is_found_and_stops_the_service_until_it_is_accepted(logged: CustodyHome) -> None:
    tamper(logged, "DELETE FROM request WHERE id > (SELECT max(id) - 2 FROM request)")
    assert "was cut off" in verify(logged)
    for command in (("serve", "--port", "1"), ("domain", "list"), ("init",)):
        done = logged.command(*command)
        assert (done.returncode, "was cut off" in done.stderr) == (1, True)
    accepted = logged.command("log", "accept", "--reason", "database restored from the backup of the night")
    assert accepted.returncode == 0, accepted.stderr
    assert "the log is whole" in verify(logged)
    assert logged.command("domain", "list").returncode == 0
    last = logged.query("SELECT action, reference FROM request ORDER BY id DESC LIMIT 1")
    assert last == [("log:accept", "database restored from the backup of the night")]


def test_an_emptied_log_is_found(logged: CustodyHome) -> None:
    tamper(logged, "DELETE FROM request")
    assert "was cut off" in verify(logged)
    assert logged.command("domain", "list").returncode == 1


def test_a_log_that_was_altered_can_not_be_accepted(logged: CustodyHome) -> None:
    tamper(logged, "UPDATE request SET identifiers = 0 WHERE action = 'pseudonymize'")
    done = logged.command("log", "accept", "--reason", "nothing happened")
    assert (done.returncode, "does not follow" in done.stderr) == (1, True)


def test_a_witness_that_is_damaged_is_told(logged: CustodyHome) -> None:
    (logged.home / "log.witness").write_text("not a witness")
    assert "damaged" in logged.command("domain", "list").stderr


def test_the_services_own_role_may_only_add(logged: CustodyHome) -> None:
    password = (logged.home / "secrets" / "postgres-custody").read_text()
    dsn = f"host=127.0.0.1 port={logged.cluster.port} user=custody password={password} dbname={logged.database}"
    with psycopg.connect(dsn, autocommit=True) as connection:
        for table in ("request", "ledger_head"):
            for change in (f"DELETE FROM {table}", f"TRUNCATE {table}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
                    connection.execute(change.encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
            connection.execute("UPDATE request SET identifiers = 0")
