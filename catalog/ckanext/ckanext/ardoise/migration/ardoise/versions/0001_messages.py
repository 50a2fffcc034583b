"""What readers write to whoever is responsible for a dataset."""

import sqlalchemy as sa
from alembic import op

revision = "ardoise_own_0001"
down_revision = None


def upgrade() -> None:
    """Create the table of messages."""
    op.create_table(
        "ardoise_message",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("form", sa.Uuid, nullable=False, unique=True),
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("link", sa.Text, nullable=False),
        sa.Column("contact", sa.Text, nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("kind IN ('problem', 'use')", name="ardoise_message_kind"),
    )
    op.create_index("ardoise_message_dataset", "ardoise_message", ["dataset", "written_at"])
    op.create_index("ardoise_message_written_at", "ardoise_message", ["written_at"])


def downgrade() -> None:
    """Drop it, and what was written with it."""
    op.drop_table("ardoise_message")
