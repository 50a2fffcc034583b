"""What is measured of records under models, on the published rows and every earlier release."""

from __future__ import annotations

import pyarrow as pa
import pytest

from anonymization import DistinctLDiversity, KAnonymity
from anonymization.errors import MeasurementError
from anonymization.risk import EarlierRows, RecordsRisk, measure_records

K3 = KAnonymity(3)


def rows(units: dict[str, list[int]]) -> tuple[pa.Table, pa.Array]:
    pairs = [(place, unit) for place, members in units.items() for unit in members]
    table = pa.table({"place": [place for place, _ in pairs], "what": [f"w{unit % 3}" for _, unit in pairs]})
    return table, pa.array([unit for _, unit in pairs], pa.int64())


def measured(now: dict[str, list[int]], *before: tuple[dict[str, list[int]], object], **options: object) -> RecordsRisk:
    table, labels = rows(now)
    earlier = [EarlierRows(*rows(units), steps) for units, steps in before]
    models = options.pop("models", [K3])
    return measure_records(
        table, labels, ["place"], models, 3, sensitive=["what"], earlier=earlier, steps="fine", **options
    )  # type: ignore[arg-type]


def test_models_and_the_floor_are_checked_on_the_rows() -> None:
    good = {"A": [1, 2, 3], "B": [4, 5, 6]}
    assert measured(good, models=[K3, DistinctLDiversity(3, "what")]).violations == ()
    assert len(measured(good, models=[KAnonymity(4)]).violations) == 1
    (sentence,) = measured({"A": [1, 2, 3], "B": [3, 6, 9]}, models=[DistinctLDiversity(2, "what")]).violations
    assert "distinct_l_diversity" in sentence
    assert "k_anonymity" in measured({"A": [1, 1, 1, 2]}, models=[]).violations[0]  # three rows of one unit are one


def test_details_hold_models_risk_and_three_criteria() -> None:
    found = measured({"A": [1, 2, 3], "B": [4, 5, 6]})
    assert [one["name"] for one in found.details["risk"]["criteria"]] == ["singling_out", "linkability", "inference"]
    assert found.details["models"] == [{"model": "k_anonymity", "measured": 3, "satisfied": True}]
    assert found.details["risk"]["prosecutor"]["highest"] == pytest.approx(1 / 3, abs=1e-3)
    assert found.numbers["sample_uniques"] == 0


def test_a_difference_with_any_earlier_release_that_isolates_is_a_violation() -> None:
    first, second = {"A": [1, 2, 3, 4, 5, 6, 7]}, {"A": [1, 2, 3, 4]}
    now = {"A": [1, 2, 3, 4, 5, 6, 8]}
    assert measured(now, (second, "fine")).violations == ()
    found = measured(now, (first, "fine"), (second, "fine"))
    assert "la différence désignerait quelqu'un" in found.violations[0]
    assert found.details["earlier"] == {"compared": 2, "changed_classes": 2, "isolated": 1}


def test_a_coarser_class_less_finer_ones_isolates_who_is_left() -> None:
    fine, coarse = {"a1": [1, 2, 3], "a2": [4, 5, 6]}, {"A": [1, 2, 3, 4, 5, 6, 7]}
    assert measured(coarse, (fine, "fine")).numbers["isolated_classes"] == 0  # as one would say, had levels not changed
    assert measured(coarse, (fine, "other")).numbers["isolated_classes"] == 1
    assert measured({"A": [1, 2, 3, 4, 5, 6]}, (fine, "other")).numbers["isolated_classes"] == 0


def test_without_known_labels_whatever_changed_counts_as_one() -> None:
    table, labels = rows({"A": [1, 2, 3], "B": [4, 5, 6]})
    same = EarlierRows(table, None, "fine")
    other = EarlierRows(rows({"A": [1, 2, 3], "B": [4, 5, 7]})[0], None, "fine")
    for earlier, isolated in ((same, 0), (other, 1)):
        found = measure_records(table, labels, ["place"], [K3], 3, earlier=[earlier], steps="fine")
        assert found.numbers["isolated_classes"] == isolated


def test_a_criterion_that_is_not_met_is_a_remark() -> None:
    found = measured({"A": [1, 2, 3], "B": [3, 6, 9]})
    assert any("inférence" in remark for remark in found.remarks)
    assert found.violations == ()


def test_labels_that_belong_to_other_rows_are_refused() -> None:
    table, labels = rows({"A": [1, 2, 3]})
    with pytest.raises(MeasurementError):
        measure_records(table, labels.slice(1), ["place"], [K3], 3)
