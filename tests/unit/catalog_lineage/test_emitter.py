from __future__ import annotations

import http.server
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from catalog.lineage import ConsoleEndpoint, EventBuilder, LineageDeliveryError, LineageEmitter, Stage
from settings.model import S3Settings
from tests.unit.catalog_lineage.contracts import WATER

NOW = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
BUILDER = EventBuilder("angers", S3Settings())


@dataclass
class Folder:
    objects: dict[str, bytes] = field(default_factory=dict)

    def put(self, key: str, data: bytes) -> None:
        self.objects[key] = data


@contextmanager
def listener(status: int) -> Iterator[tuple[str, list[tuple[str, str | None, bytes]]]]:
    """A console of one answer on a free port."""
    received: list[tuple[str, str | None, bytes]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, self.headers.get("Authorization"), body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return None

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_an_event_is_kept_and_sent_with_the_bearer() -> None:
    folder = Folder()
    with listener(201) as (url, received):
        emitter = LineageEmitter(BUILDER, folder, ConsoleEndpoint(url + "/", SecretStr("token")))
        emitter.stage_started("ingest", WATER, "run", now=NOW)
        emitter.stage_completed(Stage.INGEST, WATER, "run", counts={"deliveries": 1}, now=NOW)
    assert [(path, bearer) for path, bearer, _ in received] == [("/api/v1/lineage", "Bearer token")] * 2
    assert [body for _, _, body in received] == list(folder.objects.values())
    assert [json.loads(body)["eventType"] for body in folder.objects.values()] == ["START", "COMPLETE"]


def test_a_console_that_refuses_or_is_down_fails_no_stage(caplog: pytest.LogCaptureFixture) -> None:
    folder = Folder()
    with listener(503) as (url, _), caplog.at_level(logging.WARNING):
        LineageEmitter(BUILDER, folder, ConsoleEndpoint(url, SecretStr("hush"))).stage_failed(
            Stage.DEIDENTIFY, WATER, "run", error_code="CustodyRefusedError", now=NOW
        )
    with caplog.at_level(logging.WARNING):  # nobody listens there any more
        LineageEmitter(BUILDER, folder, ConsoleEndpoint(url, SecretStr("hush"))).stage_started(
            Stage.DEIDENTIFY, WATER, "run", now=NOW
        )
    assert len(folder.objects) == 2
    assert "503" in caplog.text
    assert "not reached" in caplog.text
    assert "hush" not in caplog.text


def test_the_endpoint_itself_raises_for_who_calls_it() -> None:
    with listener(400) as (url, _), pytest.raises(LineageDeliveryError, match="400"):
        ConsoleEndpoint(url, SecretStr("t")).send(b"{}")


def test_a_record_that_can_not_be_written_is_an_error() -> None:
    class Broken:
        def put(self, key: str, data: bytes) -> None:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        LineageEmitter(BUILDER, Broken()).stage_started(Stage.INGEST, WATER, "run", now=NOW)
