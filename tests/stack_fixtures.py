"""Real servers for the tests: one stack a session, in a temporary folder, on free ports, growing as tests ask for more.

Its supervisor ends when the test run ends, however that happens (the kernel sends it SIGTERM when pytest dies); what a
killed run left on the disk is swept by the next one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from settings import Credential, S3Settings, Settings
from stack.context import build_context
from stack.embedded import Stack
from stack.errors import BusyError, StackError
from stack.service import OperatorOptions, StackContext
from stack.services.postgres import hub_cluster
from stack.supervision import Supervisor

PREFIX = "ardoise-tests-"


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """The hub's cluster."""

    context: StackContext

    def admin_dsn(self, database: str = "postgres") -> str:
        """Return the superuser's libpq connection string."""
        return hub_cluster(self.context).admin_dsn(database)

    def fresh_database(self, template: str = "template1") -> str:
        """Create a database of role « ardoise », as ``template`` is, and return its SQLAlchemy URL (psycopg 3)."""
        name = f"test_{secrets.token_hex(6)}"
        create = sql.SQL("CREATE DATABASE {} OWNER ardoise TEMPLATE {}")
        with psycopg.connect(self.admin_dsn(), autocommit=True) as connection:
            connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        return self.context.settings.hub_database_url().removesuffix("/ardoise") + f"/{name}"


@dataclass(frozen=True, slots=True)
class ObjectStoreServer:
    """The object store: its settings, and one credential a role."""

    context: StackContext

    @property
    def s3(self) -> S3Settings:
        """Address and buckets."""
        return self.context.settings.s3

    def credential(self, role: str) -> Credential:
        """Return the identity of ``role`` (``admin``, ``ingest``, ``deidentify``…)."""
        return self.context.settings.credential(role)


@pytest.fixture(scope="session")
def stack_context() -> Iterator[StackContext]:
    """Return the context of this session's stack; nothing runs yet. Everything is stopped and erased at the end."""
    sweep()
    home = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    context = build_context(home, preferred_ports=False, operators=OperatorOptions(rows=2_000))
    try:
        yield context
    finally:
        supervisor = Supervisor(context.paths)
        if supervisor.is_up():  # without it, what ran is ended side by side rather than a layer after another
            os.kill(supervisor.pid(), signal.SIGKILL)
        Stack(context).forget()


@pytest.fixture(scope="session")
def postgres(stack_context: StackContext) -> PostgresServer:
    """Return a running PostgreSQL, with the hub's roles and databases."""
    Stack(stack_context, only=("postgres",)).up(die_with_parent=True)
    return PostgresServer(stack_context)


@pytest.fixture(scope="session")
def object_store(stack_context: StackContext) -> ObjectStoreServer:
    """Return a running object store, with its buckets and identities."""
    Stack(stack_context, only=("objects",)).up(die_with_parent=True)
    return ObjectStoreServer(stack_context)


@pytest.fixture(scope="session")
def hub_settings(postgres: PostgresServer, object_store: ObjectStoreServer) -> Settings:
    """Return settings of a hub whose database and object store run."""
    return postgres.context.settings


@pytest.fixture(scope="session")
def full_stack(stack_context: StackContext) -> Stack:
    """Return the whole stack, running: operators, custody, console, CKAN and Airflow included."""
    stack = Stack(stack_context)
    stack.up(die_with_parent=True)
    return stack


def sweep() -> None:
    """Stop and erase what killed test runs of this user left; of processes that sweep at once, one does it."""
    with _turn():
        for home in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
            owner = home.name.removeprefix(PREFIX).partition("-")[0]
            if home.stat().st_uid == os.geteuid() and not Path(f"/proc/{owner}").exists():
                _erase(home)


@contextlib.contextmanager
def _turn() -> Iterator[None]:
    """Hold the folder of temporary files for oneself, against other sweeps."""
    folder = os.open(tempfile.gettempdir(), os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _erase(home: Path) -> None:
    """Erase a dead run's folder, unless a command of it is still at work there: then the next sweep will."""
    try:
        Stack(build_context(home, preferred_ports=False)).forget()
    except BusyError:
        return
    except (OSError, ImportError, StackError):
        shutil.rmtree(home, ignore_errors=True)
