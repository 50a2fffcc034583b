"""What custody tells an administrator of itself: lines of text; never a key, a token or a value."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from custody.database.tables import alerts, clients, distinct_inputs, domain_keys, domains, masters


def domain_lines(connection: Connection, now: datetime) -> Iterator[str]:
    """Yield a line for each domain: kind, epoch and whether it has lasted too long, inputs seen and expected."""
    query = (
        select(domains, domain_keys.c.created_at.label("epoch_since"), distinct_inputs.c.estimate)
        .join(domain_keys, (domain_keys.c.domain == domains.c.name) & (domain_keys.c.epoch == domains.c.epoch))
        .outerjoin(distinct_inputs, distinct_inputs.c.domain == domains.c.name)
    )
    for row in connection.execute(query.order_by(domains.c.name)):
        due = row.epoch_days is not None and now >= row.epoch_since + timedelta(days=row.epoch_days)
        seen = f"about {row.estimate or 0} distinct inputs of {row.expected_inputs} expected"
        epoch = f"epoch {row.epoch} since {row.epoch_since:%Y-%m-%d}{', ROTATION DUE' if due else ''}"
        yield f"{row.name}  {row.kind}  {epoch}  {seen}  for {row.recipient}: {row.purpose}"


def client_lines(connection: Connection) -> Iterator[str]:
    """Yield a line for each client: what it may do, in which domains, until when."""
    for row in connection.execute(select(clients).order_by(clients.c.name)):
        end = f"  until {row.expires_at:%Y-%m-%d %H:%M}, {row.quota_left} of {row.quota} left" if row.expires_at else ""
        yield f"{row.name}  {', '.join(row.actions)}  domains: {', '.join(row.domains) or 'none'}{end}"


def alert_lines(connection: Connection) -> Iterator[str]:
    """Yield a line for each alert, the last one first."""
    for row in connection.execute(select(alerts).order_by(alerts.c.id.desc())):
        who = f"{row.client}{' in run ' + row.run_id if row.run_id else ''}"
        seen = f"about {row.estimate} distinct inputs, {row.expected} expected"
        yield f"{row.at:%Y-%m-%d %H:%M}  {row.domain}  {seen}  asked by {who}"


def master_lines(connection: Connection) -> Iterator[str]:
    """Yield a line for each master key there was, the last one first."""
    for row in connection.execute(select(masters).order_by(masters.c.created_at.desc())):
        if row.destroyed_at is not None:
            state = f"destroyed {row.destroyed_at:%Y-%m-%d %H:%M}"
        elif row.replaced_at is not None:
            state = "replaced, not destroyed yet: run « master replace » again"
        else:
            state = f"current since {row.current_since:%Y-%m-%d %H:%M}" if row.current_since else "not in use yet"
        yield f"{row.name}  {row.provider}  {state}"
