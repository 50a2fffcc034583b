"""The searchable table: its columns and its rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from catalog import PageError
from catalog.dictionary import PERIOD, csv_rows, fields, first_id, table_rows
from policies import Contract, DatasetId, ReleasedColumn
from tests.catalog_pages import ROWS, page, table, territory, water


def test_columns_have_a_type_a_label_a_note_and_a_unit() -> None:
    found = {field["id"]: field for field in fields(water())}
    assert {"mois", "code_commune", "commune"} < set(found)
    assert PERIOD not in found
    assert found["foyers_participants"]["type"] == "int8"
    assert found["consommation_totale_l"]["info"] == {
        "label": "Consommation totale",
        "notes": "Volume consommé par les foyers participants",
        "unit": "L",
    }


def test_a_column_of_our_own_name_is_refused() -> None:
    rule = replace(water().release, columns=(ReleasedColumn(PERIOD, (), "string"),))
    with pytest.raises(PageError, match=PERIOD):
        fields(replace(water(), release=rule))


def lines(batches: list[pa.RecordBatch], contract: Contract, period: str) -> list[str]:
    return b"".join(csv_rows(batches, contract, period)).decode().splitlines()


def test_rows_are_numbered_across_batches_in_an_order_that_stays() -> None:
    found = lines(table(water(), ROWS), water(), "2026-10")
    assert [int(line.split(",")[0]) - first_id("2026-10") for line in found] == [0, 1, 2]
    assert first_id("2026-11") - first_id("2026-10") == 31 * 1_000_000_000
    assert first_id("2026-W44") == first_id("2026-10-26")
    assert first_id("2199-12-31") < 2**53


def test_the_same_release_has_the_same_version_and_another_one_another() -> None:
    assert table_rows(page(water())).version == table_rows(page(water())).version
    searched = replace(water(), release=replace(water().release, full_text=("commune",)))
    versions = {
        table_rows(each).version
        for each in (page(water()), page(water(), "2026-09"), page(water(), rows=ROWS[:1]), page(searched))
    }
    assert len(versions) == 4


def test_times_dates_texts_and_what_is_not_a_number() -> None:
    columns = (
        ReleasedColumn("instant", (), "timestamp"),
        ReleasedColumn("jour", (), "date"),
        ReleasedColumn("mesure", (), "number"),
        ReleasedColumn("texte", (), "string"),
    )
    parking = territory().contracts[DatasetId("parking")]
    contract = replace(parking, release=replace(parking.release, columns=columns, measures=()))
    batch = pa.record_batch(
        {
            "instant": pa.array([datetime(2026, 10, 25, 0, 30, tzinfo=UTC), None, None], pa.timestamp("us", "UTC")),
            "jour": pa.array([date(2026, 10, 25), None, None]),
            "mesure": pa.array([float("nan"), 1.5, float("inf")]),
            "texte": ["", None, 'dit « "oui", puis »'],
        }
    )
    first, second, third = (line.partition(",")[2] for line in lines([batch], contract, "2026-10-25"))
    assert first == '2026-10-25T00:30:00.000000Z,2026-10-25,,""'
    assert second == ",,1.5,"
    assert third == ',,,"dit « ""oui"", puis »"'
