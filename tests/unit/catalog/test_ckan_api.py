"""The API client's patience, and what its errors say and keep to themselves."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr

from catalog import CatalogueRefusedError, CatalogueUnavailableError
from catalog.ckan_api import CkanApi
from catalog.publisher import CkanCatalogue

TOKEN = "a-very-secret-token"


@dataclass
class Server:
    """Answers what it is told to, one answer a request; the last one for ever."""

    url: str = ""
    answers: list[tuple[int, Any]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, Any], dict[str, str]]] = field(default_factory=list)

    def answer(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        self.requests.append((path, json.loads(body), headers))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def server() -> Iterator[Server]:
    told = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self._body()
            status, value = told.answer(self.path, body, dict(self.headers))
            text = value if isinstance(value, str) else json.dumps(value)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def _body(self) -> bytes:
            if "Content-Length" in self.headers:
                return self.rfile.read(int(self.headers["Content-Length"]))
            pieces = []
            while size := int(self.rfile.readline(), 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        told.url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield told
        http.shutdown()
        thread.join()


def api(server: Server, patience: float = 5.0) -> CkanApi:
    return CkanApi(
        server.url, SecretStr(TOKEN), timeout_seconds=5, patience_seconds=patience, sleep=lambda _: None
    ).in_run("run-7")


def good(result: Any) -> tuple[int, Any]:
    return 200, {"success": True, "result": result}


def bad(status: int, kind: str, **error: Any) -> tuple[int, Any]:
    return status, {"success": False, "error": {"__type": kind, **error}}


def test_a_call_carries_the_token_and_the_run(server: Server) -> None:
    server.answers = [good({"id": "x"})]
    assert api(server).call("package_show", {"id": "x"}) == {"id": "x"}
    path, data, headers = server.requests[0]
    assert (path, data) == ("/api/action/package_show", {"id": "x"})
    assert headers["Authorization"] == TOKEN
    assert headers["X-Run-Id"] == "run-7"


def test_server_errors_are_waited_out(server: Server) -> None:
    server.answers = [(502, "bad gateway"), (503, "starting"), good(1)]
    assert api(server).call("status_show", {}) == 1
    assert len(server.requests) == 3


def test_a_stream_is_made_anew_at_each_attempt(server: Server) -> None:
    server.answers = [(500, "lost"), good({"rows": 2})]
    sent = api(server).send("/ardoise/table/x", lambda: iter([b'{"a":', b"1}"]), timeout_seconds=5)
    assert sent == {"rows": 2}
    assert [(path, data) for path, data, _ in server.requests] == [("/ardoise/table/x", {"a": 1})] * 2
    assert server.requests[0][2]["Authorization"] == TOKEN


def test_a_stream_that_is_refused_is_named_by_its_fault_alone(server: Server) -> None:
    server.answers = [bad(409, "Validation Error", rows=["« Jeanne Martin »"])]
    with pytest.raises(CatalogueRefusedError, match=r"409.*rows") as caught:
        api(server).send("/ardoise/table/x", lambda: iter([b"{}"]), timeout_seconds=5)
    assert "Jeanne" not in str(caught.value)


def test_patience_ends(server: Server) -> None:
    server.answers = [(503, "starting")]
    with pytest.raises(CatalogueUnavailableError, match=r"status_show.*503"):
        api(server, patience=0.0).call("status_show", {})


def test_refusals_are_not_tried_again(server: Server) -> None:
    server.answers = [bad(403, "Authorization Error", message="no")]
    with pytest.raises(CatalogueRefusedError, match="editor"):
        api(server).call("package_create", {})
    assert len(server.requests) == 1


def test_what_is_refused_is_named_by_its_field_and_never_quoted(server: Server) -> None:
    server.answers = [bad(409, "Validation Error", records=["invalid input: « Jeanne Martin, 06 12 34 56 78 »"])]
    with pytest.raises(CatalogueRefusedError) as caught:
        api(server).call("datastore_upsert", {"records": [{"nom": "Jeanne Martin"}]})
    assert "records" in str(caught.value)
    assert "Jeanne" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_what_is_not_there(server: Server) -> None:
    server.answers = [bad(404, "Not Found Error", message="none")]
    assert api(server).find("package_show", {"id": "x"}) is None
    with pytest.raises(CatalogueRefusedError, match="package_patch"):
        api(server).call("package_patch", {"id": "x"})


def test_the_token_is_not_shown(server: Server) -> None:
    assert TOKEN not in repr(api(server))


def test_mails_are_asked_for_until_none_is_left(server: Server) -> None:
    done = {"refused": 1, "fault": None}
    server.answers = [
        good({**done, "sent": 50, "left": 7}),
        good({**done, "sent": 7, "left": 0}),
    ]
    catalogue = CkanCatalogue(server.url, SecretStr(TOKEN))
    assert catalogue.send_mails(run_id="run-1") == {"sent": 57, "refused": 1}
    assert [path for path, _, _ in server.requests] == ["/api/action/ardoise_send_mails"] * 2
    server.answers = [good({**done, "sent": 0, "left": 0, "fault": "the mail server can not be used"})]
    with pytest.raises(CatalogueUnavailableError, match="what waits goes another time"):
        catalogue.send_mails()
