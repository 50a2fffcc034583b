"""The inbox as a real process, over the real object store, custody and journal; killed while gateways post."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from pipeline.wiring import open_hub
from settings import Settings
from stack.context import ROOT
from stack.embedded import Stack
from storage import S3ObjectStore, read_delivery, upgrade
from tests.integration.sources.killing import DATASET, OPERATOR, territory_fed_by
from tests.integration.sources.servers import free_port
from tests.stack_fixtures import ObjectStoreServer, PostgresServer


@dataclass(slots=True)
class Inbox:
    """One inbox, started and killed at will."""

    settings: Settings
    port: int
    token: str
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        told = {"HOME": self.settings.home, "TERRITORY": self.settings.territory, "DATABASE": self.settings.database}
        return {**os.environ, "PYTHONPATH": str(ROOT)} | {f"ARDOISE_{name}": str(told[name]) for name in told}

    def start(self) -> None:
        command = [sys.executable, "-m", "inbox", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=self.environment(), stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.address}/health", timeout=2).status_code == 200:
                    return
            time.sleep(0.05)
        raise RuntimeError("the inbox did not start")

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def post(self, report: bytes, seconds: float = 10.0) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        return httpx.post(f"{self.address}/v1/{DATASET}/log-reports", content=report, headers=headers, timeout=seconds)

    def landed(self) -> list[bytes]:
        """The bodies of the deliveries that the journal knows."""
        hub = open_hub(self.settings, "ingest")
        custody = hub.landing_custody()
        pending = hub.journal.pending_deliveries(DATASET)
        return [part.stream.read() for one in pending for part in read_delivery(hub.private, one.ref, custody)]


@pytest.fixture
def inbox(postgres: PostgresServer, object_store: ObjectStoreServer, tmp_path: Path) -> Iterator[Inbox]:
    Stack(postgres.context, only=("postgres", "objects", "custody")).up(die_with_parent=True)
    known = postgres.context.settings
    url = postgres.fresh_database()
    upgrade(url)
    database = f"{known.database.rpartition('/')[0]}/{url.rpartition('/')[2]}"
    territory = territory_fed_by(tmp_path, "http_push", paths=["log-reports"])
    settings = known.model_copy(update={"territory": territory, "database": database})
    found = Inbox(settings, free_port(), "")
    into = tmp_path / "token"
    command = [sys.executable, "-m", "inbox", "token", OPERATOR, "--into", str(into)]
    subprocess.run(command, env=found.environment(), check=True)
    found.token = into.read_text()
    found.start()
    yield found
    found.kill()
    known.inbox_tokens.unlink()
    store = S3ObjectStore(known.s3, known.s3.private_bucket, known.credential("admin"))
    for one in list(store.list("landing/")):
        store.delete(one.key)


def report(number: int) -> bytes:
    data = {"type": "AttributeLogData", "attributeName": "activePower", "attributeValue": str(number)}
    return json.dumps({"address": "gw-1", "entries": [{"cmsRefId": str(number), "data": data}]}).encode()


def test_what_is_answered_landed_once_whenever_the_inbox_is_killed(inbox: Inbox) -> None:
    """A gateway posts each report until it gets a 2xx, as TALQ's do; the inbox is killed in the middle, three times."""
    answered: list[int] = []
    kills = 3

    def gateway(numbers: range) -> None:
        for number in numbers:
            while True:
                with suppress(httpx.TransportError):
                    if inbox.post(report(number)).is_success:
                        break
                time.sleep(0.02)
            answered.append(number)

    gateways = [threading.Thread(target=gateway, args=(range(start, 45, 3),)) for start in range(3)]
    for one in gateways:
        one.start()
    rng = random.Random(7)
    for kill in range(kills):
        while len(answered) < 12 * (kill + 1) - 6:
            time.sleep(0.005)
        time.sleep(rng.random() * 0.05)
        inbox.kill()
        inbox.start()
    for one in gateways:
        one.join(60)
    assert sorted(answered) == list(range(45))
    assert sorted(inbox.landed()) == sorted(report(number) for number in range(45))


def test_a_client_that_dawdles_holds_up_no_other_and_is_left(inbox: Inbox) -> None:
    import socket

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
    store = S3ObjectStore(inbox.settings.s3, inbox.settings.s3.private_bucket, inbox.settings.credential("admin"))
    stored = [found.key.encode() + store.get(found.key) for found in store.list(f"landing/{DATASET}/")]
    assert len(stored) == 2
    for one in stored:
        assert b"cmsRefId" not in one
        assert b"log-reports" not in one
