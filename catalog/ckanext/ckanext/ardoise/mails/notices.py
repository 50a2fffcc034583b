"""« Un message vous attend »: to those who may read it, without a word of the message or of who wrote it.

They are the editors and administrators of the dataset's producer. Where none has an address that mail reaches, the
contact that the dataset's contract declares.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import ckan.plugins as p
import sqlalchemy as sa
from ckan import model
from ckan.common import config

from ckanext.ardoise.mails.sending import Letter, Post, reachable
from ckanext.ardoise.messages import box


def send(post: Post, most: int) -> tuple[int, int, int]:
    """Tell stewards of messages they were not told of; return how many letters went, were refused, and wait.

    Raises:
        MailsError: as :meth:`Post.send`; what went before is noted.
    """
    sent = refused = left = 0
    readers, known = defaultdict[str, set[int]](set), dict[str, list[str]]()
    for number, dataset in box.unannounced():
        if dataset not in known:
            known[dataset] = addresses(dataset)
        for address in known[dataset]:
            readers[address].add(number)
    for address, numbers in readers.items():
        if sent >= most:
            left += 1
        elif post.send(letter(address, len(numbers))):
            sent += 1
            box.announce(numbers)
        else:
            refused += 1
    return sent, refused, left


def addresses(dataset: str) -> list[str]:
    """Return whom to tell of a message about a dataset."""
    package = p.toolkit.get_action("package_show")({"ignore_auth": True}, {"id": dataset})
    found = _reachable(_editors(package.get("owner_org")))
    return found or _reachable(str(each.get("email") or "") for each in package.get("contact") or [])


def letter(address: str, count: int) -> Letter:
    """Write to a steward."""
    title, site = config["ckan.site_title"], str(config["ckan.site_url"]).rstrip("/")
    waits = "Un message vous attend" if count == 1 else f"{count} messages vous attendent"
    body = (
        f"Bonjour,\n\n{waits} sur {title} :\n{site}/ardoise/messages\n\n"
        "-- \nVous recevez ce courriel parce que vous répondez de jeux de données de ce catalogue. Un message n’est "
        "annoncé qu’une fois. Pour ne plus être prévenu, demandez à l’administration du catalogue de retirer votre "
        "adresse du compte ou du contrat.\n"
    )
    return Letter(address, waits, body)


def _editors(organization: str | None) -> list[str]:
    member, user = model.Member.__table__, model.User.__table__
    found = model.Session.execute(
        sa.select(user.c.email)
        .select_from(member.join(user, user.c.id == member.c.table_id))
        .where(member.c.table_name == "user", member.c.group_id == organization, member.c.state == "active")
        .where(member.c.capacity.in_(("admin", "editor")), user.c.state == "active")
    )
    return [str(address or "") for (address,) in found]


def _reachable(found: Iterable[str]) -> list[str]:
    return sorted({address for address in found if reachable(address)})
