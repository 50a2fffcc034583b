"""The inbox as a real process, over the real object store, custody and journal; killed while gateways post."""

from __future__ import annotations

import json
import os
import random
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess

import httpx
import pytest
from sqlalchemy import text

from inbox.__main__ import main
from inbox.tokens import Tokens
from pipeline.wiring import open_hub
from settings import Settings
from stack.embedded import Stack
from storage import S3ObjectStore, database_engine, read_delivery
from tests.forks import forked
from tests.integration.sources.killing import DATASET, OPERATOR, territory_fed_by
from tests.integration.sources.servers import free_port
from tests.stack_fixtures import ObjectStoreServer, PostgresServer


def command(arguments: list[str], environment: dict[str, str]) -> None:
    """``python -m inbox …``, in a process that has everything imported: it is ready in no time."""
    os.environ |= environment
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(main(arguments))


@dataclass(slots=True)
class Inbox:
    """One inbox, started and killed at will."""

    settings: Settings
    port: int
    token: str
    process: BaseProcess | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def store(self) -> S3ObjectStore:
        return S3ObjectStore(self.settings.s3, self.settings.s3.private_bucket, self.settings.credential("admin"))

    def environment(self) -> dict[str, str]:
        told = {"HOME": self.settings.home, "TERRITORY": self.settings.territory, "DATABASE": self.settings.database}
        return {f"ARDOISE_{name}": str(told[name]) for name in told}

    def start(self) -> None:
        arguments = ["serve", "--port", str(self.port)]
        self.process = forked.Process(target=command, args=(arguments, self.environment()))
        self.process.start()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.is_alive():
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.address}/health", timeout=2).status_code == 200:
                    return
            time.sleep(0.05)
        raise RuntimeError("the inbox did not start")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.join(10)

    def post(self, report: bytes, seconds: float = 10.0) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        return httpx.post(f"{self.address}/v1/{DATASET}/log-reports", content=report, headers=headers, timeout=seconds)

    def landed(self) -> list[bytes]:
        """The bodies of the deliveries that the journal knows."""
        hub = open_hub(self.settings, "ingest")
        custody = hub.landing_custody()
        pending = hub.journal.pending_deliveries(DATASET)
        return [part.stream.read() for one in pending for part in read_delivery(hub.private, one.ref, custody)]


@pytest.fixture(scope="module")
def _inbox(
    postgres: PostgresServer,
    object_store: ObjectStoreServer,
    migrated_database: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Inbox]:
    Stack(postgres.context, only=("postgres", "objects", "custody")).up(die_with_parent=True)
    known = postgres.context.settings
    database = f"{known.database.rpartition('/')[0]}/{migrated_database().rpartition('/')[2]}"
    territory = territory_fed_by(tmp_path_factory.mktemp("inbox"), "http_push", paths=["log-reports"])
    settings = known.model_copy(update={"territory": territory, "database": database})
    found = Inbox(settings, free_port(), "")
    found.token = Tokens(settings.inbox_tokens).issue(OPERATOR)
    found.start()
    yield found
    found.kill()
    known.inbox_tokens.unlink()


@pytest.fixture
def inbox(_inbox: Inbox) -> Iterator[Inbox]:
    """With nothing in it, before and after."""
    yield _inbox
    store, settings = _inbox.store, _inbox.settings
    for one in list(store.list("landing/")):
        store.delete(one.key)
    engine = database_engine(settings.hub_database_url())
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM deliveries"))
    engine.dispose()


def report(number: int) -> bytes:
    data = {"type": "AttributeLogData", "attributeName": "activePower", "attributeValue": str(number)}
    return json.dumps({"address": "gw-1", "entries": [{"cmsRefId": str(number), "data": data}]}).encode()


def test_what_is_answered_landed_once_whenever_the_inbox_is_killed(inbox: Inbox) -> None:
    """A gateway posts each report until it gets a 2xx, as TALQ's do; the inbox is killed in the middle, twice."""
    answered: list[int] = []
    kills = 2

    def gateway(numbers: range) -> None:
        for number in numbers:
            while True:
                with suppress(httpx.TransportError):
                    if inbox.post(report(number)).is_success:
                        break
                time.sleep(0.02)
            answered.append(number)

    gateways = [threading.Thread(target=gateway, args=(range(start, 24, 3),)) for start in range(3)]
    for one in gateways:
        one.start()
    rng = random.Random(7)
    for kill in range(kills):
        while len(answered) < 8 * (kill + 1) - 4:
            time.sleep(0.005)
        time.sleep(rng.random() * 0.05)
        inbox.kill()
        inbox.start()
    for one in gateways:
        one.join(60)
    assert sorted(answered) == list(range(24))
    assert sorted(inbox.landed()) == sorted(report(number) for number in range(24))


def test_a_client_that_dawdles_holds_up_no_other_and_is_left(inbox: Inbox) -> None:
    dawdlers = [socket.create_connection(("127.0.0.1", inbox.port)) for _ in range(20)]
    for one in dawdlers:
        one.send(b"POST /v1/x/log-reports HTTP/1.1\r\nx: ")  # and no more
    started = time.monotonic()
    assert inbox.post(report(1)).status_code == 200
    assert time.monotonic() - started < 5
    assert inbox.post(report(1)).json()["repeated"]
    for one in dawdlers:
        one.close()
    assert inbox.landed() == [report(1)]


def test_nobody_without_a_token_and_no_name_in_the_clear(inbox: Inbox) -> None:
    inbox.token, good = "ardoise_" + "x" * 43, inbox.token
    assert inbox.post(report(1)).status_code == 401
    inbox.token = good
    assert inbox.post(report(1)).status_code == 200
    assert good not in inbox.settings.inbox_tokens.read_text()
    stored = [one.key.encode() + inbox.store.get(one.key) for one in inbox.store.list(f"landing/{DATASET}/")]
    assert len(stored) == 2
    for one in stored:
        assert b"cmsRefId" not in one
        assert b"log-reports" not in one
