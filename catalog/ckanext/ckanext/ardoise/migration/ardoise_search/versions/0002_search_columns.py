"""Columns for what searches filter, count and order by. The index is empty afterwards (``search-index rebuild``)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

revision = "ardoise_0002"
down_revision = "ardoise_0001"

TABLE = "ardoise_search_index"
SCALARS = (
    "id", "name", "site_id", "entity_type", "dataset_type", "state", "capacity", "organization", "owner_org",
    "license_id",
)  # fmt: skip
LISTS = ("tags", "groups", "res_format", "permission_labels")
DATES = ("metadata_created", "metadata_modified")


def upgrade() -> None:
    """Make the table anew, with its indexes and its text search configuration."""
    # A « trusted » extension: the database's owner may install it.
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute("DROP TEXT SEARCH CONFIGURATION IF EXISTS ardoise_french")
    op.execute("DROP TEXT SEARCH DICTIONARY IF EXISTS ardoise_french_stem")
    op.execute("CREATE TEXT SEARCH DICTIONARY ardoise_french_stem (TEMPLATE = snowball, Language = french)")
    op.execute("CREATE TEXT SEARCH CONFIGURATION ardoise_french (COPY = french)")
    op.execute(
        "ALTER TEXT SEARCH CONFIGURATION ardoise_french ALTER MAPPING FOR asciihword, asciiword, hword,"
        " hword_asciipart, hword_part, word WITH ardoise_french_stem"
    )
    op.drop_table(TABLE)
    text = sa.Text(collation="C")  # the same order everywhere, and fast
    op.create_table(
        TABLE,
        sa.Column("index_id", text, primary_key=True),
        *(sa.Column(name, text) for name in SCALARS),
        *(sa.Column(name, ARRAY(sa.Text), nullable=False) for name in LISTS),
        *(sa.Column(name, sa.DateTime(timezone=True)) for name in DATES),
        sa.Column("title", text, nullable=False),
        sa.Column("heading", TSVECTOR, nullable=False),
        sa.Column("words", TSVECTOR, nullable=False),
        sa.Column("forms", TSVECTOR, nullable=False),
        sa.Column("others", JSONB, nullable=False),
        sa.Column("stored", sa.Text, nullable=False),
        sa.Column("data_dict", sa.Text),
        sa.Column("validated_data_dict", sa.Text),
    )
    op.execute(f"ALTER TABLE {TABLE} ADD COLUMN bounds box")
    _store_large_columns_apart()
    _index()
    op.create_table("ardoise_search_words", sa.Column("word", text, primary_key=True))
    op.execute("CREATE INDEX ardoise_search_words_trigrams ON ardoise_search_words USING gin (word gin_trgm_ops)")
    op.execute("CREATE TABLE ardoise_search_generation (number bigint NOT NULL)")
    op.execute("INSERT INTO ardoise_search_generation VALUES (0)")


def _store_large_columns_apart() -> None:
    """Keep rows narrow: a search reads many of them, and the large columns of one page only."""
    op.execute(f"ALTER TABLE {TABLE} SET (toast_tuple_target = 256)")
    for column in ("title", "heading", *LISTS):
        op.execute(f"ALTER TABLE {TABLE} ALTER COLUMN {column} SET STORAGE MAIN")


def _index() -> None:
    for column in ("id", "name", "organization", "owner_org"):
        op.create_index(f"{TABLE}_{column}", TABLE, [column])
    for column in ("heading", "words", "forms", "tags", "groups", "res_format"):
        op.create_index(f"{TABLE}_{column}", TABLE, [column], postgresql_using="gin")
    op.execute(f"CREATE INDEX {TABLE}_others ON {TABLE} USING gin (others jsonb_path_ops)")
    for column in ("name", "title"):
        op.execute(f"CREATE INDEX {TABLE}_{column}_trigrams ON {TABLE} USING gin ({column} gin_trgm_ops)")
    op.execute(f"CREATE INDEX {TABLE}_bounds ON {TABLE} USING gist (bounds)")
    op.execute(f"CREATE INDEX {TABLE}_title ON {TABLE} (title, index_id)")
    for column in DATES:
        op.execute(f"CREATE INDEX {TABLE}_{column} ON {TABLE} ({column} DESC NULLS LAST, index_id)")
