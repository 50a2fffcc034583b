"""The journal: cursors, deliveries, partitions, stages, verdicts, decisions, releases."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NAME = sa.String(255)
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Forward only: there is no way back but a backup."""
    _deliveries()
    _partitions_and_stages()
    _verdicts()
    _releases()
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'records of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER decisions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decisions "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _deliveries() -> None:
    op.create_table(
        "cursors",
        sa.Column("dataset", _NAME, nullable=False),
        sa.Column("cursor", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("dataset", name="pk_cursors"),
    )
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", _NAME, nullable=False),
        sa.Column("dataset", _NAME, nullable=False),
        sa.Column("run_id", _NAME, nullable=False),
        sa.Column("ref", JSONB, nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("processed_at", _MOMENT),
        sa.Column("erased_at", _MOMENT),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_dataset", "deliveries", ["dataset"])


def _partitions_and_stages() -> None:
    op.create_table(
        "partitions",
        sa.Column("dataset", _NAME, nullable=False),
        sa.Column("major", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("period", _NAME, nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("released_content", sa.String(64)),
        sa.Column("run_id", _NAME, nullable=False),
        sa.Column("closed_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("dataset", "major", "period", name="pk_partitions"),
    )
    op.create_table(
        "stages",
        sa.Column("run_id", _NAME, nullable=False),
        sa.Column("dataset", _NAME, nullable=False),
        sa.Column("period", _NAME, nullable=False),
        sa.Column("stage", _NAME, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("seconds", sa.Double),
        sa.Column("counts", JSONB, nullable=False),
        sa.Column("error_code", _NAME),
        sa.PrimaryKeyConstraint("run_id", "dataset", "period", "stage", name="pk_stages"),
    )
    op.create_index("ix_stages_dataset_started_at", "stages", ["dataset", "started_at"])


def _verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("verdict_id", _NAME, nullable=False),
        sa.Column("candidate_digest", sa.String(64), nullable=False),
        sa.Column("dataset", _NAME, nullable=False),
        sa.Column("period", sa.String(32), nullable=False),
        sa.Column("run_id", _NAME, nullable=False),
        sa.Column("verdict", sa.String(32), nullable=False),
        sa.Column("reasons", JSONB, nullable=False),
        sa.Column("measures", JSONB, nullable=False),
        sa.Column("contract_version", sa.String(64), nullable=False),
        sa.Column("strategy_version", sa.String(64), nullable=False),
        sa.Column("consent_root", sa.String(64)),
        sa.Column("judged_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("verdict_id", name="pk_verdicts"),
    )
    op.create_index("ix_verdicts_candidate_digest", "verdicts", ["candidate_digest"])
    op.create_index("ix_verdicts_dataset", "verdicts", ["dataset"])
    op.create_table(
        "decisions",
        sa.Column("candidate_digest", _NAME, nullable=False),
        sa.Column("decided_at", _MOMENT, nullable=False),
        sa.Column("decided_by", _NAME, nullable=False),
        sa.Column("contract_version", sa.String(64), nullable=False),
        sa.Column("strategy_version", sa.String(64), nullable=False),
        sa.Column("approved", sa.Boolean, nullable=False),
        sa.Column("triggered_by", _NAME),
        sa.Column("comment", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("candidate_digest", "decided_at", "decided_by", name="pk_decisions"),
    )


def _releases() -> None:
    op.create_table(
        "releases",
        sa.Column("dataset", _NAME, nullable=False),
        sa.Column("major", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("period", _NAME, nullable=False),
        sa.Column("candidate_digest", _NAME, nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("run_id", _NAME, nullable=False),
        sa.Column("files", JSONB, nullable=False),
        sa.Column("released_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("dataset", "major", "period", "candidate_digest", name="pk_releases"),
    )
