"""The tables as migrated, and what they have no room for."""

from __future__ import annotations

from custody.database import head
from custody.database.tables import metadata


def test_there_is_one_line_of_states() -> None:
    assert head() == "0003"


def test_no_table_has_a_column_for_a_value() -> None:
    columns = {f"{table.name}.{column.name}" for table in metadata.tables.values() for column in table.columns}
    assert not [name for name in columns if any(word in name for word in ("value", "subject", "pseudonym", "payload"))]
    assert "request.identifiers" in columns  # a count
    assert str(metadata.tables["request"].c.identifiers.type) == "BIGINT"
