"""The inbox over stores in memory: who may post, what is taken, and what one operator can do to another."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from inbox.application import Feed, Services, create_application
from inbox.reception import Reception
from inbox.tokens import Tokens
from inbox.turnstile import Turnstile
from policies import Contract
from settings import SettingsError
from sources.connectors.options import PushOptions
from sources.options import read_options
from storage import Journal, MemoryKeyCustodian, MemoryObjectStore, StoreUnavailableError, memory_engine, read_delivery
from tests.unit.sources.support import fed_by

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
REPORT = json.dumps(
    {"address": "gw", "entries": [{"cmsRefId": "1", "data": {"attributeName": "activePower"}}]}
).encode()
LIGHTS = fed_by("citizen-reports", "http_push", paths=["log-reports"], maximumBytes=10_000)
OTHER = fed_by("water-meters", "http_push", paths=["index"])
ADDRESS = f"/v1/{LIGHTS.id}/log-reports"


class Inbox:
    """An inbox, and what an operator does to it."""

    def __init__(self, folder: Path) -> None:
        self.tokens = Tokens(folder / "inbox-tokens")
        self.token = self.tokens.issue(LIGHTS.feed.operator)
        self.other = self.tokens.issue(OTHER.feed.operator)
        self.store, self.custodian = MemoryObjectStore(), MemoryKeyCustodian()
        self.journal = Journal(memory_engine())
        reception = Reception(self.store, self.custodian, self.journal, lambda: NOW)
        feeds = {str(one.id): Feed(one, read_options(one, PushOptions)) for one in (LIGHTS, OTHER)}
        self.services = Services(feeds, self.tokens, reception, NOW.date, lambda: True, "1")

    def post(self, content: Any = REPORT, address: str = ADDRESS, **headers: str) -> httpx.Response:
        async def one() -> httpx.Response:
            async with self.client() as client:
                return await client.post(address, content=content, headers=self.headers(**headers))

        return asyncio.run(one())

    def headers(self, **headers: str) -> dict[str, str]:
        known = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        return known | {name.replace("_", "-"): value for name, value in headers.items()}

    def client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(create_application(self.services), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://inbox")

    def landed(self, contract: Contract = LIGHTS) -> list[tuple[str, bytes]]:
        """Names and bytes of every part that the journal knows."""
        pending = self.journal.pending_deliveries(str(contract.id))
        found = [read_delivery(self.store, one.ref, self.custodian) for one in pending]
        return [(part.name, part.stream.read()) for parts in found for part in parts]


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path)


def test_what_is_answered_has_landed_and_a_retry_is_the_same_delivery(inbox: Inbox) -> None:
    first, again = inbox.post(), inbox.post()
    assert (first.status_code, first.json()["repeated"]) == (200, False)
    assert again.json() == first.json() | {"repeated": True}
    assert inbox.landed() == [("log-reports/0001.json", REPORT)]
    assert inbox.post(REPORT + b" ").json()["repeated"] is False
    assert len(inbox.landed()) == 2
    assert inbox.post(gzip.compress(REPORT), content_encoding="gzip").json() == again.json()


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"authorization": ""}, 401, "unauthorized"),
        ({"authorization": "Bearer ardoise_inconnu"}, 401, "unauthorized"),
        ({"authorization": "Bearer " + "x" * 5000}, 401, "unauthorized"),
        ({"address": "/v1/nowhere/log-reports"}, 404, "unknown_feed"),
        ({"address": f"/v1/{LIGHTS.id}/elsewhere"}, 404, "unknown_feed"),
        ({"address": f"/v1/{OTHER.id}/index"}, 403, "forbidden"),
        ({"content_type": "text/html"}, 415, "unsupported"),
        ({"content_encoding": "br"}, 415, "unsupported"),
        ({"content": b""}, 400, "bad_body"),
        ({"content": b"not gzip", "content_encoding": "gzip"}, 400, "bad_body"),
        ({"content": bytes(10_001)}, 413, "too_large"),
        ({"content": gzip.compress(bytes(100_000)), "content_encoding": "gzip"}, 400, "bad_body"),
    ],
)
def test_what_is_refused_leaves_nothing(inbox: Inbox, change: dict[str, Any], status: int, code: str) -> None:
    answer = inbox.post(**change)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert list(inbox.store.list("")) == []
    assert inbox.token not in answer.text


def test_a_body_without_an_end_is_cut(inbox: Inbox) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1000
            yield bytes(1000)

    assert inbox.post(endless()).status_code == 413
    assert taken <= 12_000


def test_a_body_that_does_not_come_is_not_waited_for(inbox: Inbox) -> None:
    inbox.services = replace(inbox.services, body_seconds=0.05)

    async def never() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(10)

    answer = inbox.post(never())
    assert (answer.status_code, answer.headers["retry-after"]) == (408, "5")
    assert "1 octets seulement" in answer.json()["error"]["message"]


def failing(*_: Any, **__: Any) -> Any:
    raise StoreUnavailableError("down")


@pytest.mark.parametrize("broken", ["put", "record_delivery"])
def test_an_outage_is_never_answered_with_success(inbox: Inbox, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(MemoryObjectStore if broken == "put" else Journal, broken, failing)
        answer = inbox.post()
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert inbox.landed() == []
    assert inbox.post().json()["repeated"] is (broken == "record_delivery")
    assert inbox.landed() == [("log-reports/0001.json", REPORT)]


def test_an_unexpected_error_says_nothing_of_itself(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def quoting(*_: Any, **__: Any) -> Any:
        raise ValueError("Jeanne Canari")

    monkeypatch.setattr(MemoryObjectStore, "put", quoting)
    answer = inbox.post()
    assert answer.status_code == 500
    assert "Jeanne" not in answer.text


def test_the_same_report_twice_at_once_lands_once(inbox: Inbox) -> None:
    async def both() -> list[httpx.Response]:
        async with inbox.client() as client:
            return await asyncio.gather(
                *(client.post(ADDRESS, content=REPORT, headers=inbox.headers()) for _ in range(8))
            )

    answers = asyncio.run(both())
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["delivery"] for answer in answers}) == 1
    assert inbox.landed() == [("log-reports/0001.json", REPORT)]


def test_an_operator_who_dawdles_waits_for_itself_alone(inbox: Inbox) -> None:
    inbox.services = replace(inbox.services, turnstile=Turnstile(at_once=2, queue=1, patience=0.2), body_seconds=1.0)

    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(0.6)
        yield b"}"

    async def scene() -> tuple[list[int], int]:
        async with inbox.client() as client:

            def dawdle() -> Any:
                return client.post(ADDRESS, content=slow(), headers=inbox.headers())

            slow_ones = [asyncio.create_task(dawdle()) for _ in range(4)]
            await asyncio.sleep(0.05)
            theirs = {"authorization": f"Bearer {inbox.other}", "content-type": "application/json"}
            other = await client.post(f"/v1/{OTHER.id}/index", content=b"[1]", headers=theirs)
            statuses = sorted([(await one).status_code for one in slow_ones])
            return statuses, other.status_code

    statuses, other = asyncio.run(scene())
    assert other == 200
    assert statuses == [200, 200, 429, 429]
    assert inbox.landed(OTHER) == [("index/0001.json", b"[1]")]


def test_health_follows_the_database(inbox: Inbox) -> None:
    def health(ready: Callable[[], bool]) -> int:
        async def ask() -> httpx.Response:
            async with inbox.client() as client:
                return await client.get("/health")

        inbox.services = replace(inbox.services, ready=ready)
        return asyncio.run(ask()).status_code

    assert health(lambda: True) == 200
    assert health(lambda: False) == 503


# -- tokens


def test_a_token_is_kept_as_a_hash_and_ends(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "inbox-tokens"
    tokens = Tokens(file)
    forever, short = tokens.issue("a"), tokens.issue("b", date(2026, 11, 22))
    assert file.stat().st_mode & 0o777 == 0o600
    assert forever not in file.read_text()
    assert tokens.operator_of(forever, date(2030, 1, 1)) == "a"
    assert tokens.operator_of(short, date(2026, 11, 22)) == "b"
    assert tokens.operator_of(short, date(2026, 11, 23)) is None
    assert tokens.operator_of("", date(2026, 1, 1)) is None


def test_a_running_inbox_sees_tokens_come_and_go(tmp_path: Path) -> None:
    running, desk = Tokens(tmp_path / "t"), Tokens(tmp_path / "t")
    assert running.operator_of("ardoise_x", date(2026, 1, 1)) is None
    first, second = desk.issue("a"), desk.issue("a")
    assert running.operator_of(first, date(2026, 1, 1)) == running.operator_of(second, date(2026, 1, 1)) == "a"
    assert desk.revoke("a") == 2
    assert running.operator_of(first, date(2026, 1, 1)) is None


def test_a_list_of_tokens_that_does_not_read_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("a nothex -\n")
    with pytest.raises(SettingsError):
        Tokens(tmp_path / "t").operator_of("ardoise_x", date(2026, 1, 1))
