"""Risk is counted in units, attacks find what they should, and a difference between releases points at nobody."""

from __future__ import annotations

from dataclasses import astuple

import pyarrow as pa
import pytest

from anonymization.errors import MeasurementError
from anonymization.hierarchies import Hierarchy
from anonymization.models import DistinctLDiversity, KAnonymity
from anonymization.risk import (
    banded,
    compare_releases,
    link_register,
    measure_linked,
    reidentification_risk,
    revise_release,
    simulate_minimality,
)

# Classes of 1, 2 and 5 units; everyone of the last but one has the same value.
TABLE = pa.table(
    {
        "place": ["A"] + ["B"] * 2 + ["C"] * 5,
        "illness": ["x", "x", "y", "x", "x", "x", "x", "y"],
        "unit": [1, 2, 3, 4, 5, 6, 7, 8],
    }
)


def test_the_three_intruders_against_a_table_that_is_the_population() -> None:
    report = reidentification_risk(TABLE, ["place"], unit="unit", threshold=0.2)
    assert (report.units, report.classes) == (8, 3)
    assert astuple(report.prosecutor) == pytest.approx((1.0, 3 / 8, 3 / 8))
    assert report.journalist == report.prosecutor
    assert report.marketer == pytest.approx(3 / 8)
    assert report.sample_uniques == report.population_uniques == pytest.approx(1 / 8)


def test_a_population_hides_the_journalist_s_and_the_marketer_s_targets() -> None:
    population = pa.table({"place": ["A"] * 4 + ["B"] * 10 + ["C"] * 20 + ["D"]})
    report = reidentification_risk(TABLE, ["place"], population, unit="unit", threshold=0.2)
    assert report.journalist.highest == pytest.approx(1 / 4)
    assert report.journalist.above == pytest.approx(1 / 8)
    assert report.journalist.average == pytest.approx(max(3 / 34, (1 / 4 + 2 / 10 + 5 / 20) / 8))
    assert report.marketer == pytest.approx((1 / 4 + 2 / 10 + 5 / 20) / 8)
    assert report.population_uniques == 0
    assert report.prosecutor.highest == 1


def test_many_rows_of_one_unit_are_one_unit() -> None:
    table = pa.table({"place": ["A"] * 50 + ["B"] * 5, "unit": [1] * 50 + [2, 3, 4, 5, 6]})
    assert reidentification_risk(table, ["place"]).prosecutor.highest == pytest.approx(1 / 5)
    assert reidentification_risk(table, ["place"], unit="unit").prosecutor.highest == 1
    unknown = table.set_column(1, "unit", pa.array([None] * 50 + [2, 3, 4, 5, 6]))
    assert reidentification_risk(unknown, ["place"], unit="unit").units == 5


def test_uniques_of_the_population_are_estimated_after_zayatz() -> None:
    # Half the classes have one unit and half two, in a sample of one half: a class of one is seen once with 1/2, of
    # two with 2 · 1/2 · 1/2; so half of the sample's uniques are unique in the population.
    table = pa.table({"place": ["A", "B", "C", "C", "D", "D"]})
    report = reidentification_risk(table, ["place"], sampling_fraction=0.5)
    assert report.sample_uniques == pytest.approx(2 / 6)
    assert report.population_uniques == pytest.approx(1 / 6)


def test_what_is_learned_of_an_attribute() -> None:
    report = reidentification_risk(TABLE, ["place"], unit="unit", sensitive=["illness"], certainty=0.8)
    (illness,) = report.attributes
    assert illness.known == pytest.approx(1 / 8)
    assert illness.probable == pytest.approx(6 / 8)
    assert illness.highest == 1


def test_the_criteria_are_numbers_and_french_sentences() -> None:
    exposed = reidentification_risk(TABLE, ["place"], unit="unit", sensitive=["illness"], register_share=1.0)
    singling_out, linkability, inference = exposed.criteria
    assert [criterion.met for criterion in exposed.criteria] == [False] * 3
    assert singling_out.sentence == (
        "Individualisation : 12,5 % des personnes sont seules de leur groupe ; pour la plus exposée, désigner la bonne "
        "ligne est une certitude."
    )
    assert "sûr dans 12,5 %" in linkability.sentence
    assert "« illness »" in inference.sentence
    safe = pa.table({"place": ["A"] * 10, "illness": ["x", "y"] * 5})
    report = reidentification_risk(safe, ["place"], sensitive=["illness"])
    assert [criterion.met for criterion in report.criteria] == [True] * 3
    assert "une chance sur 10" in report.criteria[0].sentence


def test_a_register_finds_as_many_as_chance_says_and_the_same_each_time() -> None:
    table = pa.table({"place": [str(place) for place in range(500) for _ in range(4)], "unit": list(range(2000))})
    attack = link_register(table, ["place"], unit="unit", share=0.5, seed=3)
    assert attack.tried == 1000
    assert attack.expected == pytest.approx(1 / 4)
    assert attack.correct == pytest.approx(1 / 4, abs=0.06)
    assert (attack.matched, attack.certain) == (1.0, 0.0)
    assert attack == link_register(table, ["place"], unit="unit", share=0.5, seed=3)


