"""The master key replaced: nothing is lost, nothing old opens, whenever it is killed; and what « destroyed » means."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from anonymization.pseudonyms import CustodyRefusedError, CustodyUnavailableError
from custody.errors import TamperedError
from custody.masters.files import FileKeeper
from custody.settings import load_settings
from custody.vault import Vault, open_vault
from tests.integration.custody.conftest import ROOT, CustodyHome, MakeHome
from tests.softhsm import MODULE, PIN, TOKEN, SoftHsm
from tests.transit import Transit

KILLED = """
import os, signal, sys
import custody.replacement as replacement
from custody.commands import main

def dies(*arguments, **named):
    os.kill(os.getpid(), signal.SIGKILL)

point = sys.argv.pop(1)
if point == "before the new key is made":
    replacement.keeper = dies
elif point == "before it is used":
    replacement._rewrap = dies
elif point == "in the middle":
    whole, left = replacement._rewrap_table, [2]
    def some(*arguments):
        left[0] -= 1
        return whole(*arguments) if left[0] >= 0 else dies()
    replacement._rewrap_table = some
elif point == "before the old one is destroyed":
    finish = replacement._destroy_replaced
    replacement._destroy_replaced = lambda vault, settings, calls=[]: calls.append(1) or (
        dies() if len(calls) == 2 else finish(vault, settings))
elif point == "before that is written":
    replacement.update = lambda table: dies() if not hasattr(table.c, "wrapped") and gone() else kept(table)
    from sqlalchemy import update as kept
    import glob
    gone = lambda: not glob.glob(sys.argv[-1] + "/secrets/master.key")
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def fresh(make_custody: MakeHome) -> CustodyHome:
    custody = make_custody()
    done = custody.initialize()
    assert done.returncode == 0, done.stderr
    return custody


def opened(custody: CustodyHome) -> Vault:
    return open_vault(load_settings(custody.home), lambda: datetime.now(UTC))


def keys_of(custody: CustodyHome) -> list[object]:
    """Return every key, opened."""
    vault = opened(custody)
    try:
        with vault.engine.connect() as connection:
            domains = [vault.open_domain(connection, name) for name in ("consent", "water-meter", "resident", "leaks")]
            own = [vault.service_key(connection, name) for name in ("fingerprint", "log", "ledger")]
        return [(domain.key, domain.epoch_key, domain.counting_key) for domain in domains] + own
    finally:
        vault.engine.dispose()


def configure(custody: CustodyHome, *lines: str) -> None:
    file = custody.home / "custody.toml"
    first = file.read_text().splitlines()[:2]  # a comment, and the database
    file.write_text("\n".join([*first, *lines, ""]))


def test_a_running_service_takes_the_new_master_key(fresh: CustodyHome) -> None:
    fresh.start()
    orchestrator, ingest = fresh.client("orchestrator"), fresh.client("ingest")
    key = ingest.create_key("landing", "parking")
    run = orchestrator.with_token(orchestrator.create_run("r", "d", domains=["water-meter"], quota=100))
    before = next(run.pseudonymize("water-meter", [pa.array(["a"])]))
    wrap = fresh.query(f"SELECT wrapped FROM data_key WHERE id = '{key.id}'")[0][0]
    done = fresh.command("master", "replace")
    assert done.returncode == 0, done.stderr
    assert "wrapped under master-2" in done.stdout
    assert sorted(path.name for path in (fresh.home / "secrets").glob("*.key")) == ["master-2.key"]
    with pytest.raises(CustodyUnavailableError, match="master_replaced"):
        next(run.pseudonymize("water-meter", [pa.array(["a"])]))
    assert next(run.pseudonymize("water-meter", [pa.array(["a"])])).equals(before)
    assert ingest.release_key(key.id) == key.key
    assert ingest.release_key(ingest.create_key("landing", "parking").id)
    with pytest.raises(TamperedError):
        FileKeeper(fresh.home / "secrets").open("master-2").unwrap(wrap, "data", key.id, "landing", "parking")
    lines = fresh.command("master", "show").stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [["master-2", "file", "current"], ["master", "file", "destroyed"]]
    assert "the log is whole" in fresh.command("log", "verify").stdout


def test_a_key_made_while_the_master_key_is_replaced_is_not_lost(fresh: CustodyHome) -> None:
    """A process that still has the old one wraps under the new one."""
    vault = opened(fresh)
    assert fresh.command("master", "replace").returncode == 0
    with vault.transaction() as connection:
        assert vault.wrapping(connection).name == "master-2"
    vault.engine.dispose()


