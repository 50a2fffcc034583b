"""« Vérifier »: the page that recomputes, in the reader's own browser, what a certificate says of the published files.

Nothing is recomputed here: a reader who doubts us has no use for our word. This side only says which files and which
certificate belong together; ``assets/verify.js`` fetches them from the open bucket and counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins as p
import flask

from ckanext.ardoise.certificate import certificate

verify = flask.Blueprint("ardoise_verify", __name__)
LARGEST = 256 * 1024 * 1024  # bytes of one file that a browser is asked to read
MOST_CLASSES = 2_000_000  # that a browser is asked to remember


@verify.route("/ardoise/verify/<name>")
def page(name: str) -> Any:
    """Show what can be checked of a period, the newest one unless another is asked for."""
    try:
        package = p.toolkit.get_action("package_show")({"user": p.toolkit.g.user}, {"id": name})
    except (p.toolkit.ObjectNotFound, p.toolkit.NotAuthorized):
        return p.toolkit.abort(404)
    periods = certified(package)
    asked = flask.request.args.get("period", "")
    if asked and asked not in periods:
        return p.toolkit.abort(404)
    period = asked or next(iter(periods), "")
    extra = {
        "pkg_dict": package,
        "periods": list(periods),
        "period": period,
        "told": certificate(package),
        "task": task(package, period, periods[period]) if period else None,
    }
    return p.toolkit.render("verify/page.html", extra)


def certified(package: Mapping[str, Any]) -> dict[str, str]:
    """Return the address of each period's certificate for machines, newest period first."""
    found = {
        str(each.get("period") or ""): str(each.get("url") or "").removesuffix(".html") + ".json"
        for each in package.get("resources") or []
        if each.get("role") == "certificate" and str(each.get("url") or "").startswith(("http://", "https://"))
    }
    return dict(sorted(found.items(), reverse=True))


def task(package: Mapping[str, Any], period: str, address: str) -> dict[str, Any]:
    """Return what the browser is to check, in JSON."""
    told = certificate(package) or {}
    files = [
        {name: each.get(name) for name in ("url", "format", "hash", "size", "rows")}
        for each in package.get("resources") or []
        if each.get("role") == "period" and each.get("period") == period
    ]
    return {
        "dataset": str(package["name"]).removesuffix(f"-v{str(package.get('version') or '').partition('.')[0]}"),
        "period": period,
        "certificate": address,
        "digest": told.get("digest") if told.get("period") == period else None,
        "files": files,
        "largest": LARGEST,
        "most_classes": MOST_CLASSES,
    }
