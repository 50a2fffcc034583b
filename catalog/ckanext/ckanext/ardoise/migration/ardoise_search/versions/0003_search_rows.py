"""Keep short columns in their row: an order with many equal scores reads each row's ``index_id``.

Rows keep the shape they were written in, so the index is empty afterwards (``search-index rebuild``).
"""

from alembic import op

revision = "ardoise_0003"
down_revision = "ardoise_0002"

TABLE = "ardoise_search_index"
SHORT = (
    "index_id", "id", "name", "site_id", "entity_type", "dataset_type", "state", "capacity", "organization",
    "owner_org", "license_id",
)  # fmt: skip


def upgrade() -> None:
    """Store them in place, whatever the row's length."""
    op.execute(f"TRUNCATE {TABLE}")
    op.execute("UPDATE ardoise_search_generation SET number = number + 1")
    for column in SHORT:
        op.execute(f"ALTER TABLE {TABLE} ALTER COLUMN {column} SET STORAGE MAIN")


def downgrade() -> None:
    """Let PostgreSQL choose again."""
    for column in SHORT:
        op.execute(f"ALTER TABLE {TABLE} ALTER COLUMN {column} SET STORAGE EXTENDED")
