"""CKAN's Atom feeds (``/feeds/…``) with links that lead from page to page (RFC 5005, section 3).

CKAN 2.12 writes them from a number of pages with decimals, and loses what was searched. Here they are written from the
address that was asked and from how many datasets its search found; :func:`remember` is told that number, for CKAN keeps
it from whoever writes the feed. All are absolute, so that a reader needs to know no base.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import ckan.plugins as p
import flask
from ckan.common import config
from ckan.views.feed import CKANFeed

DESCRIPTION = "Les jeux de données, du dernier modifié au plus ancien."
LINKS = ("previous_page", "next_page", "first_page", "last_page")


def remember(count: int) -> None:
    """Keep how many datasets the search of the feed that is being written found."""
    if flask.has_request_context() and flask.request.blueprint == "feeds":
        flask.g.ardoise_found = count


class PagedFeed(CKANFeed):
    """A feed whose pages can be followed."""

    def __init__(self, feed_title: str, feed_link: str, feed_description: str, **given: Any) -> None:
        request, size = flask.request, int(config["ckan.feeds.limit"])
        here = _site() + p.toolkit.url_for(str(request.endpoint), **(request.view_args or {}))
        asked = [(name, value) for name, value in request.args.items(multi=True) if name != "page"]
        page = p.toolkit.h.get_page_number(request.args)
        given["language"] = "fr"
        given["feed_url"] = _address(here, asked, page)
        links = pages(page, int(flask.g.get("ardoise_found", 0)), size)
        given |= {name: _address(here, asked, links[name]) if name in links else None for name in LINKS}
        super().__init__(feed_title, _alternate(request.args.to_dict()), DESCRIPTION, **given)


def pages(page: int, count: int, size: int) -> dict[str, int]:
    """Return the numbers of the pages beside ``page``, of ``count`` datasets in pages of ``size``.

    A page behind the last one has no next; its previous one is the last.
    """
    last = max(1, -(-count // size))
    found = {"first_page": 1, "last_page": last}
    if page > 1:
        found["previous_page"] = min(page - 1, last)
    if page < last:
        found["next_page"] = page + 1
    return found


def _address(here: str, asked: list[tuple[str, str]], page: int) -> str:
    query = urlencode([*asked, *([("page", str(page))] if page > 1 else [])])
    return f"{here}?{query}" if query else here


def _alternate(asked: Mapping[str, str]) -> str:
    """The page that shows the same to people: the producer's, the theme's, or the search."""
    request = flask.request
    endpoint, arguments = str(request.endpoint).removeprefix("feeds."), request.view_args or {}
    if endpoint in ("organization", "group"):
        return _site() + p.toolkit.url_for(f"{endpoint}.read", **arguments)
    query = {"tags": arguments["id"]} if endpoint == "tag" else {k: v for k, v in asked.items() if k != "page"}
    return _site() + p.toolkit.url_for("dataset.search") + (f"?{urlencode(query)}" if query else "")


def _site() -> str:
    return str(config["ckan.site_url"]).rstrip("/")
