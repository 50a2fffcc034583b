"""Declared domains with epochs, named masters, clients that expire, a chained log, sketches, alerts, ledger heads.

What state 0001 knew of a domain was one wrapped key. It becomes the domain's lasting key; the key of its epoch 0
is made by the first ``init`` with the master key (``custody.domains.complete``), for no migration has that key.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)

LOG_HEAD = """
CREATE FUNCTION log_head() RETURNS TABLE (last_id bigint, last_mac bytea) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1095910474);  -- the log's own number
    RETURN QUERY SELECT id, mac FROM request ORDER BY id DESC LIMIT 1;
END $$
"""
"""Waits until nobody else writes to the log, then tells its last row as it is after that: two steps in one call."""

APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """Bring state 0001 forward."""
    _declare_domains()
    _keep_inputs()
    op.create_table(
        "master",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("current_since", TIME),
        sa.Column("replaced_at", TIME),
        sa.Column("destroyed_at", TIME),
    )
    op.add_column("client", sa.Column("expires_at", TIME))
    op.add_column("client", sa.Column("quota", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column(
        "client",
        sa.Column(
            "quota_left", sa.BigInteger, sa.CheckConstraint("quota_left >= 0"), nullable=False, server_default="0"
        ),
    )
    for column in (
        sa.Column("epoch", sa.Integer),
        sa.Column("reference", sa.Text),
        sa.Column("outcome", sa.Text),
        sa.Column("mac", sa.LargeBinary),
    ):
        op.add_column("request", column)
    op.create_table(
        "ledger_head",
        sa.Column("ledger", sa.Text, primary_key=True),
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("signed_at", TIME, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
    )
    op.execute(APPEND_ONLY.format(table="ledger_head"))
    op.execute(LOG_HEAD)
    # An owner may take this right back, but not by mistake; the chain in "mac" tells if it did.
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON request, ledger_head FROM CURRENT_USER")


def _declare_domains() -> None:
    op.create_table(
        "domain",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("epoch_days", sa.Integer),
        sa.Column("padded_length", sa.Integer),
        sa.Column("alphabet", sa.Text),
        sa.Column("expected_inputs", sa.BigInteger, nullable=False),
        sa.Column("wrapped", sa.LargeBinary),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.execute(
        "INSERT INTO domain (name, kind, recipient, purpose, epoch, expected_inputs, wrapped, created_at) "
        "SELECT domain, 'one-way', 'undeclared', 'undeclared', 0, 1000000, wrapped, created_at FROM domain_key "
        "WHERE epoch = 0"
    )
    op.execute("DELETE FROM domain_key")
    op.alter_column("domain_key", "wrapped", nullable=True)
    op.add_column("domain_key", sa.Column("destroyed_at", TIME))
    op.create_foreign_key("domain_key_domain_fkey", "domain_key", "domain", ["domain"], ["name"])


def _keep_inputs() -> None:
    op.create_table(
        "distinct_inputs",
        sa.Column("domain", sa.Text, sa.ForeignKey("domain.name"), primary_key=True),
        sa.Column("sketch", sa.LargeBinary, nullable=False),
        sa.Column("estimate", sa.BigInteger, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
    )
    op.create_table(
        "alert",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("domain", sa.Text, sa.ForeignKey("domain.name"), nullable=False),
        sa.Column("expected", sa.BigInteger, nullable=False),
        sa.Column("estimate", sa.BigInteger, nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text),
    )
