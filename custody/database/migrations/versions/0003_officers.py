"""Enrolled people, what they ask and approve, and the rotations that follow."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)

APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON approval
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """Bring state 0002 forward."""
    op.create_table(
        "person",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("enrolled_at", TIME, nullable=False),
    )
    op.create_table(
        "officer_request",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("domain", sa.Text, nullable=False),
        sa.Column("requester", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("closed_at", TIME),
    )
    op.create_table(
        "approval",
        sa.Column("request", sa.Text, sa.ForeignKey("officer_request.digest"), primary_key=True),
        sa.Column("officer", sa.Text, primary_key=True),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
        sa.Column("at", TIME, nullable=False),
    )
    op.execute(APPEND_ONLY)
    _rotations()


def _rotations() -> None:
    op.create_table(
        "rotation",
        sa.Column("domain", sa.Text, sa.ForeignKey("domain.name"), primary_key=True),
        sa.Column("epoch", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("request", sa.Text, sa.ForeignKey("officer_request.digest"), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("finished_at", TIME),
        sa.Column("columns", sa.BigInteger),
        sa.Column("rows", sa.BigInteger),
        sa.Column("distinct", sa.BigInteger),
    )
    op.create_table(
        "rotation_run",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("client", sa.Text, sa.ForeignKey("client.name"), nullable=False),
        sa.Column("domain", sa.Text, sa.ForeignKey("domain.name"), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("quota", sa.BigInteger, nullable=False),
        sa.Column("quota_left", sa.BigInteger, sa.CheckConstraint("quota_left >= 0"), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
    )
