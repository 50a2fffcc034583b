"""A stack of its own, treated badly."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from stack import leftovers
from stack.context import build_context
from stack.embedded import Stack
from stack.errors import PortTakenError, PrepareError, StackError
from stack.services.postgres import hub_cluster

ONLY = ("postgres", "valkey")


@pytest.fixture
def stack() -> Iterator[Stack]:
    home = Path(tempfile.mkdtemp(prefix=f"ardoise-tests-{os.getpid()}-"))
    stack = Stack(build_context(home, preferred_ports=False), only=ONLY)
    try:
        yield stack
    finally:
        stack.forget()
        assert leftovers.find(stack.context.paths) == []


def count(stack: Stack) -> int:
    with psycopg.connect(hub_cluster(stack.context).admin_dsn(), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
        assert row is not None
        return int(row[0])


def test_killed_all_at_once_it_comes_up_again_with_its_data_and_goes_down_clean(stack: Stack) -> None:
    paths = stack.context.paths
    stack.up(die_with_parent=True)
    assert all(entry.healthy for entry in stack.status())
    assert count(stack) == 1
    stack.up(die_with_parent=True)  # changes nothing
    assert count(stack) == 2
    for pid in leftovers.find(paths):
        os.kill(pid, signal.SIGKILL)
    stack.up(die_with_parent=True)
    assert count(stack) == 3
    stack.down()
    assert leftovers.find(paths) == []
    assert {entry.state for entry in stack.status()} == {"DOWN"}
    stack.down()  # twice does no harm


def test_a_killed_supervisor_s_children_are_ended_and_a_dead_service_comes_back(stack: Stack) -> None:
    stack.up(die_with_parent=True)
    before = {entry.name: entry.pid for entry in stack.status()}
    os.kill(before["valkey"], signal.SIGKILL)
    stack.up(die_with_parent=True)
    after = {entry.name: entry.pid for entry in stack.status()}
    assert after["valkey"] != before["valkey"]
    assert after["postgres-hub"] == before["postgres-hub"]
    os.kill(int((stack.context.paths.run / "supervisord.pid").read_text()), signal.SIGKILL)
    steps: list[str] = []
    stack.up(lambda name, step: steps.append(f"{name} {step}"), die_with_parent=True)
    assert any("arrêt brutal" in step for step in steps)
    assert not {entry.pid for entry in stack.status()} & set(after.values())


def test_databases_of_lost_secrets_say_how_to_begin_again(stack: Stack) -> None:
    stack.up(die_with_parent=True)
    stack.down()
    (hub_cluster(stack.context).secrets.folder / "postgres-admin").unlink()
    again = Stack(build_context(stack.context.paths.home, preferred_ports=False), only=ONLY)
    with pytest.raises(PrepareError, match=r"other secrets.*make clean"):
        again.up(die_with_parent=True)


def test_a_taken_port_stops_the_start_and_starts_nothing(stack: Stack) -> None:
    import socket

    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", stack.context.ports["valkey"]))
        squatter.listen()
        with pytest.raises(PortTakenError, match=f"valkey.*processus {os.getpid()}"):
            stack.up()
    assert leftovers.find(stack.context.paths) == []


def test_two_starts_do_not_meet(stack: Stack) -> None:
    import fcntl

    with (stack.context.paths.run / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StackError, match="attendez"):
            stack.up()
