"""The searchable table: its columns and its rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from catalog import PageError
from catalog.dictionary import PERIOD, RANK, fields, records
from policies import DatasetId, ReleasedColumn
from tests.catalog_pages import ROWS, table, territory, water


def test_columns_have_a_type_a_label_a_note_and_a_unit() -> None:
    found = {field["id"]: field for field in fields(water())}
    assert list(found)[:2] == [PERIOD, RANK]
    assert found["foyers_participants"]["type"] == "int8"
    assert found["consommation_totale_l"]["info"] == {
        "label": "Consommation totale l",
        "notes": "Volume consommé par les foyers participants",
        "unit": "L",
    }


def test_columns_that_are_there_keep_their_place() -> None:
    known = [field["id"] for field in fields(water())]
    added = ReleasedColumn("canton", ("code_insee",), "string")
    rule = replace(water().release, columns=(added, *water().release.columns))
    assert [field["id"] for field in fields(replace(water(), release=rule), known)] == [*known, "canton"]


def test_a_column_of_our_own_name_is_refused() -> None:
    rule = replace(water().release, columns=(ReleasedColumn(RANK, (), "integer"),))
    with pytest.raises(PageError, match="rang"):
        fields(replace(water(), release=rule))


def test_rows_are_ranked_across_chunks_and_batches() -> None:
    chunks = list(records(table(water(), ROWS), water(), "2026-10", 1))
    assert [len(chunk) for chunk in chunks] == [1, 1, 1]
    assert [(row[PERIOD], row[RANK]) for chunk in chunks for row in chunk] == [("2026-10", n) for n in range(3)]


def test_times_dates_and_what_is_not_a_number() -> None:
    columns = (
        ReleasedColumn("instant", (), "timestamp"),
        ReleasedColumn("jour", (), "date"),
        ReleasedColumn("mesure", (), "number"),
    )
    parking = territory().contracts[DatasetId("parking")]
    contract = replace(parking, release=replace(parking.release, columns=columns, measures=()))
    batch = pa.record_batch(
        {
            "instant": pa.array([datetime(2026, 10, 25, 0, 30, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
            "jour": pa.array([date(2026, 10, 25), None]),
            "mesure": pa.array([float("nan"), 1.5]),
        }
    )
    first, second = next(records([batch], contract, "2026-10-25", 10))
    assert first["instant"].startswith("2026-10-25 00:30:00")
    assert first["instant"].endswith(("Z", "+00:00", "UTC"))
    assert (first["jour"], first["mesure"]) == ("2026-10-25", None)
    assert (second["instant"], second["jour"], second["mesure"]) == (None, None, 1.5)
