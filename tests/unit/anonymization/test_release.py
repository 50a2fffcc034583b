"""What a release rule keeps and leaves out."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from anonymization import apply_release
from anonymization.errors import GeneralizationError, MeasureOverflowError, ReleaseRuleError
from policies.contract import Measure, ReleasedColumn, ReleaseRule
from tests.unit.anonymization.builders import METER, aggregate, pseudonyms, readings, records


def test_thirty_rows_of_one_meter_are_one_unit_in_a_table() -> None:
    table = readings([1] * 30 + [2, 3, 4], ["A"] * 30 + ["B"] * 3, [1.0] * 33)
    released = apply_release(table, aggregate(), METER)
    assert released.table.to_pylist() == [{"commune": "B", "compteurs": 3, "total": 3.0}]
    assert released.counts.to_json() == {
        "rows_in": 33,
        "suppressed_rows": 30,
        "suppressed_cells": 1,
        "published_rows": 1,
    }


def test_thirty_rows_of_one_person_are_one_unit_in_records() -> None:
    table = readings([1] * 30 + [2, 3, 4], ["A"] * 30 + ["B"] * 3, [1.0] * 33)
    released = apply_release(table, records(k=2), METER)
    assert released.table["commune"].to_pylist() == ["B"] * 3
    assert released.unit_counts.to_pylist() == [3, 3, 3]
    assert released.counts.suppressed_share == 30 / 33


def test_a_row_of_unknown_unit_counts_as_no_unit_but_stays_in_a_class_that_is_large_enough() -> None:
    table = readings([1, None, None, 1, 2, None], ["A", "A", "A", "B", "B", "B"], [1.0] * 6)
    released = apply_release(table, records(k=2), METER)
    assert released.table["commune"].to_pylist() == ["B"] * 3
    assert released.evidence is not None
    assert released.evidence["unit"].to_pylist() == [0, 1, None]


def test_a_cell_one_unit_dominates_is_removed() -> None:
    table = readings([1, 2, 3, 4, 5, 6], ["A", "A", "A", "B", "B", "B"], [80.0, 10.0, 10.0, 40.0, 30.0, 30.0])
    released = apply_release(table, aggregate(dominance=0.5), METER)
    assert released.table["commune"].to_pylist() == ["B"]


def test_a_unit_exactly_at_the_dominance_limit_is_accepted() -> None:
    table = readings([1, 2, 3], ["A"] * 3, [50.0, 25.0, 25.0])
    assert apply_release(table, aggregate(dominance=0.5), METER).table.num_rows == 1
    assert apply_release(table, aggregate(dominance=0.49), METER).table.num_rows == 0


def test_dominance_adds_up_all_the_rows_of_a_unit() -> None:
    table = readings([1] * 9 + [2, 3, 4], ["A"] * 12, [1.0] * 12)
    assert apply_release(table, aggregate(dominance=0.7), METER).table.num_rows == 0


def test_rows_of_unknown_unit_weigh_as_one_unit() -> None:
    table = readings([1, 2, 3, None, None], ["A"] * 5, [1.0, 1.0, 1.0, 10.0, 10.0])
    assert apply_release(table, aggregate(dominance=0.8), METER).table.num_rows == 0


def test_units_whose_value_is_missing_do_not_count_for_a_measure() -> None:
    table = readings([1, 2, 3, 4], ["A"] * 4, [5.0, None, None, float("nan")])
    assert apply_release(table, aggregate(), METER).table.num_rows == 0


def test_measures_are_exact_and_rounded_to_their_decimals() -> None:
    measures = (
        Measure("lignes", "rows"),
        Measure("compteurs", "units"),
        Measure("total", "sum", "volume", decimals=1),
        Measure("moyenne", "mean", "volume", decimals=3),
        Measure("mediane", "median", "volume", decimals=2),
    )
    table = readings([1, 2, 3, 3], ["A"] * 4, [0.1, 0.2, 0.4, None])
    row = apply_release(table, aggregate(*measures), METER).table.to_pylist()[0]
    assert row == {"commune": "A", "lignes": 4, "compteurs": 3, "total": 0.7, "moyenne": 0.233, "mediane": 0.2}


def test_the_median_of_an_even_number_of_values_is_between_the_two_middle_ones() -> None:
    table = readings([1, 2, 3, 4], ["A"] * 4, [1, 2, 4, 40])
    rule = aggregate(Measure("mediane", "median", "volume", decimals=0), Measure("exacte", "median", "volume"))
    released = apply_release(table, rule, METER).table
    assert released.to_pylist() == [{"commune": "A", "mediane": 3, "exacte": 3.0}]


def test_the_same_rows_in_other_batches_and_order_give_the_same_table() -> None:
    table = readings([i % 40 for i in range(400)], [f"C{i % 7}" for i in range(400)], [i / 7 for i in range(400)])
    shuffled = table.take(pa.array([(i * 73) % 400 for i in range(400)]))
    for rule in (aggregate(), records()):
        whole = apply_release(table, rule, METER)
        pieces = apply_release(lambda: shuffled.to_batches(max_chunksize=17), rule, METER)
        assert whole.table.equals(pieces.table)
        assert whole.evidence is not None
        assert whole.evidence.equals(pieces.evidence)


def test_rows_are_sorted_by_all_published_columns() -> None:
    table = readings([3, 1, 2, 2], ["B", "A", "A", "A"], [1.0, 9.0, 3.0, None])
    released = apply_release(table, records(k=1), METER).table
    assert released.to_pylist() == [
        {"commune": "A", "volume": 3.0},
        {"commune": "A", "volume": 9.0},
        {"commune": "A", "volume": None},
        {"commune": "B", "volume": 1.0},
    ]


def test_the_pseudonym_is_in_neither_table_nor_evidence() -> None:
    table = readings([7, 8, 9], ["A"] * 3, [1.0] * 3)
    for rule in (aggregate(), records()):
        released = apply_release(table, rule, METER)
        assert released.evidence is not None
        for made in (released.table, released.evidence):
            assert not any(pa.types.is_fixed_size_binary(field.type) for field in made.schema)


def test_data_that_protects_nobody_is_published_as_it_is_and_sorted() -> None:
    columns = (ReleasedColumn("nom", ("name",), "string"), ReleasedColumn("places", ("free",), "integer"))
    table = pa.table({"name": ["b", "a"], "free": pa.array([1, 2], pa.int32()), "other": [0, 0]})
    released = apply_release(table, ReleaseRule("as_is", columns), None)
    assert released.table.to_pylist() == [{"nom": "a", "places": 2}, {"nom": "b", "places": 1}]
    assert released.table.schema.types == [pa.string(), pa.int64()]
    assert released.evidence is None


def test_nothing_in_gives_an_empty_table_with_the_published_schema() -> None:
    empty = readings([], [], []).cast(
        pa.schema({"meter": pa.binary(16), "commune": pa.string(), "volume": pa.float64()})
    )
    for rule, unit in ((aggregate(), METER), (records(), METER), (aggregate(minimum_units=None), None)):
        if unit is None:
            rule = ReleaseRule("as_is", rule.columns)
        released = apply_release(empty, rule, unit)
        assert released.table.num_rows == 0
        assert released.table.schema.names == [c.name for c in rule.columns] + [m.name for m in rule.measures]
        assert released.counts.rows_in == 0


def test_a_whole_period_can_be_one_cell() -> None:
    rule = ReleaseRule("aggregate", (), (Measure("total", "sum", "volume"),), minimum_units=2)
    released = apply_release(readings([1, 2], ["A", "B"], [1.0, 2.0]), rule, METER)
    assert released.table.to_pylist() == [{"total": 3.0}]


def test_null_is_a_class_of_its_own() -> None:
    table = readings([1, 2, 3, 4], [None, None, None, "A"], [1.0] * 4)
    for rule in (aggregate(), records()):
        assert set(apply_release(table, rule, METER).table["commune"].to_pylist()) == {None}


@pytest.mark.parametrize(
    ("rule", "unit"),
    [
        (records(k=None), METER),
        (records(), None),
        (aggregate(minimum_units=None), METER),
        (aggregate(), None),
        (aggregate(Measure("n", "units"), minimum_units=None), None),
        (aggregate(Measure("n", "sum")), METER),
        (ReleaseRule("as_is", ()), METER),
    ],
)
def test_a_rule_without_its_floor_is_refused(rule: ReleaseRule, unit: object) -> None:
    with pytest.raises(ReleaseRuleError):
        apply_release(readings([1], ["A"], [1.0]), rule, unit)  # type: ignore[arg-type]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ReleaseRuleError, match="volume"):
        apply_release(readings([1], ["A"], [1.0]).drop_columns(["volume"]), records(), METER)


def test_a_measured_text_is_refused() -> None:
    table = pa.table({"meter": pseudonyms([1]), "commune": ["A"], "volume": ["secret"]})
    with pytest.raises(ReleaseRuleError, match="volume") as caught:
        apply_release(table, aggregate(), METER)
    assert "secret" not in str(caught.value)


def test_a_sum_that_would_overflow_is_refused() -> None:
    with pytest.raises(MeasureOverflowError, match="volume"):
        apply_release(readings([1, 2], ["A", "A"], [2**61, 2**62]), aggregate(), METER)


def test_a_pseudonym_is_never_published() -> None:
    rule = ReleaseRule("records", (ReleasedColumn("compteur", ("meter",), "string", quasi_identifier=True),), k=1)
    with pytest.raises(GeneralizationError, match="pseudonym"):
        apply_release(readings([1], ["A"], [1.0]), rule, METER)


def test_sums_of_opposite_signs_do_not_hide_a_dominant_unit() -> None:
    table = readings([1, 2, 3], ["A"] * 3, [-100.0, 1.0, 1.0])
    assert apply_release(table, aggregate(dominance=0.9), METER).table.num_rows == 0
    assert math.isclose(apply_release(table, aggregate(), METER).table["total"][0].as_py(), -98.0)
