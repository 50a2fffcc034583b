"""Measures of a candidate, and what they refuse."""

from __future__ import annotations

import pyarrow as pa
import pytest

from anonymization.candidate import ReleaseCounts, Released
from anonymization.differences import Earlier
from anonymization.errors import MeasurementError
from anonymization.measures import Measures, measure_release
from anonymization.release import apply_release
from policies.contract import ReleasedColumn, ReleaseRule, Strategy
from tests.unit.anonymization.builders import METER, aggregate, readings, records, strategy


def _measured(
    released: Released, rule: ReleaseRule, floors: Strategy | None = None, earlier: Earlier | None = None
) -> Measures:
    chosen = floors or strategy()
    return measure_release(released.table, released.evidence, rule, METER, chosen, released.counts, earlier)


def _codes(measures: Measures) -> list[str]:
    return [finding.code for finding in measures.violations]


def test_records_are_measured_in_units() -> None:
    table = readings([1] * 30 + [2, 3, 4, 5], ["A"] * 30 + ["A"] + ["B"] * 3, [1.0] * 34)
    measures = _measured(apply_release(table, records(k=2), METER), records(k=2))
    assert (measures.k, measures.smallest_cell) == (2, 3)
    assert measures.prosecutor_risk == 0.5
    assert measures.average_risk == pytest.approx((31 / 2 + 3 / 3) / 34)
    assert _codes(measures) == []
    assert measures.numbers()["k"] == 2.0


def test_a_class_of_one_unit_with_thirty_rows_breaks_the_floor() -> None:
    released = apply_release(readings([1] * 30, ["A"] * 30, [1.0] * 30), records(k=1), METER)
    measures = _measured(released, records(k=2))
    assert _codes(measures) == ["K"]
    assert measures.prosecutor_risk == 1.0
    assert "1 classe(s)" in measures.violations[0].message


def test_the_stricter_of_rule_and_strategy_holds() -> None:
    table = readings([1, 2, 3], ["A"] * 3, [60.0, 20.0, 20.0])
    released = apply_release(table, aggregate(), METER)
    assert _codes(_measured(released, aggregate())) == []
    assert _codes(_measured(released, aggregate(), strategy(minimum_units=4))) == ["MINIMUM_UNITS"]
    assert _codes(_measured(released, aggregate(), strategy(maximum_dominance=0.5))) == ["DOMINANCE"]
    assert _codes(_measured(released, aggregate(dominance=0.5))) == ["DOMINANCE"]
    records_of_three = apply_release(table, records(), METER)
    assert _codes(_measured(records_of_three, records(), strategy(minimum_k=4))) == ["K"]


def test_cells_are_measured_from_their_contributions() -> None:
    table = readings([1, 1, 2, 3, None], ["A"] * 5, [30.0, 30.0, 20.0, 20.0, 0.0])
    measures = _measured(apply_release(table, aggregate(), METER), aggregate())
    assert (measures.k, measures.smallest_cell, measures.largest_share) == (3, 5, 0.6)


def test_a_published_figure_that_is_not_the_sum_of_its_units_is_found() -> None:
    released = apply_release(readings([1, 2, 3], ["A"] * 3, [1.0, 1.0, 1.0]), aggregate(), METER)
    forged = released.table.set_column(2, "total", pa.array([3.2]))
    measures = measure_release(forged, released.evidence, aggregate(), METER, strategy(), released.counts)
    assert _codes(measures) == ["FIGURES"]


def test_evidence_that_belongs_to_other_rows_is_refused() -> None:
    released = apply_release(readings([1, 2, 3], ["A"] * 3, [1.0] * 3), aggregate(), METER)
    for rule, evidence in (
        (aggregate(), None),
        (aggregate(), released.evidence.slice(0, 0)),
        (records(), pa.table({"unit": [1]})),
    ):  # type: ignore[union-attr]
        table = released.table if rule.kind == "aggregate" else released.table.slice(0, 0)
        with pytest.raises(MeasurementError):
            measure_release(table, evidence, rule, METER, strategy(), released.counts)