def test_who_owns_most_rows_of_a_class_is_found_more_often() -> None:
    table = pa.table({"place": ["A"] * 10, "unit": [1] * 6 + [2, 3, 4, 5]})
    assert link_register(table, ["place"], unit="unit", share=1.0).expected == pytest.approx((0.6 + 4 * 0.1) / 5)


def test_who_is_in_the_register_and_not_in_the_table_is_never_found() -> None:
    register = pa.table({"place": ["A", "Z"], "unit": [100, 101]})
    table = pa.table({"place": ["A"] * 3, "unit": [1, 2, 3]})
    attack = link_register(table, ["place"], register, unit="unit", share=1.0)
    assert (attack.matched, attack.correct, attack.certain) == (0.5, 0.0, 0.0)


def release(units: dict[str, list[int]]) -> pa.Table:
    pairs = [(place, unit) for place, members in units.items() for unit in members]
    return pa.table({"place": [place for place, _ in pairs], "unit": [unit for _, unit in pairs]})


def test_a_withdrawal_does_not_reveal_itself() -> None:
    earlier = release({"A": [1, 2, 3, 4, 5], "B": [6, 7, 8, 9]})
    later = release({"A": [1, 2, 3, 4], "B": [10, 11, 12, 6, 7, 8, 9]})
    seen = compare_releases(earlier, later, ["place"], "unit", 3)
    assert (seen.appeared, seen.vanished, seen.isolated, seen.smallest) == (3, 1, 1, 1)
    revised = revise_release(earlier, later, ["place"], "unit", 3)
    assert compare_releases(earlier, revised, ["place"], "unit", 3).isolated == 0
    assert sorted(revised.to_pylist(), key=lambda row: row["unit"]) == sorted(
        release({"A": [1, 2, 3, 4, 5], "B": [10, 11, 12, 6, 7, 8, 9]}).to_pylist(), key=lambda row: row["unit"]
    )


def test_a_row_that_must_go_takes_its_class_with_it() -> None:
    earlier, later = release({"A": [1, 2, 3, 4], "B": [5, 6, 7]}), release({"A": [1, 2, 3], "B": [5, 6, 7, 8]})
    revised = revise_release(earlier, later, ["place"], "unit", 3, must_go=True)
    assert sorted(revised["unit"].to_pylist()) == [5, 6, 7]
    assert compare_releases(earlier, revised, ["place"], "unit", 3).isolated == 0


def test_as_many_come_as_go_is_a_change_all_the_same() -> None:
    earlier, later = release({"A": [1, 2, 3, 4]}), release({"A": [1, 2, 3, 5]})
    assert compare_releases(earlier, later, ["place"], "unit", 2).isolated == 1
    assert compare_releases(earlier, earlier, ["place"], "unit", 2).changed_classes == 0


def test_two_geographies_are_measured_together() -> None:
    table = pa.table({"cell": ["c1"] * 5 + ["c2"] * 5, "commune": ["A"] * 6 + ["B"] * 4})
    found = measure_linked(table, "cell", "commune", 3)
    assert (found.smallest_intersection, found.smallest_difference, found.exposed) == (1, 1, 3)
    assert measure_linked(table, "cell", "commune", 1).exposed == 0


def test_the_choice_of_levels_can_leak() -> None:
    # Two of the four at b0 and at b1 share an illness; the finer level fails only if both are at one place.
    hierarchy = Hierarchy.from_levels("b", [["b0", "b1"], ["*", "*"]])
    table = pa.table({"b": ["b0", "b0", "b1", "b1", "b1", "b1"], "s": ["hiv", "hiv", "x", "y", "z", "x"]})
    models = [KAnonymity(2), DistinctLDiversity(2)]
    attack = simulate_minimality(table, {"b": hierarchy}, {"b": 1}, models, "s", draws=200)
    assert attack.before == pytest.approx(2 / 6)
    assert attack.after > 0.45
    assert 0 < attack.consistent < attack.draws


def test_counts_under_the_floor_are_banded() -> None:
    assert [banded(count, 5) for count in (0, 1, 4, 5)] == ["0", "moins de 5", "moins de 5", "5"]


@pytest.mark.parametrize(
    "measure",
    [
        lambda: reidentification_risk(TABLE, ["nowhere"]),
        lambda: reidentification_risk(TABLE, []),
        lambda: reidentification_risk(TABLE.slice(0, 0), ["place"]),
        lambda: reidentification_risk(TABLE, ["place"], threshold=0.0),
        lambda: reidentification_risk(TABLE, ["place"], pa.table({"place": ["A"]})),
        lambda: link_register(TABLE, ["place"], share=0.0),
        lambda: link_register(TABLE, ["place"], TABLE),
        lambda: compare_releases(TABLE, TABLE.drop_columns(["place"]), ["place"], "unit", 3),
        lambda: compare_releases(TABLE, TABLE, ["place"], "unit", 0),
        lambda: measure_linked(TABLE, "place", "nowhere", 3),
    ],
)
def test_what_can_not_be_measured_is_refused(measure) -> None:
    with pytest.raises(MeasurementError):
        measure()
