"""Where rows come in: ``POST /ardoise/table/<resource id>``, with an API token; see :mod:`.stream` for the body.

The answer is CKAN's own: 200 and ``{"success": true, "result": {"rows": …}}``, 403 without the right, 404 where
there is no such resource, 409 with what is wrong. Rows stay unseen until ``ardoise_table_swap`` is called.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import flask

from ckanext.ardoise.tables import load
from ckanext.ardoise.tables.description import TableDescription, resource_id
from ckanext.ardoise.tables.errors import TableError
from ckanext.ardoise.tables.stream import CheckedRows, read_description

tables = flask.Blueprint("ardoise_tables", __name__)


@tables.route("/ardoise/table/<resource>", methods=["POST"])
def receive(resource: str) -> Any:
    """Load the rows of one period."""
    try:
        wanted = resource_id(resource)
        if not flask.g.get("login_via_auth_header"):  # never by the cookie of somebody's browser
            return _answer(403, {"__type": "Authorization Error", "message": "an API token is needed"})
        p.toolkit.check_access("ardoise_table_load", {"user": p.toolkit.g.user}, {"resource_id": wanted})
        body: Any = flask.request.environ["wsgi.input"]
        table = TableDescription.read(wanted, read_description(body))
        rows = load.stage(table, CheckedRows(body))  # type: ignore[arg-type]
    except p.toolkit.NotAuthorized:
        return _answer(403, {"__type": "Authorization Error", "message": "not allowed to update this resource"})
    except p.toolkit.ObjectNotFound:
        return _answer(404, {"__type": "Not Found Error", "message": "no such resource"})
    except TableError as error:
        return _answer(409, {"__type": "Validation Error", error.field: [error.message]})
    return flask.jsonify({"success": True, "result": {"rows": rows}})


def _answer(status: int, error: dict[str, Any]) -> Any:
    response = flask.jsonify({"success": False, "error": error})
    response.headers["Connection"] = "close"  # the rest of the body is not read
    return response, status
