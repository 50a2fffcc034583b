"""Tables of the hub, as SQLAlchemy sees them. The migrations make them; a test compares the two.

No table holds a row of territorial data: only addresses, digests, counts and decisions.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.dialects.postgresql import JSONB

METADATA = MetaData(
    naming_convention={
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)
Json = JSON().with_variant(JSONB(), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Naive ones are refused; what is read is always in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment without a time zone can not be recorded")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """As UTC (SQLite forgets the zone of what it was given in UTC)."""
        return None if value is None else value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def _key(name: str) -> Column[Any]:
    return Column(name, String(255), primary_key=True)


cursors = Table("cursors", METADATA, _key("dataset"), Column("cursor", Json, nullable=False))

deliveries = Table(
    "deliveries",
    METADATA,
    _key("delivery_id"),
    Column("dataset", String(255), nullable=False, index=True),
    Column("run_id", String(255), nullable=False),
    Column("ref", Json, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("processed_at", UtcDateTime),  # deidentify has merged its rows into trusted
    Column("erased_at", UtcDateTime),  # its key was destroyed
)

partitions = Table(
    "partitions",
    METADATA,
    _key("dataset"),
    Column("major", Integer, primary_key=True, autoincrement=False),
    _key("period"),
    Column("content", String(64), nullable=False),  # content digest of trusted
    Column("released_content", String(64)),  # the one the last release was made from
    Column("run_id", String(255), nullable=False),
    Column("closed_at", UtcDateTime, nullable=False),  # when the period closes or closed
    Column("changed_at", UtcDateTime, nullable=False),
)

stages = Table(
    "stages",
    METADATA,
    _key("run_id"),
    _key("dataset"),
    _key("period"),  # "" where a stage is not about one period
    _key("stage"),
    Column("attempts", Integer, nullable=False),
    Column("status", String(32), nullable=False),  # running, succeeded, failed…
    Column("started_at", UtcDateTime, nullable=False),
    Column("seconds", Double),
    Column("counts", Json, nullable=False),
    Column("error_code", String(255)),
    Index(None, "dataset", "started_at"),
)

verdicts = Table(
    "verdicts",
    METADATA,
    _key("verdict_id"),  # digest of all that was judged and found
    Column("candidate_digest", String(64), nullable=False, index=True),
    Column("dataset", String(255), nullable=False, index=True),
    Column("period", String(32), nullable=False),
    Column("run_id", String(255), nullable=False),  # the run that came to it last
    Column("verdict", String(32), nullable=False),
    Column("reasons", Json, nullable=False),
    Column("measures", Json, nullable=False),
    Column("contract_version", String(64), nullable=False),
    Column("strategy_version", String(64), nullable=False),
    Column("consent_root", String(64)),
    Column("judged_at", UtcDateTime, nullable=False),
)

decisions = Table(
    "decisions",
    METADATA,
    _key("candidate_digest"),
    Column("decided_at", UtcDateTime, primary_key=True),
    _key("decided_by"),
    Column("contract_version", String(64), nullable=False),
    Column("strategy_version", String(64), nullable=False),
    Column("approved", Boolean, nullable=False),
    Column("triggered_by", String(255)),
    Column("comment", Text, nullable=False),
)

releases = Table(
    "releases",
    METADATA,
    _key("dataset"),
    Column("major", Integer, primary_key=True, autoincrement=False),
    _key("period"),
    _key("candidate_digest"),
    Column("content", String(64), nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("url", Text, nullable=False),
    Column("run_id", String(255), nullable=False),
    Column("files", Json, nullable=False),
    Column("released_at", UtcDateTime, nullable=False),
)

withdrawals = Table(
    "withdrawals",
    METADATA,
    _key("dataset"),
    Column("major", Integer, primary_key=True, autoincrement=False),
    _key("period"),
    Column("requested_at", UtcDateTime, primary_key=True),
    Column("reason", String(32), nullable=False),  # personal_rows, retention or another word the console shows
    Column("run_id", String(255), nullable=False),
    Column("done_at", UtcDateTime),  # nothing of the period is left in the open
)

lineage_events = Table(
    "lineage_events",
    METADATA,
    _key("event_id"),  # digest of the body
    Column("event_time", UtcDateTime, nullable=False),
    Column("event_type", String(16), nullable=False),
    Column("run", String(36), nullable=False),  # OpenLineage's
    Column("job_namespace", Text, nullable=False),
    Column("job_name", Text, nullable=False),
    Column("dataset", String(255)),  # these four for our own stages
    Column("stage", String(255)),
    Column("orchestrator_run", String(255)),
    Column("period", String(32)),
    Column("body", Json, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Index(None, "dataset", "stage", "event_time"),
)

feed_readings = Table(
    "feed_readings",
    METADATA,
    _key("delivery_id"),
    Column("dataset", String(255), nullable=False),
    Column("run_id", String(255), nullable=False),
    Column("contract_version", String(64), nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
    Column("unreadable", Boolean, nullable=False),  # set aside whole
    Column("unknown_columns", Integer, nullable=False),  # how many: their names could be data
    Column("filled", Json, nullable=False),  # the contract's columns that had a value
    Column("reasons", Json, nullable=False),  # code, column of the contract, rows, first position
    Index(None, "dataset", "received_at"),
)

feed_alerts = Table(
    "feed_alerts",
    METADATA,
    _key("dataset"),
    _key("kind"),
    Column("raised_at", UtcDateTime, primary_key=True),
    Column("seen_at", UtcDateTime, nullable=False),  # last found to be so
    Column("resolved_at", UtcDateTime),
    Column("details", Json, nullable=False),  # counts, shares, names of the contract's columns
)
Index(  # an alert is raised once
    "uq_feed_alerts_raised",
    feed_alerts.c.dataset,
    feed_alerts.c.kind,
    unique=True,
    postgresql_where=feed_alerts.c.resolved_at.is_(None),
    sqlite_where=feed_alerts.c.resolved_at.is_(None),
)

consent_terms = Table(
    "consent_terms",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("terms", Json, nullable=False),
)

consent_ledger = Table(
    "consent_ledger",
    METADATA,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("event_digest", String(64), nullable=False, unique=True),
    Column("record_id", String(64), nullable=False, index=True),
    Column("pii_principal_id", LargeBinary, nullable=False),  # a pseudonym
    Column("purpose", String(255), nullable=False),
    Column("terms", String(64), ForeignKey("consent_terms.digest"), nullable=False),
    Column("event_state", String(32), nullable=False),
    Column("event_type", String(32), nullable=False),
    Column("event_time", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("entity_id", String(255), nullable=False),
    Index(None, "purpose", "pii_principal_id", "event_time"),
)

privacy_budgets = Table(
    "privacy_budgets",
    METADATA,
    _key("dataset"),
    _key("unit"),  # the kind of the protection unit
    Column("micro_epsilon", BigInteger, nullable=False),  # millionths, so that spends add up exactly
    Column("influence", Json, nullable=False),  # what one unit may change at most
    Column("declared_at", UtcDateTime, nullable=False),
)

privacy_spends = Table(
    "privacy_spends",
    METADATA,
    _key("dataset"),
    _key("unit"),
    _key("name"),  # of the figures
    Column("question", String(64), nullable=False),  # digest of all that was asked
    Column("micro_epsilon", BigInteger, nullable=False),
    Column("figures", Json, nullable=False),  # with their noise: the true ones are nowhere
    Column("drawn_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(
        ["dataset", "unit"], ["privacy_budgets.dataset", "privacy_budgets.unit"], name="fk_privacy_spends_budget"
    ),
)
