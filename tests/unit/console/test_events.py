from __future__ import annotations

import json
from typing import Any

import pytest
from openlineage.client.event_v2 import RunState

from catalog.lineage import Stage
from console.errors import EventRefusedError
from console.events import receive
from tests.unit.console.world import as_document, event


def document() -> dict[str, Any]:
    return as_document(event(Stage.DEIDENTIFY, "parking", run_id="manual__1", period="2026-11-03"))


def test_our_own_events_are_understood() -> None:
    found = receive(event(Stage.DEIDENTIFY, "parking", run_id="manual__1", period="2026-11-03"))
    assert (found.dataset, found.stage, found.orchestrator_run) == ("parking", "deidentify", "manual__1")
    assert (found.event_type, found.job_name, found.period) == ("COMPLETE", "parking.deidentify", "2026-11-03")


def test_events_of_other_producers_are_kept_without_our_facets() -> None:
    foreign = document()
    foreign["run"]["facets"] = {}
    assert receive(json.dumps(foreign).encode()).dataset is None


@pytest.mark.parametrize(
    "change",
    [
        {"eventTime": "yesterday"},
        {"eventTime": "2026-11-03T10:00:00"},
        {"eventType": "DONE"},
        {"schemaURL": "https://example.org/"},
        {"producer": ""},
        {"run": {"runId": "Jean Dupont"}},
        {"job": {"namespace": "n"}},
        {"inputs": [{"name": "n"}]},
        {"outputs": [{"namespace": "n", "name": "m", "facets": {"Jean Dupont": {"a": 1}}}]},
    ],
)
def test_a_broken_event_is_refused_without_quoting_it(change: dict[str, Any]) -> None:
    with pytest.raises(EventRefusedError) as caught:
        receive(json.dumps(document() | change).encode())
    assert "Dupont" not in str(caught.value)
    assert next(iter(change)) in str(caught.value)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff", b"null", b"1", b"[" * 100_000])
def test_what_is_no_event_is_refused(raw: bytes) -> None:
    with pytest.raises(EventRefusedError):
        receive(raw)


def test_a_null_character_is_refused() -> None:
    with pytest.raises(EventRefusedError):
        receive(json.dumps(document() | {"extra": "a\u0000b"}).encode())


def test_free_text_and_code_are_emptied() -> None:
    leaky = document()
    base = {"_producer": "p", "_schemaURL": "https://openlineage.io/spec/facets/x"}
    leaky["eventType"] = RunState.FAIL.value
    leaky["run"]["facets"] |= {
        "errorMessage": base
        | {"message": "no row for Jean Dupont", "stackTrace": "Dupont", "programmingLanguage": "P"},
        "environmentVariables": base | {"environmentVariables": [{"name": "A", "value": "Dupont"}]},
    }
    leaky["job"]["facets"] |= {"sourceCode": base | {"source": "Dupont"}, "sql": base | {"query": "Dupont"}}
    found = receive(json.dumps(leaky).encode())
    assert "Dupont" not in json.dumps(found.body)
    assert found.body["run"]["facets"]["errorMessage"]["message"] == "unknown"


def test_a_code_stays() -> None:
    failed = event(Stage.INGEST, "parking", RunState.FAIL, error_code="SourceUnavailableError")
    assert receive(failed).body["run"]["facets"]["errorMessage"]["message"] == "SourceUnavailableError"
