"""The HTTP edge where no database is needed: what is told when none answers, and what a log line holds."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine

from custody.errors import STATUS, RefusedError
from custody.keyring import MasterKey
from custody.logs import JsonFormatter, event
from custody.service import make_service
from custody.settings import CustodySettings
from custody.vault import Vault


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """A service whose database is down."""
    engine = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none", hide_parameters=True)
    vault = Vault(engine, MasterKey(bytes(32)), lambda: datetime(2026, 11, 22, tzinfo=UTC))
    with TestClient(make_service(vault, CustodySettings(home=tmp_path)), raise_server_exceptions=False) as client:
        yield client


def test_a_database_that_is_down_is_told_with_a_code(client: TestClient) -> None:
    for answer in (client.get("/health"), client.post("/v1/runs", headers={"Authorization": "Bearer x"}, json={})):
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "database_unavailable"
        assert "nobody" not in answer.text


def test_an_unknown_call_has_a_coded_answer(client: TestClient) -> None:
    answer = client.get("/v1/secret-name")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_such_call")
    assert "secret-name" not in answer.text


def test_the_interface_describes_itself_without_fetching_anything(client: TestClient) -> None:
    for path in ("/docs", "/redoc"):
        assert client.get(path).status_code == 404
    described = client.get("/openapi.json").json()
    bodies = described["paths"]["/v1/pseudonymize/{domain}"]["post"]["requestBody"]["content"]
    assert set(bodies) == {"application/vnd.apache.arrow.stream", "application/json"}
    assert bodies["application/json"]["schema"]["properties"]["identifiers"]["examples"]
    for path, calls in described["paths"].items():
        for call in calls.values():
            assert call["summary"], path
            assert "4XX" in call["responses"], path


def test_a_body_too_large_is_refused_before_it_is_read(client: TestClient) -> None:
    answer = client.post("/v1/runs", headers={"Authorization": "Bearer x"}, content=b"[" * (8 * 1024 * 1024 + 1))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")


def test_metrics_count_refusals_by_code(client: TestClient) -> None:
    client.post("/v1/runs", json={})
    told = client.get("/metrics")
    assert told.headers["content-type"].startswith("text/plain")
    assert 'custody_refusals_total{code="token_missing"}' in told.text
    assert 'custody_calls_total{call="POST /v1/runs",status="401"}' in told.text


def test_every_code_has_a_status() -> None:
    assert all(400 <= RefusedError(code, "").status < 600 for code in STATUS)


def test_a_log_line_tells_an_exceptions_place_not_its_text() -> None:
    formatter, lines = JsonFormatter(), []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(formatter.format(record)))

    logger, keep = logging.getLogger("custody"), Keep()
    logger.addHandler(keep)
    logger.setLevel(logging.INFO)
    try:
        try:
            raise ValueError("Zoé Quintefeuille")
        except ValueError as error:
            event("failure", level=logging.ERROR, error=error, run_id="run-1", nothing=None)
    finally:
        logger.removeHandler(keep)
    (line,) = lines
    told = (line["event"], line["run_id"], line["exception"], line["service"])
    assert told == ("failure", "run-1", "ValueError", "custody")
    assert "test_service.py" in line["at"][-1]
    assert "Quintefeuille" not in json.dumps(line, ensure_ascii=False)
    assert "nothing" not in line
