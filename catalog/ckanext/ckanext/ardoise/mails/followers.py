"""Who follows what, and which of its changes each was told: a table of CKAN's database, of digests and no texts.

A follower is told of what changes after they began to follow. Where nothing says when that was, it is now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import ARRAY, insert

table = sa.Table(
    "ardoise_told",
    sa.MetaData(),
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("dataset_id", sa.Text, primary_key=True),
    sa.Column("told", ARRAY(sa.Text), nullable=False),
    sa.Column("seen", sa.DateTime, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Follower:
    """Somebody who follows a dataset that was touched since they were last told of it."""

    user: str
    name: str
    address: str
    dataset: str
    touched: datetime  # when CKAN last changed the dataset
    told: frozenset[str] | None  # None: never looked at


def touched() -> list[Follower]:
    """Return followers of public datasets by user, each with one dataset; those without an address too."""
    following, package, user = (each.__table__ for each in (model.UserFollowingDataset, model.Package, model.User))
    beside = sa.and_(table.c.user_id == following.c.follower_id, table.c.dataset_id == following.c.object_id)
    found = model.Session.execute(
        sa.select(
            user.c.id, user.c.name, user.c.email, package.c.id.label("dataset"), package.c.metadata_modified,
            table.c.told,
        )
        .select_from(
            following.join(package, package.c.id == following.c.object_id)
            .join(user, user.c.id == following.c.follower_id)
            .outerjoin(table, beside)
        )
        .where(user.c.state == "active", package.c.state == "active")
        .where(sa.or_(table.c.seen.is_(None), package.c.metadata_modified > table.c.seen))
        .order_by(user.c.id, package.c.title)
    ).mappings()  # fmt: skip
    return [
        Follower(
            row["id"], row["name"], row["email"] or "", row["dataset"], row["metadata_modified"],
            None if row["told"] is None else frozenset(row["told"]),
        )
        for row in found
    ]  # fmt: skip


def remember(user: str, dataset: str, told: Iterable[str], seen: datetime) -> None:
    """Note what a follower knows. The caller commits."""
    values: dict[str, Any] = {"told": sorted(set(told)), "seen": seen}
    row = insert(table).values(user_id=user, dataset_id=dataset, **values)
    model.Session.execute(row.on_conflict_do_update(index_elements=["user_id", "dataset_id"], set_=values))


def forget(user: str, dataset: str | None) -> None:
    """Forget what a user was told of a dataset, or of all. The caller commits."""
    chosen = table.c.user_id == user
    if dataset is not None:
        chosen = sa.and_(chosen, table.c.dataset_id == dataset)
    model.Session.execute(table.delete().where(chosen))
