"""Where messages are kept: a table of CKAN's database. What is answered « sent » is committed.

They go :func:`retention` after they were written, whoever asks first: each writing and each reading begins with that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from ckan import model
from ckan.common import config
from sqlalchemy.dialects.postgresql import insert

from ckanext.ardoise.messages.rules import KINDS, Message

MOST_IN_A_DAY = 200  # for one dataset: beyond, somebody is playing
MOST_SHOWN = 200
table = sa.Table(
    "ardoise_message",
    sa.MetaData(),
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("form", sa.Uuid, nullable=False),
    *(sa.Column(name, sa.Text, nullable=False) for name in ("dataset", "kind", "text", "link", "contact")),
    sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("handled_at", sa.DateTime(timezone=True)),
    sa.Column("announced_at", sa.DateTime(timezone=True)),  # by mail, to somebody who may read it
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as its steward reads it."""

    id: int
    name: str  # of the dataset
    title: str
    kind: str  # French
    text: str
    link: str
    contact: str
    written_at: datetime
    handled_at: datetime | None


def retention() -> timedelta:
    """How long a message is kept."""
    return timedelta(days=int(config["ardoise.message_days"]))


def forget_old() -> int:
    """Delete what was kept long enough; return how many."""
    gone = model.Session.execute(table.delete().where(table.c.written_at < datetime.now(UTC) - retention()))
    model.Session.commit()
    return int(gone.rowcount)


def is_full(dataset: str) -> bool:
    """Whether a dataset got all the messages it may get in a day."""
    since = datetime.now(UTC) - timedelta(days=1)
    count = sa.select(sa.func.count()).where(table.c.dataset == dataset, table.c.written_at > since)
    return int(model.Session.execute(count).scalar_one()) >= MOST_IN_A_DAY


def keep(dataset: str, message: Message) -> None:
    """Keep a message for good; the same form again is the same message."""
    values = {
        "form": message.form, "dataset": dataset, "kind": message.kind, "text": message.text, "link": message.link,
        "contact": message.contact, "written_at": datetime.now(UTC),
    }  # fmt: skip
    model.Session.execute(insert(table).values(**values).on_conflict_do_nothing(index_elements=["form"]))
    model.Session.commit()


def waiting(organizations: Iterable[str]) -> int:
    """How many messages about datasets of these organizations nobody has handled."""
    return int(
        model.Session.execute(
            sa.select(sa.func.count()).select_from(_of(organizations)).where(table.c.handled_at.is_(None))
        ).scalar_one()
    )


def read(organizations: Iterable[str]) -> list[Kept]:
    """Return messages about datasets of these organizations, those that wait first, then newest first."""
    package = model.Package.__table__
    found = model.Session.execute(
        sa.select(table, package.c.name, package.c.title)
        .select_from(_of(organizations))
        .order_by(table.c.handled_at.isnot(None), table.c.written_at.desc())
        .limit(MOST_SHOWN)
    ).mappings()
    return [
        Kept(
            row["id"], row["name"], row["title"] or row["name"], KINDS[row["kind"]], row["text"], row["link"],
            row["contact"], row["written_at"], row["handled_at"],
        )
        for row in found
    ]  # fmt: skip


def handle(number: int, organizations: Iterable[str], *, delete: bool) -> bool:
    """Mark a message as handled, or delete it; whether there is one, of these organizations."""
    package = model.Package.__table__
    allowed = sa.select(package.c.id).where(package.c.owner_org.in_(list(organizations)))
    chosen = sa.and_(table.c.id == number, table.c.dataset.in_(allowed))
    change = table.delete() if delete else table.update().values(handled_at=datetime.now(UTC))
    done = model.Session.execute(change.where(chosen))
    model.Session.commit()
    return int(done.rowcount) == 1


def unannounced() -> list[tuple[int, str]]:
    """Return the messages that wait and that nobody was told of, each with its dataset; those of deleted ones aside."""
    package = model.Package.__table__
    found = model.Session.execute(
        sa.select(table.c.id, table.c.dataset)
        .select_from(table.join(package, package.c.id == table.c.dataset))
        .where(table.c.handled_at.is_(None), table.c.announced_at.is_(None), package.c.state == "active")
        .order_by(table.c.id)
    )
    return [(int(number), str(dataset)) for number, dataset in found]


def announce(numbers: Iterable[int]) -> None:
    """Note that somebody was told of these messages."""
    change = table.update().where(table.c.id.in_(list(numbers)), table.c.announced_at.is_(None))
    model.Session.execute(change.values(announced_at=datetime.now(UTC)))
    model.Session.commit()


def _of(organizations: Iterable[str]) -> sa.FromClause:
    """Messages beside their datasets, of these organizations only."""
    package = model.Package.__table__
    joined = sa.and_(package.c.id == table.c.dataset, package.c.owner_org.in_(list(organizations)))
    return table.join(package, joined)
