"""Sending what waits, for the hub's clock; and following, which begins with what is there.

``ardoise_send_mails`` tells of nothing that was told, so whoever may edit datasets may call it, as often as they like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import ckan.plugins as p
import sqlalchemy as sa
from ckan import model
from ckan.common import config

from ckanext.ardoise.mails import news, notices
from ckanext.ardoise.mails.followers import forget, remember
from ckanext.ardoise.mails.sending import MailsError, Post

MOST = 50  # letters of each kind a call: a call ends before whoever made it loses patience
_LOCK = 0x61726D61  # of PostgreSQL's advisory locks: one sends at a time


def enabled() -> bool:
    """Whether the adopter named a mail server."""
    return bool(config.get("ardoise.send_mails"))


def ardoise_send_mails(context: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Send what waits; return letters sent, refused (by the server, for their address) and left for another call.

    ``fault`` says what is wrong with the mail server, if something is; what could not go waits.
    """
    p.toolkit.check_access("ardoise_send_mails", context, data)
    done: dict[str, Any] = {"sent": 0, "refused": 0, "left": 0, "fault": None}
    if not enabled():
        return done
    with _alone() as alone, Post(config) as post:
        for kind in (notices, news) if alone else ():
            try:
                counted = kind.send(post, MOST)
            except MailsError as error:
                return {**done, "fault": str(error)}
            for name, count in zip(("sent", "refused", "left"), counted, strict=True):
                done[name] += count
    return done


def may_send(context: Any, data: Any) -> dict[str, Any]:
    """Allow whoever may edit some producer's datasets."""
    asked = {"permission": "update_dataset"}
    user = {"user": context.get("user")}
    return {"success": bool(context.get("user") and p.toolkit.get_action("organization_list_for_user")(user, asked))}


@p.toolkit.chained_action
def follow_dataset(following: Callable[..., Any], context: Any, data: dict[str, Any]) -> Any:
    """Follow a dataset; what it tells already is known."""
    done = following(context, data)
    if enabled():
        user = model.User.get(done["follower_id"])
        package = p.toolkit.get_action("package_show")({"user": user.name}, {"id": done["object_id"]})
        seen = datetime.fromisoformat(package["metadata_modified"])
        remember(user.id, package["id"], news.entries(package), seen)
        model.Session.commit()
    return done


@p.toolkit.chained_action
def unfollow_dataset(following: Callable[..., Any], context: Any, data: dict[str, Any]) -> Any:
    """Follow a dataset no longer, and forget what was told."""
    following(context, data)
    user, package = model.User.get(context["user"]), model.Package.get(data["id"])
    if user is not None and package is not None:
        forget(user.id, package.id)
        model.Session.commit()


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether nobody else sends now; held on a connection of its own, since letters are noted one by one."""
    with model.meta.engine.connect() as connection:
        asked = {"lock": _LOCK}
        held = bool(connection.execute(sa.text("SELECT pg_try_advisory_lock(:lock)"), asked).scalar())
        try:
            yield held
        finally:
            if held:
                connection.execute(sa.text("SELECT pg_advisory_unlock(:lock)"), asked)


ACTIONS = {each.__name__: each for each in (ardoise_send_mails, follow_dataset, unfollow_dataset)}
AUTHORIZATIONS = {"ardoise_send_mails": may_send}