@pytest.mark.parametrize(
    "point",
    [
        "before the new key is made",
        "before it is used",
        "in the middle",
        "before the old one is destroyed",
        "before that is written",
    ],
)
def test_a_replacement_killed_anywhere_is_finished(fresh: CustodyHome, point: str) -> None:
    before = keys_of(fresh)
    words = [sys.executable, "-c", KILLED, point, "master", "replace", "--home", str(fresh.home)]
    killed = subprocess.run(words, cwd=ROOT, capture_output=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert keys_of(fresh) == before
    done = fresh.command("master", "replace")
    assert done.returncode == 0, done.stderr
    assert keys_of(fresh) == before
    assert [path.name for path in (fresh.home / "secrets").glob("*.key")] == ["master-2.key"]
    assert "not destroyed yet" not in fresh.command("master", "show").stdout
    assert "the log is whole" in fresh.command("log", "verify").stdout


def test_a_wrap_that_does_not_open_stops_a_replacement_before_anything_changes(fresh: CustodyHome) -> None:
    before = keys_of(fresh)
    fresh.query("UPDATE domain_key SET wrapped = 'altered' WHERE domain = 'contract-number'")
    done = fresh.command("master", "replace")
    assert (done.returncode, "does not open" in done.stderr or "unknown mark" in done.stderr) == (1, True)
    assert keys_of(fresh) == before
    assert (fresh.home / "secrets" / "master.key").exists()


def test_the_master_key_moves_to_an_hsm_and_on_to_vault(fresh: CustodyHome, hsm: SoftHsm, transit: Transit) -> None:
    before = keys_of(fresh)
    (fresh.home / "secrets" / "pkcs11-pin").write_text(PIN)
    (fresh.home / "secrets" / "vault-token").write_text(transit.token)
    places = (
        "[pkcs11]",
        f'module = "{MODULE}"',
        f'token = "{TOKEN}"',
        f'prefix = "{fresh.database}-"',
        "[vault]",
        f'address = "{transit.address}"',
    )
    configure(fresh, 'master = "pkcs11"', *places)
    assert "wrapped under master-2 (pkcs11)" in fresh.command("master", "replace").stdout
    assert list((fresh.home / "secrets").glob("*.key")) == []
    assert keys_of(fresh) == before
    fresh.start()
    key = fresh.client("ingest").create_key("landing", "parking")
    assert fresh.client("ingest").release_key(key.id) == key.key
    fresh.stop()
    configure(fresh, 'master = "vault"', *places)
    assert keys_of(fresh) == before  # until it is replaced, the one in the HSM is the one
    assert "wrapped under master-3 (vault)" in fresh.command("master", "replace").stdout
    assert list(transit.keys) == ["ardoise-custody-master-3"]
    assert keys_of(fresh) == before
    transit.sealed = True
    done = fresh.command("domain", "list")
    assert (done.returncode, "503" in done.stderr) == (1, True)


def test_a_new_home_may_begin_with_vault(make_custody: MakeHome, transit: Transit) -> None:
    custody = make_custody()
    (custody.home / "secrets" / "vault-token").write_text(transit.token)
    lines = ('master = "vault"', "[vault]", f'address = "{transit.address}"')
    (custody.home / "custody.toml").write_text("\n".join(["# Settings.", *lines, ""]))
    assert custody.initialize().returncode == 0
    assert list((custody.home / "secrets").glob("*.key")) == []
    assert list(transit.keys) == ["ardoise-custody-master"]
    custody.start()
    assert custody.client("ingest").create_key("landing", "parking")


def test_destroyed_is_complete_once_no_backup_can_open_it(fresh: CustodyHome) -> None:
    assert fresh.command("destroyed").stdout == ""
    fresh.start()
    ingest = fresh.client("ingest")
    key = ingest.create_key("landing", "parking")
    ingest.destroy_key(key.id)
    with pytest.raises(CustodyRefusedError, match="key_destroyed"):
        ingest.release_key(key.id)
    fresh.stop()
    assert "NOT COMPLETE, master can still open old copies" in fresh.command("destroyed").stdout
    assert fresh.command("master", "replace").returncode == 0
    assert "do not say how long backups live" in fresh.command("destroyed").stdout
    configure(fresh, "backup_days = 30")
    assert "backups may hold master until" in fresh.command("destroyed").stdout
    configure(fresh, "backup_days = 0")
    line = fresh.command("destroyed").stdout
    assert line.startswith("1 data keys")
    assert "complete since" in line


def test_settings_that_do_not_describe_their_place_are_refused(fresh: CustodyHome) -> None:
    for lines, told in (
        (('master = "pkcs11"',), "[pkcs11]"),
        (('master = "vault"',), "[vault]"),
        (('master = "paper"',), "not valid: master"),
    ):
        configure(fresh, *lines)
        done = fresh.command("master", "replace")
        assert (done.returncode, told in done.stderr) == (1, True), done.stderr
    assert Path(fresh.home / "secrets" / "master.key").exists()
