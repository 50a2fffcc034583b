"""A harmless column that holds people stops its delivery, and the message tells the steward why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow as pa
import pytest

from anonymization.text.detector import Detector
from anonymization.text.hit import Hit
from anonymization.text.profile import Profiler, profile
from pipeline.deidentification.check import Checked
from pipeline.deidentification.surprises import Surprises
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
    (item,) = Surprises(PARKING, TERRITORY).refuse(_checked(["Ralliement", "Mail", "Jean Moulin"] * 5), "d1")
    assert item.batch.num_rows == 15


def test_telephones_where_nobody_said_so_stop_it_without_being_quoted() -> None:
    numbers = [f"06 39 98 12 {number:02d}" for number in range(20)]
    with pytest.raises(RefusedError) as caught:
        list(Surprises(PARKING, TERRITORY).refuse(_checked(numbers), "d1"))
    message = str(caught.value)
    assert "« nom »" in message
    assert "téléphone" in message
    assert "20 valeurs sur 20" in message
    assert "mayHold" in message
    assert "livraison d1" in message
    assert "39 98" not in message


def test_a_column_that_may_hold_them_is_no_surprise() -> None:
    columns = tuple(
        replace(column, privacy=Privacy(may_hold=("TELEPHONE",))) if column.name == "nom" else column
        for column in PARKING.columns
    )
    numbers = [f"06 39 98 12 {number:02d}" for number in range(20)]
    (item,) = Surprises(replace(PARKING, columns=columns), TERRITORY).refuse(_checked(numbers), "d1")
    assert item.batch.num_rows == 20


def test_a_value_is_read_once_a_run_and_each_delivery_judged_as_if_it_came_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    real = Detector.detect

    def detect(self: Detector, texts: Sequence[str]) -> list[list[Hit]]:
        asked.extend(texts)
        return real(self, texts)

    monkeypatch.setattr(Detector, "detect", detect)
    surprises = Surprises(PARKING, TERRITORY)
    places = [f"Parking {number}" for number in range(40)]
    numbers = [f"06 39 98 12 {number:02d}" for number in range(4)]
    for delivery, names in (("d1", places), ("d2", places[5:] + numbers[:3]), ("d3", places)):
        list(surprises.refuse(_checked(names), delivery))
    assert sorted(asked) == sorted(places + numbers[:3])
    with pytest.raises(RefusedError, match=r"livraison d4 .*4 valeurs sur 6 regardées"):
        list(surprises.refuse(_checked(numbers + places[:2]), "d4"))


def test_what_is_remembered_is_bounded_and_the_answer_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anonymization.text.profile.MOST", 5)
    profiler = Profiler()
    table = pa.table({"x": [f"personne{number}@boite.example" for number in range(8)] + ["clos"] * 3})
    assert [profiler.profile(table) for _ in range(3)] == [profile(table)] * 3
