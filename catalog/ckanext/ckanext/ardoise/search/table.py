"""The index's table, as migration ``ardoise_0004`` leaves it, the words it holds, and the row of its generation.

One row a document. What every search filters, counts and orders by has a column of its own, which each process keeps
in memory (:mod:`ckanext.ardoise.search.mirror`); other fields lie in ``others``. The large columns are only read for
the documents of one page.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.types import UserDefinedType

from ckanext.ardoise.search.fields import DATES, DICTIONARIES, LISTS, SCALARS

CONFIGURATION = "ardoise_french"  # French word stems, no stop words


class Box(UserDefinedType[Any]):
    """PostgreSQL's ``box``: west, south, east and north as two corners."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the type's name."""
        return "BOX"


_METADATA = sa.MetaData()

INDEX = sa.Table(
    "ardoise_search_index",
    _METADATA,
    sa.Column("number", sa.BigInteger, sa.Identity(), nullable=False),  # the row's own, whatever is written into it
    sa.Column("written", sa.BigInteger, nullable=False),  # the generation that wrote it last
    sa.Column("index_id", sa.Text, primary_key=True),
    *(sa.Column(name, sa.Text) for name in SCALARS if name != "index_id"),
    *(sa.Column(name, ARRAY(sa.Text), nullable=False) for name in LISTS),
    *(sa.Column(name, sa.DateTime(timezone=True)) for name in DATES),
    sa.Column("title", sa.Text, nullable=False),  # folded words; the order of title_string
    sa.Column("heading", TSVECTOR, nullable=False),  # A: title; B: name; C: tags and groups
    sa.Column("words", TSVECTOR, nullable=False),  # the same, and D: all the rest
    sa.Column("forms", TSVECTOR, nullable=False),  # words as they are written, without their places
    sa.Column("bounds", Box),
    sa.Column("others", JSONB, nullable=False),  # field -> list of texts
    sa.Column("stored", sa.Text, nullable=False),  # JSON of what a search gives back
    *(sa.Column(name, sa.Text) for name in DICTIONARIES),
)
WORDS = sa.Table("ardoise_search_words", _METADATA, sa.Column("word", sa.Text, primary_key=True))
GENERATION = sa.Table(
    "ardoise_search_generation",
    _METADATA,
    sa.Column("number", sa.BigInteger, nullable=False),  # one row; every write adds one
    sa.Column("erased", sa.BigInteger, nullable=False),  # its number when documents were last erased
)
