"""What followers were told, and which messages were announced; those that are there were seen, or will be."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "ardoise_own_0002"
down_revision = "ardoise_own_0001"


def upgrade() -> None:
    """Create the table of what was told, which goes with its follower or dataset; date the announcements."""
    op.create_table(
        "ardoise_told",
        sa.Column("user_id", sa.Text, sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("dataset_id", sa.Text, sa.ForeignKey("package.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("told", ARRAY(sa.Text), nullable=False),
        sa.Column("seen", sa.DateTime, nullable=False),
    )
    op.add_column("ardoise_message", sa.Column("announced_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE ardoise_message SET announced_at = written_at")


def downgrade() -> None:
    """Drop both."""
    op.drop_column("ardoise_message", "announced_at")
    op.drop_table("ardoise_told")
