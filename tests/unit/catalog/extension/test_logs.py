"""CKAN's log lines."""

from __future__ import annotations

import json
import logging
import sys

import flask
import pytest
from ckanext.ardoise.logs import JsonFormatter, current_run


def record(message: str, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("ckan.test", logging.WARNING, __file__, 1, message, None, None)
    vars(made).update(extra)
    return made


def test_a_record_is_one_line_of_json() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        failed = record("échec\nici", exc_info=sys.exc_info())
    line = JsonFormatter().format(failed)
    assert "\n" not in line
    told = json.loads(line)
    assert (told["level"], told["logger"], told["message"]) == ("WARNING", "ckan.test", "échec\nici")
    assert "ValueError" in told["exception"]
    assert "run_id" not in told


@pytest.mark.parametrize(
    ("header", "run"),
    [("scheduled__2026-10-03T00:00:00+00:00", True), ("a b", False), ('x"}', False), ("r" * 201, False)],
)
def test_the_run_is_taken_from_a_header_that_looks_like_one(header: str, run: bool) -> None:
    with flask.Flask("test").test_request_context(headers={"X-Run-Id": header}):
        assert current_run() == (header if run else None)
        assert ("run_id" in json.loads(JsonFormatter().format(record("x")))) is run
