"""How somebody stops following without an account at hand: an address that names who and what, which we alone can make.

It works for as long as a mail is kept, and does that one thing. RFC 8058: a mail program may post to it by itself.
"""

from __future__ import annotations

import sqlalchemy as sa
from ckan import model
from ckan.common import config
from itsdangerous import BadSignature, URLSafeSerializer

from ckanext.ardoise.mails.followers import forget

EVERYTHING = ""


def token(user: str, dataset: str = EVERYTHING) -> str:
    """Return what stands for « this user follows this dataset no longer », or none at all."""
    return str(_serializer().dumps([user, dataset]))


def read(given: str) -> tuple[str, str] | None:
    """Return the user and the dataset of a token, or None where we did not make it."""
    try:
        user, dataset = _serializer().loads(given)
    except (BadSignature, ValueError, TypeError):
        return None
    return str(user), str(dataset)


def stop(user: str, dataset: str) -> None:
    """Have a user follow a dataset no longer, or none; doing it twice changes nothing."""
    following = model.UserFollowingDataset.__table__
    chosen = following.c.follower_id == user
    if dataset != EVERYTHING:
        chosen = sa.and_(chosen, following.c.object_id == dataset)
    model.Session.execute(following.delete().where(chosen))
    forget(user, None if dataset == EVERYTHING else dataset)
    model.Session.commit()


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(str(config["SECRET_KEY"]), salt="ardoise.mails.stop")
