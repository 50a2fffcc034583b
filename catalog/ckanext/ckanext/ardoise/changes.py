"""What changed in a dataset, as an Atom feed (RFC 4287): ``/ardoise/changes/<name>.atom``; one entry a change.

Whoever may see the dataset may read it, nobody else; nothing in it is newer or older than what the page shows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import ckan.plugins as p
import flask
from ckan.common import config

ATOM = "http://www.w3.org/2005/Atom"
changes = flask.Blueprint("ardoise_changes", __name__)


@changes.route("/ardoise/changes/<name>.atom")
def feed(name: str) -> Any:
    """Answer the feed, 403 or 404."""
    try:
        package = p.toolkit.get_action("package_show")({"user": p.toolkit.g.user}, {"id": name})
    except p.toolkit.ObjectNotFound:
        return p.toolkit.abort(404)
    except p.toolkit.NotAuthorized:
        return p.toolkit.abort(403)
    return flask.Response(atom(package, str(config["ckan.site_url"]).rstrip("/")), mimetype="application/atom+xml")


def atom(package: Mapping[str, Any], site: str) -> bytes:
    """Write the feed of a dataset whose pages stand under ``site``."""
    page = f"{site}/dataset/{package['name']}"
    told = list(package.get("changes") or [])
    root = ElementTree.Element("feed", {"xmlns": ATOM, "xml:lang": "fr"})
    _add(root, "id", f"{page}#changes")
    _add(root, "title", f"{package['title']} : ce qui change")
    _add(root, "updated", _moment(told[0]["date"] if told else package["metadata_modified"]))
    ElementTree.SubElement(root, "link", {"rel": "alternate", "href": page})
    ElementTree.SubElement(root, "link", {"rel": "self", "href": f"{site}/ardoise/changes/{package['name']}.atom"})
    _add(ElementTree.SubElement(root, "author"), "name", str((package.get("organization") or {}).get("title") or site))
    for each in told:
        entry = ElementTree.SubElement(root, "entry")
        _add(entry, "id", f"{page}#{entry_id(each)}")
        _add(entry, "title", each["text"])
        _add(entry, "updated", _moment(each["date"]))
        ElementTree.SubElement(entry, "link", {"rel": "alternate", "href": page})
        _add(entry, "summary", f"{each['text']} (version {each['version']} du contrat)")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="utf-8")


def entry_id(change: Mapping[str, Any]) -> str:
    """Return what names a change among those of its dataset, for ever."""
    return f"{_moment(change['date'])}-{change['period']}-{_digest(change['text'])}"


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = text


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _moment(text: str) -> str:
    """RFC 3339 wants a zone; CKAN writes its own moments in UTC without one."""
    return text if text.endswith("Z") or "+" in text[10:] else f"{text}Z"
