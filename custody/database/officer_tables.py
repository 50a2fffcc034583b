"""People, what they ask, what they approve, and the rotations that follow.

Rows are an index: what counts is signed or sealed. A person's row is sealed under a key of custody's, a request's and
an approval's statement is signed by who made it; both are checked again each time they are relied on.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Identity, Integer, LargeBinary, Table, Text

from custody.database.tables import metadata

_TIME = DateTime(timezone=True)

people = Table(
    "person",
    metadata,
    Column("name", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),  # roles and public keys
    Column("enrolled_at", _TIME, nullable=False),
)

officer_requests = Table(
    "officer_request",
    metadata,
    Column("digest", Text, primary_key=True),  # SHA-256 of the signed statement
    Column("kind", Text, nullable=False),
    Column("domain", Text, nullable=False),
    Column("requester", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # the signed statement
    Column("made_at", _TIME, nullable=False),
    Column("expires_at", _TIME, nullable=False),
    Column("outcome", Text, nullable=True),  # "done" or "refused"
    Column("closed_at", _TIME, nullable=True),
)

approvals = Table(
    "approval",
    metadata,
    Column("request", Text, ForeignKey("officer_request.digest"), primary_key=True),
    Column("officer", Text, primary_key=True),
    Column("statement", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("at", _TIME, nullable=False),
)

rotations = Table(
    "rotation",
    metadata,
    Column("domain", Text, ForeignKey("domain.name"), primary_key=True),
    Column("epoch", Integer, primary_key=True, autoincrement=False),  # the one it leads to
    Column("request", Text, ForeignKey("officer_request.digest"), nullable=False),
    Column("state", Text, nullable=False),  # "rotating" or "finished"
    Column("started_at", _TIME, nullable=False),
    Column("finished_at", _TIME, nullable=True),
    Column("columns", BigInteger, nullable=True),  # what the hub reported when it was complete
    Column("rows", BigInteger, nullable=True),
    Column("distinct", BigInteger, nullable=True),
)

rotation_runs = Table(
    "rotation_run",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("client", Text, ForeignKey("client.name"), nullable=False),
    Column("domain", Text, ForeignKey("domain.name"), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("quota", BigInteger, nullable=False),
    Column("quota_left", BigInteger, nullable=False),
    Column("created_at", _TIME, nullable=False),
    Column("expires_at", _TIME, nullable=False),
)
