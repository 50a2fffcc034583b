"""Addresses of our own: the health check and the page about the hub."""

from __future__ import annotations

import time
from typing import Any

import ckan.plugins as p
import flask
import pysolr
from ckan.lib.redis import is_redis_available
from ckan.lib.search import SearchError
from ckan.lib.search.common import make_connection
from rdflib.plugin import PluginException

from ckanext.ardoise.logs import log_request

ardoise = flask.Blueprint("ardoise", __name__)


@ardoise.route("/health")
def health() -> Any:
    """Answer 200 when CKAN's database, its search index and its cache answer, else 503; never a detail."""
    checks = {"database": _index_answers(), "cache": bool(is_redis_available())}
    return flask.jsonify({"status": "ok" if all(checks.values()) else "failing", "checks": checks}), (
        200 if all(checks.values()) else 503
    )


def _index_answers() -> bool:
    try:
        make_connection().ping()
    except pysolr.SolrError:
        return False
    return True


@ardoise.app_errorhandler(SearchError)
def _not_understood(error: SearchError) -> Any:
    """Answer 400 where a page, a feed or the RDF catalogue was asked with a search that is not understood."""
    return flask.Response(f"Recherche refusée : {error}\n", 400, mimetype="text/plain")


@ardoise.app_errorhandler(p.toolkit.ValidationError)
def _malformed(error: Any) -> Any:
    """Answer 409, as the API does, where an address that gives a file was asked in a way that an action refuses."""
    told = "; ".join(str(each) for each in p.toolkit.ValidationError(error.error_dict).error_summary.values())
    return flask.Response(f"Demande refusée : {told}\n", 409, mimetype="text/plain")


@ardoise.app_errorhandler(p.toolkit.NotAuthorized)
def _not_allowed(_error: Any) -> Any:
    """Answer 403, as the API does, where an address asks an action that its reader may not."""
    return flask.Response("Vous n'avez pas ce droit.\n", 403, mimetype="text/plain")


@ardoise.app_errorhandler(PluginException)
def _no_such_format(_error: PluginException) -> Any:
    """Answer 404 where the catalogue or a dataset is asked in an RDF format that does not exist."""
    return flask.Response("Ce format n'existe pas ici : ttl, jsonld, rdf ou xml.\n", 404, mimetype="text/plain")


@ardoise.before_app_request
def _begin() -> None:
    flask.g.ardoise_began = time.monotonic()


@ardoise.after_app_request
def _log(response: flask.Response) -> flask.Response:
    began = getattr(flask.g, "ardoise_began", None)
    if (searched := getattr(flask.g, "ardoise_search", None)) is not None:
        response.headers["Server-Timing"] = f"search;dur={searched:.1f}"
    if began is not None and flask.request.path != "/health" and flask.request.endpoint != "static":
        log_request(response.status_code, time.monotonic() - began)
    return response
