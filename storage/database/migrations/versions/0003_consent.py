"""The consent ledger and the terms its events name."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Forward only: there is no way back but a backup."""
    op.create_table(
        "consent_terms",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("terms", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_consent_terms"),
    )
    op.create_table(
        "consent_ledger",
        sa.Column("sequence", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("event_digest", sa.String(64), nullable=False),
        sa.Column("record_id", sa.String(64), nullable=False),
        sa.Column("pii_principal_id", sa.LargeBinary, nullable=False),
        sa.Column("purpose", sa.String(255), nullable=False),
        sa.Column("terms", sa.String(64), nullable=False),
        sa.Column("event_state", sa.String(32), nullable=False),
        sa.Column("event_type", sa.String(32), nullable=False),
        sa.Column("event_time", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT),
        sa.Column("entity_id", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_consent_ledger"),
        sa.UniqueConstraint("event_digest", name="uq_consent_ledger_event_digest"),
        sa.ForeignKeyConstraint(["terms"], ["consent_terms.digest"], name="fk_consent_ledger_terms"),
    )
    op.create_index("ix_consent_ledger_record_id", "consent_ledger", ["record_id"])
    op.create_index(
        "ix_consent_ledger_purpose_pii_principal_id_event_time",
        "consent_ledger",
        ["purpose", "pii_principal_id", "event_time"],
    )
    for table in ("consent_terms", "consent_ledger"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
