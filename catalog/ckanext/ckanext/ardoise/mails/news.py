"""What changed in the datasets that somebody follows, as one letter; what nobody else may see is in nobody's letter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

import ckan.plugins as p
from ckan import model
from ckan.common import config

from ckanext.ardoise.changes import entry_id
from ckanext.ardoise.french import french_date
from ckanext.ardoise.mails import stopping
from ckanext.ardoise.mails.followers import Follower, remember, touched
from ckanext.ardoise.mails.sending import Letter, Post, reachable

STOP = "/ardoise/stop/"


@dataclass(frozen=True, slots=True)
class News:
    """What one dataset has to tell one follower, oldest first."""

    dataset: str
    name: str
    title: str
    lines: tuple[str, ...]


def entries(package: Mapping[str, Any]) -> dict[str, str]:
    """Return what a dataset has to tell, by what names it for ever, newest first."""
    told = {entry_id(each): f"{french_date(each['date'])} : {each['text']}" for each in package.get("changes") or []}
    if successor := package.get("successor"):
        replaced = f"Ce jeu n’est plus mis à jour ; il est remplacé par {_page(successor)}"
        told = {f"successor-{successor}": replaced} | told
    return told


def send(post: Post, most: int) -> tuple[int, int, int]:
    """Tell followers what they were not told yet, in ``most`` letters; return how many went, were refused, wait.

    A letter that was taken is noted at once: if all ends there, one letter may come twice, and none is lost.

    Raises:
        MailsError: as :meth:`Post.send`; what went before is noted.
    """
    sent = refused = left = 0
    for _, each in groupby(touched(), key=lambda follower: follower.user):
        followed = list(each)
        news, known = _news(followed)
        if news and reachable(followed[0].address):
            if sent >= most:
                left += 1
                continue
            if not post.send(letter(followed[0], news)):
                refused += 1
                continue
            sent += 1
        for note in known:
            note()
        model.Session.commit()
    return sent, refused, left


def _news(followed: Sequence[Follower]) -> tuple[list[News], list[Callable[[], None]]]:
    """What is new to a follower, and how to note that they know it."""
    news, notes = [], list[Callable[[], None]]()
    for one in followed:
        package = _seen_by(one)
        if package is None:
            continue
        told = entries(package)
        lines = [line for key, line in told.items() if one.told is not None and key not in one.told]
        if lines:
            news.append(News(one.dataset, package["name"], package["title"], tuple(reversed(lines))))
        notes.append(partial(remember, one.user, one.dataset, told, one.touched))
    return news, notes


def _seen_by(follower: Follower) -> dict[str, Any] | None:
    """The dataset as this follower may see it, or None."""
    try:
        found: dict[str, Any] = p.toolkit.get_action("package_show")({"user": follower.name}, {"id": follower.dataset})
    except (p.toolkit.ObjectNotFound, p.toolkit.NotAuthorized):
        return None
    return found


def letter(follower: Follower, news: Sequence[News]) -> Letter:
    """Write to a follower."""
    only = news[0].title if len(news) == 1 else f"{len(news)} jeux de données"
    parts = [f"Bonjour,\n\nVoici ce qui change dans ce que vous suivez sur {config['ckan.site_title']}."]
    for each in news:
        lines = "\n".join(f"- {line}" for line in each.lines)
        stop = _stop(follower.user, each.dataset)
        parts.append(f"{each.title}\n{_page(each.name)}\n{lines}\nNe plus suivre ce jeu : {stop}")
    every = _stop(follower.user, stopping.EVERYTHING)
    parts.append(
        f"-- \nVous recevez ce courriel parce que le compte « {follower.name} » suit ces jeux de données.\n"
        f"Ne plus rien suivre, donc ne plus rien recevoir : {every}"
    )
    headers = {"List-Unsubscribe": f"<{every}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}  # RFC 8058
    return Letter(follower.address, f"Ce qui change : {only}", "\n\n".join(parts) + "\n", headers)


def _page(name: str) -> str:
    return f"{_site()}/dataset/{name}"


def _stop(user: str, dataset: str) -> str:
    return f"{_site()}{STOP}{stopping.token(user, dataset)}"


def _site() -> str:
    return str(config["ckan.site_url"]).rstrip("/")
