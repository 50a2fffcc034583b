"""Lineage events received by the console."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only: there is no way back but a backup."""
    op.create_table(
        "lineage_events",
        sa.Column("event_id", sa.String(255), nullable=False),
        sa.Column("event_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_type", sa.String(16), nullable=False),
        sa.Column("run", sa.String(36), nullable=False),
        sa.Column("job_namespace", sa.Text(), nullable=False),
        sa.Column("job_name", sa.Text(), nullable=False),
        sa.Column("dataset", sa.String(255)),
        sa.Column("stage", sa.String(255)),
        sa.Column("orchestrator_run", sa.String(255)),
        sa.Column("period", sa.String(32)),
        sa.Column("body", JSONB, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_lineage_events"),
    )
    op.create_index("ix_lineage_events_dataset_stage_event_time", "lineage_events", ["dataset", "stage", "event_time"])
