"""The table that stands in for Solr."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

revision = "ardoise_0001"
down_revision = None


def upgrade() -> None:
    """Create the index table: one row a document, whole values under GIN, words under GIN."""
    op.create_table(
        "ardoise_search_index",
        sa.Column("index_id", sa.Text, primary_key=True),
        sa.Column("fields", JSONB, nullable=False),
        sa.Column("stored", JSONB, nullable=False),
        sa.Column("words", TSVECTOR, nullable=False),
    )
    for column in ("fields", "words"):
        op.create_index(f"ardoise_search_index_{column}", "ardoise_search_index", [column], postgresql_using="gin")


def downgrade() -> None:
    """Drop it; ``ckan search-index rebuild`` fills it again."""
    op.drop_table("ardoise_search_index")
