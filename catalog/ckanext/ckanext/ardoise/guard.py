"""What is looked at before any page or action of this catalogue: see :mod:`ckanext.ardoise.asked`.

A page, a feed or a file answers 400; the API answers 409 in its own shape, with a sentence a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any

import ckan.plugins as p
import flask
from ckan import model
from ckan.views.api import _get_request_data
from ckanext.datastore.blueprint import DUMP_FORMATS
from ckanext.dcat.utils import url_to_rdflib_format
from dateutil.parser import parse as parse_date
from rdflib.plugin import PluginException
from rdflib.plugin import get as plugged
from rdflib.serializer import Serializer
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException

from ckanext.ardoise.asked import faults, filters, unspeakable

guard = flask.Blueprint("ardoise_guard", __name__)


@guard.before_app_request
def look() -> Any:
    """Refuse what no page and no action can take; return nothing where all is well."""
    request = flask.request
    endpoint = request.endpoint or ""
    if endpoint == "api.action":
        return _action(str((request.view_args or {}).get("logic_function")))
    texts = [request.path, *(text for pair in request.args.items(multi=True) for text in pair)]
    if any(unspeakable(text) for text in texts):
        return p.toolkit.abort(400, "L'adresse contient un caractère qui ne s'écrit pas.")
    if told := _page(endpoint, request.args):
        return p.toolkit.abort(400, told)
    if endpoint.startswith("api.") and endpoint.endswith("_autocomplete"):
        return _refused(faults(endpoint.removeprefix("api."), request.args.to_dict()))
    return None


def _page(endpoint: str, args: Mapping[str, str]) -> str | None:
    """Say what is wrong with an address whose page would fail within."""
    if endpoint.startswith("dcat."):
        if not _known(args.get("profiles", "").split(",")):
            return "Ce profil RDF n'existe pas ici."
        return None if _is_moment(args.get("modified_since")) else "modified_since n'est pas une date."
    if endpoint == "datastore.dump":
        if args.get("format", DUMP_FORMATS[0]) not in DUMP_FORMATS:
            return f"format est l'un de : {', '.join(DUMP_FORMATS)}."
        told = filters(args.get("filters") or None)
        return told and f"filters {told}."
    return None


def _action(name: str) -> Any:
    try:
        safe = getattr(p.toolkit.get_action(name), "side_effect_free", False)
        data = _get_request_data(try_url_params=safe)
    except RecursionError:
        return _refused({"body": ["est imbriqué trop profondément"]})
    except (KeyError, ValueError, HTTPException):
        return None  # CKAN says so itself
    return _refused(faults(name, data, writes=not safe) or (_rdf(data) if name.startswith("dcat_") else {}), name)


def _rdf(data: Mapping[str, Any]) -> dict[str, list[str]]:
    """ckanext-dcat fails within where it is asked for a serialization or a profile that nobody wrote."""
    found = {}
    try:
        plugged(url_to_rdflib_format(data.get("format") or "xml"), Serializer)
    except PluginException:
        found["format"] = ["n'existe pas ici : ttl, jsonld, rdf ou xml"]
    if not _is_moment(data.get("modified_since")):
        found["modified_since"] = ["n'est pas une date"]
    profiles = data.get("profiles") or []
    if not isinstance(profiles, list) or not _known(profiles):
        found["profiles"] = ["est une liste de profils RDF de ce catalogue"]
    return found


def _is_moment(text: str | None) -> bool:
    try:
        return not text or parse_date(text) is not None
    except (ValueError, OverflowError):
        return False


def _known(profiles: list[Any]) -> bool:
    fits = len(profiles) <= len(_profiles())  # each is looked for anew
    return fits and all(isinstance(each, str) and (not each or each in _profiles()) for each in profiles)


@cache
def _profiles() -> frozenset[str]:
    return frozenset(each.name for each in entry_points(group="ckan.rdf.profiles"))


def _refused(found: dict[str, list[str]], action: str = "") -> Any:
    if not found:
        return None
    told = {"success": False, "error": {"__type": "Validation Error", **found}}
    if action:
        told["help"] = p.toolkit.url_for("api.action", logic_function="help_show", ver=3, name=action, _external=True)
    return flask.jsonify(told), 409


@guard.app_errorhandler(DataError)
def _no_such_value(_error: DataError) -> Any:
    """Answer 400 where a page asked the database with a value that it has no place for (class 22 of SQLSTATE)."""
    model.Session.rollback()
    return flask.Response(
        "La demande contient une valeur trop grande, ou qui n'existe pas.\n", 400, mimetype="text/plain"
    )


@guard.teardown_app_request
def _leave(_error: BaseException | None) -> None:
    """Give the connection back, however the request ended.

    CKAN does so when it answers; where writing the page of an error fails too, it does not answer, and the next visitor
    whom the same thread serves would find an aborted transaction.
    """
    model.Session.remove()
