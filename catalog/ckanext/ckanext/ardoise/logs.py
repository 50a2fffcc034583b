"""One JSON object a line, with the run a request belongs to (its header ``X-Run-Id``); no query string, for people type
those.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

import flask

RUN_HEADER = "X-Run-Id"
_RUN = re.compile(r"[\w.:+-]{1,200}")


class JsonFormatter(logging.Formatter):
    """Formats records for the machine that reads the stack's logs."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        run = getattr(record, "run_id", None) or current_run()
        if run:
            line["run_id"] = run
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def current_run() -> str | None:
    """Return the run that the current request names, if there is one and it looks like an identifier."""
    if not flask.has_request_context():
        return None
    run = flask.request.headers.get(RUN_HEADER, "")
    return run if _RUN.fullmatch(run) else None


def log_request(status: int, seconds: float) -> None:
    """Log the current request: method and path, never what was searched for or sent."""
    request = flask.request
    logging.getLogger("ckanext.ardoise.requests").info(
        "%s %s %d %d ms", request.method, request.path, status, round(seconds * 1000)
    )
