"""What reading each delivery came to, and the alerts about feeds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NAME = sa.String(255)
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Forward only: there is no way back but a backup."""
    op.create_table(
        "feed_readings",
        sa.Column("delivery_id", _NAME, nullable=False),
        sa.Column("dataset", _NAME, nullable=False),
        sa.Column("run_id", _NAME, nullable=False),
        sa.Column("contract_version", sa.String(64), nullable=False),
        sa.Column("read_at", _MOMENT, nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("rejected", sa.BigInteger, nullable=False),
        sa.Column("unreadable", sa.Boolean, nullable=False),
        sa.Column("unknown_columns", sa.Integer, nullable=False),
        sa.Column("filled", JSONB, nullable=False),
        sa.Column("reasons", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_feed_readings"),
    )
    op.create_index("ix_feed_readings_dataset_received_at", "feed_readings", ["dataset", "received_at"])
    op.create_table(
        "feed_alerts",
        sa.Column("dataset", _NAME, nullable=False),
        sa.Column("kind", _NAME, nullable=False),
        sa.Column("raised_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("resolved_at", _MOMENT),
        sa.Column("details", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("dataset", "kind", "raised_at", name="pk_feed_alerts"),
    )
    op.create_index(
        "uq_feed_alerts_raised",
        "feed_alerts",
        ["dataset", "kind"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
