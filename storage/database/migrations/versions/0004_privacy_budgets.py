"""Privacy budgets, and the noisy figures paid for from them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Forward only: there is no way back but a backup."""
    op.create_table(
        "privacy_budgets",
        sa.Column("dataset", sa.String(255), nullable=False),
        sa.Column("unit", sa.String(255), nullable=False),
        sa.Column("micro_epsilon", sa.BigInteger, nullable=False),
        sa.Column("influence", JSONB, nullable=False),
        sa.Column("declared_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("dataset", "unit", name="pk_privacy_budgets"),
    )
    op.create_table(
        "privacy_spends",
        sa.Column("dataset", sa.String(255), nullable=False),
        sa.Column("unit", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("question", sa.String(64), nullable=False),
        sa.Column("micro_epsilon", sa.BigInteger, nullable=False),
        sa.Column("figures", JSONB, nullable=False),
        sa.Column("drawn_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("dataset", "unit", "name", name="pk_privacy_spends"),
        sa.ForeignKeyConstraint(
            ["dataset", "unit"],
            ["privacy_budgets.dataset", "privacy_budgets.unit"],
            name="fk_privacy_spends_budget",
        ),
    )
    for table in ("privacy_budgets", "privacy_spends"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