def test_columns_that_the_contract_does_not_declare_are_refused() -> None:
    rule = ReleaseRule("as_is", (ReleasedColumn("nom", ("nom",), "string"),))
    table = pa.table({"nom": ["a"], "unit": pa.array([b"0" * 16], pa.binary(16))})
    measures = measure_release(table, None, rule, None, strategy(), ReleaseCounts(1, 0, 0, 1))
    assert _codes(measures) == ["UNDECLARED_COLUMNS", "PSEUDONYM"]


def test_a_cell_published_twice_is_refused() -> None:
    released = apply_release(readings([1, 2, 3], ["A"] * 3, [1.0] * 3), aggregate(), METER)
    table = pa.concat_tables([released.table] * 2)
    again = released.evidence.set_column(0, "cell", pa.array([1, 1, 1]))  # type: ignore[union-attr]
    measures = measure_release(
        table, pa.concat_tables([released.evidence, again]), aggregate(), METER, strategy(), released.counts
    )
    assert _codes(measures) == ["DUPLICATE_CELLS"]


def test_too_much_suppression_is_refused() -> None:
    rule = aggregate(suppression_limit=0.2)
    table = readings([1, 2, 3, 4], ["A", "A", "A", "B"], [1.0] * 4)
    measures = _measured(apply_release(table, rule, METER), rule)
    assert _codes(measures) == ["SUPPRESSION_LIMIT"]
    assert measures.suppressed_share == 0.25


def test_an_identifier_in_a_published_text_is_a_violation_only_where_someone_is_protected() -> None:
    rule = ReleaseRule("records", (ReleasedColumn("texte", ("texte",), "string"),), k=1)
    table = pa.table({"texte": ["écrire à jeanne.martin@example.org", "rien"]})
    counts = ReleaseCounts(2, 0, 0, 2)
    protected = measure_release(table, pa.table({"unit": [0, 1]}), rule, METER, strategy(), counts)
    assert _codes(protected) == ["RESIDUAL_IDENTIFIER"]
    assert "jeanne" not in protected.violations[0].message
    as_is = ReleaseRule("as_is", rule.columns)
    public = measure_release(table, None, as_is, None, strategy(), counts)
    assert _codes(public) == []
    assert [remark.code for remark in public.remarks] == ["RESIDUAL_IDENTIFIER"]


def test_a_cell_that_gained_one_unit_since_the_last_release_is_flagged() -> None:
    before = apply_release(readings([1, 2, 3, 4, 5, 6], ["A"] * 3 + ["B"] * 3, [1.0] * 6), aggregate(), METER)
    after = apply_release(readings([1, 2, 3, 7, 4, 5, 6], ["A"] * 4 + ["B"] * 3, [1.0] * 7), aggregate(), METER)
    measures = _measured(after, aggregate(), earlier=Earlier(before.table))
    assert measures.changed_cells == 1
    assert [remark.code for remark in measures.remarks] == ["DIFFERENCE"]
    assert _codes(measures) == []
    assert _measured(after, aggregate(), earlier=Earlier(after.table)).changed_cells == 0


def test_releases_that_can_not_be_compared_say_nothing() -> None:
    after = apply_release(readings([1, 2, 3], ["A"] * 3, [1.0] * 3), aggregate(), METER)
    assert _measured(after, aggregate(), earlier=Earlier(pa.table({"x": [1]}))).changed_cells is None
    unknown = after.table.drop_columns(["compteurs"])
    assert _measured(after, aggregate(), earlier=Earlier(unknown)).changed_cells is None
    assert _measured(after, aggregate(), earlier=Earlier(unknown, pa.array([2]))).changed_cells == 1


def test_nothing_published_is_measured_without_figures() -> None:
    released = apply_release(readings([1], ["A"], [1.0]), aggregate(), METER)
    measures = _measured(released, aggregate())
    assert (measures.rows, measures.k, measures.prosecutor_risk) == (0, None, None)
    assert [remark.code for remark in measures.remarks] == ["EMPTY"]


def test_records_without_quasi_identifier_are_one_class() -> None:
    rule = ReleaseRule("records", (ReleasedColumn("volume", ("volume",), "number"),), k=2)
    released = apply_release(readings([1, 2, 2], ["A"] * 3, [1.0, 2.0, 3.0]), rule, METER)
    assert _measured(released, rule).k == 2
