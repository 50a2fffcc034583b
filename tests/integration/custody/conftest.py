"""The custody service as its own process, over a fresh database of custody's own cluster."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from anonymization.pseudonyms import ROLES, CustodyClient
from custody.commands import main
from stack.services.postgres import Cluster, custody_cluster
from tests.custodian_behavior import DIGITS, DOMAINS, OPERATOR_QUOTA, PADDED, PRESERVING, REVERSIBLE
from tests.forks import forked
from tests.softhsm import SoftHsm, make_token
from tests.stack_fixtures import PostgresServer
from tests.transit import Transit, serve_transit

IMPORT = "import time:"  # what ``-X importtime`` writes
ROOT = Path(__file__).resolve().parents[3]


class Done(NamedTuple):
    """What a command came to."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(slots=True)
class CustodyHome:
    """A custody home, and the service over it."""

    home: Path
    cluster: Cluster
    database: str
    port: int
    process: subprocess.Popen[bytes] | BaseProcess | None = None
    tls: ssl.SSLContext | None = None
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.home.parent / "custody.log"

    @property
    def url(self) -> str:
        return f"{'http' if self.tls is None else 'https'}://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        return f"postgresql+psycopg://custody@127.0.0.1:{self.cluster.port}/{self.database}"

    def command(self, *arguments: str) -> Done:
        """Run one command of ``python -m custody`` in this process: starting another each time would be slow."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main([*arguments, "--home", str(self.home)])
        return Done(status, out.getvalue(), err.getvalue())

    def initialize(self) -> Done:
        kinds = self.home.parent / "domains.toml"
        kinds.write_text(
            f'[{REVERSIBLE}]\nkind = "reversible"\npadded_length = {PADDED}\n'
            f'[{PRESERVING}]\nkind = "format-preserving"\nalphabet = "{DIGITS}"\n'
        )
        domains = [word for name in DOMAINS for word in ("--domain", name)]
        parts = [role for role in ROLES if role != "operator"]
        clients = [word for role in parts for word in ("--client", f"{role}={self.token_file(role)}")]
        return self.command("init", "--database", self.database_url, "--domains", str(kinds), *domains, *clients)

    def add_operator(
        self, name: str, quota: int = OPERATOR_QUOTA, days: float = 1.0, domain: str = "water-meter"
    ) -> Done:
        grants = ("--domain", domain, "--quota", str(quota), "--days", str(days))
        return self.command(
            "client", "add", name, "--role", "operator", "--token-file", str(self.token_file(name)), *grants
        )

    def start(self) -> None:
        """Serve, in a process that has everything imported."""
        self.process = forked.Process(target=_serve, args=(self._words(), self.log, dict(os.environ)))
        self.process.start()
        self._await_health()

    def start_whole(self, *extra: str) -> None:
        """Serve as the stack does, by a Python of its own, which logs what it imports."""
        words = [sys.executable, "-X", "importtime", "-m", "custody", *self._words(), *extra]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(words, cwd=ROOT, stdout=log, stderr=log)
        self._await_health()

    def _words(self) -> list[str]:
        return ["serve", "--home", str(self.home), "--port", str(self.port)]

    def _await_health(self) -> None:
        deadline = time.monotonic() + 60
        while not self.healthy():
            assert self.process is not None
            assert _ended(self.process) is None, self.log.read_text()
            assert time.monotonic() < deadline, "the service does not become healthy"
            time.sleep(0.05)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        process, self.process = self.process, None
        if process is None:
            return 0
        if process.pid is not None and _ended(process) is None:
            os.kill(process.pid, number)
        deadline = time.monotonic() + 20
        while (status := _ended(process)) is None:
            assert time.monotonic() < deadline, "the service does not end"
            time.sleep(0.02)
        return status

    def healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5, context=self.tls) as answer:
                return bool(json.load(answer)["status"] == "ok")
        except OSError:
            return False

    def token_file(self, role: str) -> Path:
        return self.home.parent / f"custody-client-{role}"

    def client(self, role: str) -> CustodyClient:
        return CustodyClient(self.url, SecretStr(self.token_file(role).read_text().strip()))

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.cluster.admin_dsn(self.database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def oid(self) -> str:
        """Return the name of the database's folder."""
        return str(self.query("SELECT oid FROM pg_database WHERE datname = current_database()")[0][0])

    def query_elsewhere(self, statement: str) -> None:
        """Run a statement from another database of the cluster."""
        with psycopg.connect(self.cluster.admin_dsn(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def lines(self) -> list[dict[str, Any]]:
        """Return what the service logged."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if not line.startswith(IMPORT)]

    def imported_late(self) -> list[str]:
        """Return what was imported after the service said that it starts."""
        log = self.log.read_text()
        return [line for line in log.partition('"event": "start"')[2].splitlines() if line.startswith(IMPORT)]


def _serve(words: list[str], log: Path, environment: dict[str, str]) -> None:
    os.environ.update(environment)  # a fork has what its server began with: no token of an HSM made since
    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(written, 1)
    os.dup2(written, 2)
    sys.exit(main(words))


def _ended(process: subprocess.Popen[bytes] | BaseProcess) -> int | None:
    """Return its exit status, None while it runs."""
    return process.poll() if isinstance(process, subprocess.Popen) else process.exitcode


MakeHome = Callable[[], CustodyHome]


@pytest.fixture(scope="session")
def make_custody(postgres: PostgresServer) -> Iterator[MakeHome]:
    """Return a function that makes a home with a database of its own; nothing is initialized nor started.

    Not under pytest's own folder, which is closed to the user that a service started as root becomes.
    """
    made: list[CustodyHome] = []
    cluster = custody_cluster(postgres.context)

    def make() -> CustodyHome:
        name = f"custody_{secrets.token_hex(6)}"
        with psycopg.connect(cluster.admin_dsn(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER custody").format(sql.Identifier(name)))
        parent = Path(tempfile.mkdtemp(prefix="custody-"))
        parent.chmod(0o711)
        home = parent / "home"
        (home / "secrets").mkdir(mode=0o700, parents=True)
        password = home / "secrets" / "postgres-custody"
        password.touch(mode=0o600)
        password.write_text(cluster.secrets.get("postgres-custody").get_secret_value())
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        made.append(CustodyHome(home, cluster, name, port))
        return made[-1]

    yield make
    for custody in made:
        custody.stop(signal.SIGKILL)
        shutil.rmtree(custody.home.parent)


@pytest.fixture(scope="session")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> SoftHsm:
    """Return a token of a real PKCS#11 module."""
    return make_token(tmp_path_factory.mktemp("softhsm"))


@pytest.fixture
def transit() -> Iterator[Transit]:
    """Return a twin of Vault's transit engine, served."""
    with serve_transit() as transit:
        yield transit


@pytest.fixture(scope="session")
def custody(make_custody: MakeHome) -> CustodyHome:
    """Return a running service; as root, run as a user without rights."""
    custody = make_custody()
    done = custody.initialize()
    assert done.returncode == 0, done.stderr
    custody.start_whole(*(("--user", unprivileged_user()) if os.geteuid() == 0 else ()))
    return custody


def unprivileged_user() -> str:
    """Return the name of a user without rights."""
    return pwd.getpwnam("nobody").pw_name
