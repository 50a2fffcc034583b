"""Wrapped keys, clients, runs, and the append-only log of requests."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)

REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is only ever added to', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""
APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON request
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """Make the first state."""
    op.create_table(
        "service_key",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.create_table(
        "domain_key",
        sa.Column("domain", sa.Text, primary_key=True),
        sa.Column("epoch", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.create_table(
        "client",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("token_hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("actions", ARRAY(sa.Text), nullable=False),
        sa.Column("domains", ARRAY(sa.Text), nullable=False),
        sa.Column("zones", ARRAY(sa.Text), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )
    _create_runs_and_keys()
    op.create_table(
        "request",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text),
        sa.Column("dataset", sa.Text),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("domain", sa.Text),
        sa.Column("purpose", sa.Text),
        sa.Column("key_id", sa.Text),
        sa.Column("identifiers", sa.BigInteger, nullable=False),
    )
    op.execute(REFUSE_CHANGE)
    op.execute(APPEND_ONLY)


def _create_runs_and_keys() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("client", sa.Text, sa.ForeignKey("client.name"), nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("domains", ARRAY(sa.Text), nullable=False),
        sa.Column("key_ids", ARRAY(sa.Text), nullable=False),
        sa.Column("new_keys_left", sa.Integer, sa.CheckConstraint("new_keys_left >= 0"), nullable=False),
        sa.Column("quota", sa.BigInteger, nullable=False),
        sa.Column("quota_left", sa.BigInteger, sa.CheckConstraint("quota_left >= 0"), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
    )
    op.create_table(
        "data_key",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("run", sa.BigInteger),
        sa.Column("wrapped", sa.LargeBinary),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("destroyed_at", TIME),
    )
