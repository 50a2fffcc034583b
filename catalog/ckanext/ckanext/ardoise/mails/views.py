"""The page where somebody stops following, from the address in a mail: no account is asked for.

A program that looks at addresses before people do only reads: it takes a button, or a mail program's own (RFC 8058).
"""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import flask

from ckanext.ardoise.mails import stopping

mails = flask.Blueprint("ardoise_mails", __name__)


@mails.route("/ardoise/stop/<token>", methods=["GET", "POST"])
def stop(token: str) -> Any:
    """Ask, then stop."""
    found = stopping.read(token)
    if found is None:
        return p.toolkit.abort(404)
    user, dataset = found
    done = flask.request.method == "POST"
    if done:
        stopping.stop(user, dataset)
    extra = {"done": done, "everything": dataset == stopping.EVERYTHING}
    answer = flask.make_response(p.toolkit.render("mails/stop.html", extra))
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
