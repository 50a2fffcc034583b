"""Releases that must go wholly: asked for, and done."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only: there is no way back but a backup."""
    op.create_table(
        "withdrawals",
        sa.Column("dataset", sa.String(255), nullable=False),
        sa.Column("major", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("period", sa.String(255), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("run_id", sa.String(255), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("dataset", "major", "period", "requested_at", name="pk_withdrawals"),
    )
