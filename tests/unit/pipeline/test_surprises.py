"""A harmless column that holds people stops its delivery, and the message tells the steward why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pytest

from pipeline.deidentification.check import Checked
from pipeline.deidentification.surprises import refuse_surprises
from pipeline.errors import RefusedError
from policies import load_territory
from policies.contract import Privacy
from settings.model import SHIPPED_TERRITORY
from sources.protocol import REJECT_SCHEMA

TERRITORY = load_territory(SHIPPED_TERRITORY)
PARKING = next(contract for name, contract in TERRITORY.contracts.items() if name == "parking")


def _checked(names: list[str]) -> Iterator[Checked]:
    rows = {column.name: pa.nulls(len(names), pa.string()) for column in PARKING.columns if column.stored}
    rows["nom"] = pa.array(names)
    yield Checked(pa.record_batch(rows), pa.array(range(len(names))), pa.RecordBatch.from_pylist([], REJECT_SCHEMA))


def test_what_the_contract_announces_passes_unchanged() -> None:
    (item,) = refuse_surprises(_checked(["Ralliement", "Mail", "Jean Moulin"] * 5), PARKING, TERRITORY)
    assert item.batch.num_rows == 15


def test_telephones_where_nobody_said_so_stop_it_without_being_quoted() -> None:
    numbers = [f"06 39 98 12 {number:02d}" for number in range(20)]
    with pytest.raises(RefusedError) as caught:
        list(refuse_surprises(_checked(numbers), PARKING, TERRITORY))
    message = str(caught.value)
    assert "« nom »" in message
    assert "téléphone" in message
    assert "20 valeurs sur 20" in message
    assert "mayHold" in message
    assert "39 98" not in message


def test_a_column_that_may_hold_them_is_no_surprise() -> None:
    columns = tuple(
        replace(column, privacy=Privacy(may_hold=("TELEPHONE",))) if column.name == "nom" else column
        for column in PARKING.columns
    )
    numbers = [f"06 39 98 12 {number:02d}" for number in range(20)]
    (item,) = refuse_surprises(_checked(numbers), replace(PARKING, columns=columns), TERRITORY)
    assert item.batch.num_rows == 20
