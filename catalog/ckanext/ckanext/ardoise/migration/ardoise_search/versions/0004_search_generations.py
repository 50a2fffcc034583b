"""Each row has a number of its own and tells the generation that wrote it, for processes keep what they filter by.

The number comes first in a row: PostgreSQL reaches a column that stands behind texts three times more slowly. Indexes
of what is now found in memory go, and cost a write no more. The index is empty afterwards (``search-index rebuild``).
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

revision = "ardoise_0004"
down_revision = "ardoise_0003"

TABLE = "ardoise_search_index"
GENERATION = "ardoise_search_generation"
SHORT = (
    "id", "name", "site_id", "entity_type", "dataset_type", "state", "capacity", "organization", "owner_org",
    "license_id",
)  # fmt: skip
LISTS = ("tags", "groups", "res_format", "permission_labels")
DATES = ("metadata_created", "metadata_modified")


def upgrade() -> None:
    """Make the table anew, with its indexes."""
    op.drop_table(TABLE)
    text = sa.Text(collation="C")
    op.create_table(
        TABLE,
        sa.Column("number", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("written", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True)) for name in DATES),
        sa.Column("index_id", text, primary_key=True),
        *(sa.Column(name, text) for name in SHORT),
        *(sa.Column(name, ARRAY(sa.Text), nullable=False) for name in LISTS),
        sa.Column("title", text, nullable=False),
        *(sa.Column(name, TSVECTOR, nullable=False) for name in ("heading", "words", "forms")),
        sa.Column("others", JSONB, nullable=False),
        sa.Column("stored", sa.Text, nullable=False),
        sa.Column("data_dict", sa.Text),
        sa.Column("validated_data_dict", sa.Text),
    )
    op.execute(f"ALTER TABLE {TABLE} ADD COLUMN bounds box")
    op.execute(f"ALTER TABLE {TABLE} SET (toast_tuple_target = 256)")
    for column in ("index_id", *SHORT, "heading"):
        op.execute(f"ALTER TABLE {TABLE} ALTER COLUMN {column} SET STORAGE MAIN")
    op.create_index(f"{TABLE}_number", TABLE, ["number"], unique=True)
    for column in ("written", "id", "name"):
        op.create_index(f"{TABLE}_{column}", TABLE, [column])
    for column in ("heading", "words", "forms"):
        op.create_index(f"{TABLE}_{column}", TABLE, [column], postgresql_using="gin")
    op.execute(f"CREATE INDEX {TABLE}_others ON {TABLE} USING gin (others jsonb_path_ops)")
    op.execute(f"CREATE INDEX {TABLE}_bounds ON {TABLE} USING gist (bounds)")
    op.execute(f"ALTER TABLE {GENERATION} ADD COLUMN erased bigint NOT NULL DEFAULT 0")
    op.execute(f"UPDATE {GENERATION} SET number = number + 1, erased = number + 1")


def downgrade() -> None:
    """Read and order by columns behind the texts again; indexes of every column come back."""
    op.execute(f"TRUNCATE {TABLE}")
    op.execute(f"ALTER TABLE {GENERATION} DROP COLUMN erased")
    op.execute(f"UPDATE {GENERATION} SET number = number + 1")
    for column in ("number", "written"):
        op.execute(f"ALTER TABLE {TABLE} DROP COLUMN {column}")
    for column in ("organization", "owner_org"):
        op.create_index(f"{TABLE}_{column}", TABLE, [column])
    for column in ("tags", "groups", "res_format"):
        op.create_index(f"{TABLE}_{column}", TABLE, [column], postgresql_using="gin")
    for column in ("name", "title"):
        op.execute(f"CREATE INDEX {TABLE}_{column}_trigrams ON {TABLE} USING gin ({column} gin_trgm_ops)")
    op.execute(f"CREATE INDEX {TABLE}_title ON {TABLE} (title, index_id)")
    for column in DATES:
        op.execute(f"CREATE INDEX {TABLE}_{column} ON {TABLE} ({column} DESC NULLS LAST, index_id)")
