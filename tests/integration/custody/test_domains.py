"""Domains over time: brought forward, declared again, through epochs, and seen by too many identifiers."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from alembic import command
from sqlalchemy import text

from anonymization.pseudonyms import CustodyRefusedError, cmac, mint
from custody.database import open_engine
from custody.database.state import _config
from custody.domains import add_epoch, destroy_epoch, enter_epoch
from custody.errors import RefusedError, TamperedError
from custody.keyring import split
from custody.masters.files import FileKeeper
from custody.settings import load_settings
from custody.vault import Vault, open_vault
from tests.integration.custody.conftest import CustodyHome, MakeHome

NOW = datetime(2026, 11, 22, tzinfo=UTC)
METERS = pa.array([f"49007-{number:09d}" for number in range(2_000)])


@pytest.fixture
def vault(make_custody: MakeHome) -> Iterator[Vault]:
    custody = make_custody()
    assert custody.initialize().returncode == 0
    vault = open_vault(load_settings(custody.home), lambda: datetime.now(UTC))
    yield vault
    vault.engine.dispose()


def test_a_domain_of_the_first_state_is_brought_forward(make_custody: MakeHome) -> None:
    """Its key is kept, and gets an epoch: its pseudonyms are others from then on."""
    custody = make_custody()
    (custody.home / "custody.toml").write_text(f'database = "{custody.database_url}"\n')
    settings = load_settings(custody.home)
    engine, config = open_engine(settings.database_url()), _config()
    key, master = os.urandom(16), FileKeeper(settings.secrets).create("master")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for table, names in (("service_key", ("fingerprint",)), ("domain_key", ("water-meter", "consent"))):
            for name in names:
                context = ("service", name) if table == "service_key" else ("domain", name, "0")
                row = {"name": name, "wrapped": master.wrap(key, *context), "at": NOW}
                columns = (
                    "name, wrapped, created_at" if table == "service_key" else "domain, epoch, wrapped, created_at"
                )
                values = ":name, :wrapped, :at" if table == "service_key" else ":name, 0, :wrapped, :at"
                connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), row)
        connection.execute(
            text("INSERT INTO request (at, client, action, identifiers) VALUES (:at, 'old', 'pseudonymize', 5)"),
            {"at": NOW},
        )
    engine.dispose()
    done = custody.initialize()
    assert done.returncode == 0, done.stderr
    vault = open_vault(settings, lambda: NOW)
    with vault.engine.connect() as connection:
        domain = vault.open_domain(connection, "water-meter")
        assert (domain.epoch, domain.key) == (0, split(key, "cmac"))
        minted = mint(domain.key, domain.epoch_key, METERS)
    vault.engine.dispose()
    assert not minted.equals(cmac(key, METERS))
    assert custody.query("SELECT action, identifiers FROM request ORDER BY id LIMIT 2") == [
        ("pseudonymize", 5),
        ("log:begin", 1),
    ]
    assert "the log is whole" in custody.command("log", "verify").stdout
    assert custody.query("SELECT name, provider FROM master") == [("master", "file")]


def test_epochs_follow_each_other_and_the_past_is_forgotten(vault: Vault) -> None:
    with vault.transaction() as connection:
        first = vault.open_domain(connection, "water-meter")
        assert add_epoch(connection, vault.wrapping(connection), "water-meter", NOW) == 1
        assert add_epoch(connection, vault.wrapping(connection), "water-meter", NOW) == 1
        assert vault.open_domain(connection, "water-meter").epoch == 0
        second = vault.open_domain(connection, "water-meter", 1)
        assert second.key == first.key
        assert second.epoch_key != first.epoch_key
        for epoch in (0, 1):
            with pytest.raises(RefusedError, match="epoch_in_use"):
                destroy_epoch(connection, "water-meter", epoch, NOW)
        with pytest.raises(RefusedError, match="epoch_unknown"):
            enter_epoch(connection, "water-meter", 2)
        enter_epoch(connection, "water-meter", 1)
        enter_epoch(connection, "water-meter", 1)
        destroy_epoch(connection, "water-meter", 0, NOW)
        destroy_epoch(connection, "water-meter", 0, NOW)
        assert vault.open_domain(connection, "water-meter").epoch_key == second.epoch_key
        with pytest.raises(RefusedError, match="epoch_destroyed"):
            vault.open_domain(connection, "water-meter", 0)
        with pytest.raises(RefusedError, match="epoch_destroyed"):
            enter_epoch(connection, "water-meter", 0)
        with pytest.raises(RefusedError, match="domain_unknown"):
            add_epoch(connection, vault.wrapping(connection), "elsewhere", NOW)


def test_reversible_domains_share_no_key_with_their_other_epochs(vault: Vault) -> None:
    with vault.transaction() as connection:
        add_epoch(connection, vault.wrapping(connection), "leaks", NOW)
        one, other = (vault.open_domain(connection, "leaks", epoch) for epoch in (0, 1))
    assert len({one.key, other.key, one.counting_key}) == 3
    assert one.counting_key == other.counting_key


def test_a_key_row_that_was_altered_or_moved_does_not_open(vault: Vault) -> None:
    for change in (
        "UPDATE domain_key SET wrapped = (SELECT wrapped FROM domain_key WHERE domain = 'resident') "
        "WHERE domain = 'water-meter'",
        "UPDATE domain SET wrapped = (SELECT wrapped FROM domain WHERE name = 'water-meter') WHERE name = 'resident'",
        "UPDATE domain SET wrapped = 'altered' WHERE name = 'consent'",
    ):
        with vault.engine.begin() as connection:
            connection.execute(text(change))
    for name in ("water-meter", "resident", "consent"):
        with vault.engine.connect() as connection, pytest.raises(TamperedError):
            vault.open_domain(connection, name)


def test_what_makes_a_pseudonym_never_changes_once_declared(make_custody: MakeHome) -> None:
    custody = make_custody()
    assert custody.initialize().returncode == 0
    for words in (("--kind", "reversible", "--padded-length", "64"), ("--kind", "one-way")):
        done = custody.command("domain", "add", "leaks", *words)
        assert (done.returncode, "domain_declared" in done.stderr) == (1, True)
    words = ("--recipient", "the water service", "--purpose", "to bill", "--epoch-days", "365")
    assert custody.command("domain", "add", "resident", *words, "--expected-inputs", "5").returncode == 0
    lines = custody.command("domain", "list").stdout
    assert "of 5 expected  for the water service: to bill" in lines
    assert "ROTATION DUE" not in lines
    custody.query("UPDATE domain_key SET created_at = now() - interval '366 days' WHERE domain = 'resident'")
    due = [line for line in custody.command("domain", "list").stdout.splitlines() if "ROTATION DUE" in line]
    assert [line.split()[0] for line in due] == ["resident"]
    declared = custody.query("SELECT domain FROM request WHERE action = 'domain:declare' ORDER BY id DESC LIMIT 1")
    assert declared == [("resident",)]


def test_an_enumeration_alerts_whatever_tokens_it_comes_with(make_custody: MakeHome) -> None:
    custody = make_custody()
    assert custody.initialize().returncode == 0
    assert custody.command("domain", "add", "water-meter", "--expected-inputs", "1000").returncode == 0
    custody.start()
    orchestrator = custody.client("orchestrator")

    def ask(values: pa.Array, run_id: str) -> None:
        run = orchestrator.with_token(orchestrator.create_run(run_id, "d", domains=["water-meter"], quota=2_000))
        list(run.pseudonymize("water-meter", [values]))

    for number in range(3):  # the same ones again and again are nothing new
        ask(METERS.slice(0, 900), f"usual-{number}")
    assert custody.command("alerts").stdout == ""
    ask(METERS.slice(900, 300), "curious")
    (alert,) = custody.command("alerts").stdout.splitlines()
    assert "water-meter" in alert
    assert "1000 expected" in alert
    assert "orchestrator in run curious" in alert
    ask(METERS.slice(1_200, 300), "curious-again")
    assert len(custody.command("alerts").stdout.splitlines()) == 1  # until it has doubled
    told = [line for line in custody.lines() if line["event"] == "inputs_exceeded"]
    assert [(line["level"], line["domain"], line["run_id"]) for line in told] == [("error", "water-meter", "curious")]
    metrics = urllib.request.urlopen(f"{custody.url}/metrics", timeout=10).read().decode()
    assert 'custody_alerts_total{domain="water-meter"} 1.0' in metrics
    assert 'custody_expected_inputs{domain="water-meter"} 1000.0' in metrics
    ((estimate,),) = custody.query("SELECT estimate FROM distinct_inputs WHERE domain = 'water-meter'")
    assert abs(estimate - 1_500) < 75
    assert custody.query("SELECT count(*) FROM request WHERE action = 'alert'") == [(1,)]
    custody.stop()
    custody.start()
    ask(METERS.slice(0, 900), "after-a-restart")
    ((again,),) = custody.query("SELECT estimate FROM distinct_inputs WHERE domain = 'water-meter'")
    assert abs(again - estimate) < 75


def test_subjects_of_another_epoch_are_refused(make_custody: MakeHome) -> None:
    """A mixed anti-join would let every objection through."""
    custody = make_custody()
    assert custody.initialize().returncode == 0
    vault = open_vault(load_settings(custody.home), lambda: NOW)
    with vault.transaction() as connection:
        add_epoch(connection, vault.wrapping(connection), "consent", NOW)
        enter_epoch(connection, "consent", 1)
    vault.engine.dispose()
    custody.start()
    orchestrator = custody.client("orchestrator")
    run = orchestrator.with_token(orchestrator.create_run("r", "d", domains=["water-meter"], quota=10))
    old = pa.array([bytes(16)], pa.binary(16))
    with pytest.raises(CustodyRefusedError, match="wrong_epoch"):
        list(run.pseudonymize("water-meter", [METERS.slice(0, 1)], subjects=old, purpose="p", objecting=True))


def test_who_is_not_covered_leaves_no_trace_in_the_answers_bytes(custody: CustodyHome) -> None:
    """Arrow buffers travel whole, nulls included."""
    orchestrator = custody.client("orchestrator")
    run = orchestrator.with_token(orchestrator.create_run("r", "d", domains=["water-meter"], quota=100))
    values = METERS.slice(0, 8)
    (everyone,) = run.pseudonymize("water-meter", [values])
    none = pa.array([], pa.binary(16))
    (covered,) = run.pseudonymize("water-meter", [values], subjects=none, purpose="p")
    assert covered.null_count == 8
    assert not any(value in covered.buffers()[1].to_pybytes() for value in everyone.to_pylist())
