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

masters = Table(
    "master",
    metadata,
    Column("name", Text, primary_key=True),
    Column("provider", Text, nullable=False),  # "file", "pkcs11", "vault"
    Column("created_at", _TIME, nullable=False),
    Column("current_since", _TIME, nullable=True),  # null: made, and nothing is wrapped under it yet
    Column("replaced_at", _TIME, nullable=True),  # null in the current one
    Column("destroyed_at", _TIME, nullable=True),
)

domains = Table(
    "domain",
    metadata,
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # "one-way", "reversible", "format-preserving"
    Column("recipient", Text, nullable=False),  # who works with its pseudonyms
    Column("purpose", Text, nullable=False),
    Column("epoch", Integer, nullable=False),  # the one that pseudonyms are made in
    Column("epoch_days", Integer, nullable=True),  # how long an epoch may last; null: until officers end it
    Column("padded_length", Integer, nullable=True),  # bytes, of a reversible one
    Column("alphabet", Text, nullable=True),  # of a format-preserving one
    Column("expected_inputs", BigInteger, nullable=False),  # distinct identifiers; more of them alert
    Column("wrapped", LargeBinary, nullable=True),  # the lasting key of a one-way domain; its epochs have their own
    Column("created_at", _TIME, nullable=False),
)

domain_keys = Table(
    "domain_key",
    metadata,
    Column("domain", Text, ForeignKey("domain.name"), primary_key=True),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("wrapped", LargeBinary, nullable=True),  # null once destroyed
    Column("created_at", _TIME, nullable=False),
    Column("destroyed_at", _TIME, nullable=True),
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
    Column("expires_at", _TIME, nullable=True),  # null: until it is declared again
    Column("quota", BigInteger, nullable=False, server_default="0"),  # identifiers of its own small calls
    Column("quota_left", BigInteger, nullable=False, server_default="0"),
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
    Column("epoch", Integer, nullable=True),
    Column("reference", Text, nullable=True),  # what else it is about: a digest, a name that custody gave
    Column("outcome", Text, nullable=True),  # null: done; else the code of the refusal
    Column("mac", LargeBinary, nullable=True),  # of this row and the one before; null in rows of state 0001
)

distinct_inputs = Table(
    "distinct_inputs",
    metadata,
    Column("domain", Text, ForeignKey("domain.name"), primary_key=True),
    Column("sketch", LargeBinary, nullable=False),  # registers of a HyperLogLog: no input can be read from them
    Column("estimate", BigInteger, nullable=False),
    Column("updated_at", _TIME, nullable=False),
)

alerts = Table(
    "alert",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("at", _TIME, nullable=False),
    Column("domain", Text, ForeignKey("domain.name"), nullable=False),
    Column("expected", BigInteger, nullable=False),
    Column("estimate", BigInteger, nullable=False),
    Column("client", Text, nullable=False),  # who was asking when it was noticed
    Column("run_id", Text, nullable=True),
)

ledger_heads = Table(
    "ledger_head",
    metadata,
    Column("ledger", Text, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),  # entries
    Column("root", LargeBinary, nullable=False),
    Column("signed_at", _TIME, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)
