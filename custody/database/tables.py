"""Custody's records: wrapped keys, hashed tokens, and a log of requests that is only ever added to.

There is no column for an identifier or a pseudonym, and there never will be.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY

metadata = MetaData()

_TIME = DateTime(timezone=True)

service_keys = Table(
    "service_key",
    metadata,
    Column("name", Text, primary_key=True),  # "fingerprint"
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", _TIME, nullable=False),
)

domain_keys = Table(
    "domain_key",
    metadata,
    Column("domain", Text, primary_key=True),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", _TIME, nullable=False),
)

clients = Table(
    "client",
    metadata,
    Column("name", Text, primary_key=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("actions", ARRAY(Text), nullable=False),
    Column("domains", ARRAY(Text), nullable=False),
    Column("zones", ARRAY(Text), nullable=False),
    Column("created_at", _TIME, nullable=False),
)

runs = Table(
    "run",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("run_id", Text, nullable=False),  # the orchestrator's; a run tried again has several rows
    Column("dataset", Text, nullable=False),
    Column("client", Text, ForeignKey("client.name"), nullable=False),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("domains", ARRAY(Text), nullable=False),
    Column("key_ids", ARRAY(Text), nullable=False),
    Column("new_keys_left", Integer, nullable=False),
    Column("quota", BigInteger, nullable=False),
    Column("quota_left", BigInteger, nullable=False),
    Column("created_at", _TIME, nullable=False),
    Column("expires_at", _TIME, nullable=False),
)

data_keys = Table(
    "data_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("zone", Text, nullable=False),
    Column("dataset", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("run", BigInteger, nullable=True),  # of the run that made it, if a run did
    Column("wrapped", LargeBinary, nullable=True),  # null once destroyed
    Column("created_at", _TIME, nullable=False),
    Column("destroyed_at", _TIME, nullable=True),
)

requests = Table(
    "request",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("at", _TIME, nullable=False),
    Column("client", Text, nullable=False),
    Column("run_id", Text, nullable=True),
    Column("dataset", Text, nullable=True),
    Column("action", Text, nullable=False),
    Column("domain", Text, nullable=True),
    Column("purpose", Text, nullable=True),
    Column("key_id", Text, nullable=True),
    Column("identifiers", BigInteger, nullable=False),
)
