"""Pages of messages: the form of a dataset, for anybody; what was received, for those who may edit the dataset."""

from __future__ import annotations

import uuid
from typing import Any

import ckan.plugins as p
import flask
import redis
from ckan.config.middleware.flask_app import csrf

from ckanext.ardoise.messages import box, pace
from ckanext.ardoise.messages.rules import KINDS, TRAP, read, trapped

messages = flask.Blueprint("ardoise_messages", __name__)
_MARGIN = 2_000  # bytes of a form beside its text, in UTF-8
_LARGEST = 4 * 4_000 + _MARGIN


@messages.before_request
def _protect() -> None:
    """Ask for the token of the form, whatever CKAN asks of extensions."""
    csrf.protect()


@messages.route("/ardoise/write/<name>", methods=["GET"])
def write(name: str) -> Any:
    """Show the form, or thanks once it was sent."""
    package = _package(name)
    return _form(package, {"kind": flask.request.args.get("kind", "problem")}, {})


@messages.route("/ardoise/write/<name>", methods=["POST"])
def send(name: str) -> Any:
    """Keep what was written, and say so on the page that follows."""
    package = _package(name)
    if (flask.request.content_length or 0) > _LARGEST:
        return p.toolkit.abort(413)
    form = flask.request.form.to_dict()
    message, wrong = read(form)
    if message is None:
        return _form(package, form, wrong), 400
    thanks = flask.redirect(flask.url_for("ardoise_messages.write", name=package["name"], sent=1))
    if trapped(form):  # told the same as everybody, and not kept
        return thanks
    try:
        often = pace.too_often(str(flask.request.remote_addr)) or box.is_full(package["id"])
    except redis.RedisError:
        return _form(package, form, {"form": "Ce formulaire ne répond pas pour l’instant : revenez plus tard."}), 503
    if often:
        return _form(package, form, {"form": "Trop de messages en peu de temps : revenez dans une heure."}), 429
    box.forget_old()
    box.keep(package["id"], message)
    return thanks


@messages.route("/ardoise/messages", methods=["GET"])
def received() -> Any:
    """Show what was written about the datasets that the reader may edit."""
    organizations = _organizations()
    box.forget_old()
    extra = {"messages": box.read(organizations), "days": box.retention().days, "most": box.MOST_SHOWN}
    return p.toolkit.render("messages/received.html", extra)


@messages.route("/ardoise/messages/<int:number>", methods=["POST"])
def handle(number: int) -> Any:
    """Mark a message as handled, or delete it."""
    if not box.handle(number, _organizations(), delete=flask.request.form.get("do") == "delete"):
        return p.toolkit.abort(404)
    return flask.redirect(flask.url_for("ardoise_messages.received"))


def editable_organizations() -> list[str]:
    """Return the ids of the organizations whose datasets the current user may edit."""
    if not p.toolkit.current_user.is_authenticated:
        return []
    asked = {"permission": "update_dataset"}
    user = {"user": p.toolkit.current_user.name}
    return [each["id"] for each in p.toolkit.get_action("organization_list_for_user")(user, asked)]


def waiting() -> int | None:
    """How many messages wait for the current user; None for those who have none to read."""
    organizations = editable_organizations()
    return box.waiting(organizations) if organizations else None


def _organizations() -> list[str]:
    if not (found := editable_organizations()):
        p.toolkit.abort(403, "Cette page est réservée aux responsables des données.")
    return found


def _package(name: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = p.toolkit.get_action("package_show")({"user": p.toolkit.g.user}, {"id": name})
    except (p.toolkit.ObjectNotFound, p.toolkit.NotAuthorized):
        p.toolkit.abort(404)
    return found


def _form(package: dict[str, Any], form: dict[str, str], wrong: dict[str, str]) -> Any:
    given = {name: form.get(name, "") for name in ("kind", "text", "link", "contact")}
    number = form["form"] if form.get("form") and "form" not in wrong else str(uuid.uuid4())
    extra = {
        "pkg_dict": package, "given": given, "wrong": wrong, "kinds": KINDS, "trap": TRAP, "form_number": number,
        "sent": "sent" in flask.request.args and not wrong, "days": box.retention().days,
    }  # fmt: skip
    return p.toolkit.render("messages/write.html", extra)
