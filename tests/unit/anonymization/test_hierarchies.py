"""Hierarchies are read, and refused when they are not hierarchies; errors name attribute and rule, never a value."""

from __future__ import annotations

from datetime import date

import pytest

from anonymization.errors import HierarchyError
from anonymization.hierarchies import (
    Hierarchy,
    from_csv,
    from_grid,
    from_intervals,
    from_iris,
    from_prefixes,
    from_tree,
)


@pytest.mark.parametrize("separator", [";", ","])
def test_a_csv_file_has_a_line_per_leaf_and_a_column_per_level(tmp_path, separator: str) -> None:
    file = tmp_path / "diploma.csv"
    lines = [["CAP", "secondaire", "*"], ["Bac", "secondaire", "*"], ["Master", "supérieur", "*"]]
    file.write_text("\n".join(separator.join(line) for line in lines), "utf-8")
    hierarchy = from_csv("diplome", file)
    assert hierarchy.height == 2
    assert hierarchy.generalized(["Master", "CAP"], 1) == ["supérieur", "secondaire"]
    assert hierarchy.leaves_under(1).tolist() == [2, 1]
    assert from_csv("diplome", file.read_text("utf-8")).labels == hierarchy.labels


def test_an_empty_first_column_is_the_missing_value() -> None:
    hierarchy = from_csv("x", "1;connu;*\n;absent;*\n")
    assert hierarchy.generalized([None, 1], 1) == ["absent", "connu"]


def test_numbers_fall_in_half_open_intervals() -> None:
    hierarchy = from_intervals("age", range(0, 100), [[0, 10, 20, 60], [0, 20, 60]], bounds=(0, 60))
    assert hierarchy.generalized([9, 10, 59, 60, 99], 1) == [
        "[0, 10[",
        "[10, 20[",
        "[20, 60[",
        "60 et plus",
        "60 et plus",
    ]
    assert hierarchy.generalized([9, 10], 2) == ["[0, 20[", "[0, 20["]
    assert hierarchy.height == 3


def test_dates_fall_in_intervals() -> None:
    days = [date(2026, 1, 31), date(2026, 2, 1), date(2025, 12, 31), None]
    edges = [[date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)]]
    hierarchy = from_intervals("jour", days, edges, bounds=(date(2026, 1, 1), date(2026, 3, 1)))
    assert hierarchy.generalized(days, 1) == [
        "[2026-01-01, 2026-02-01[",
        "[2026-02-01, 2026-03-01[",
        "moins de 2026-01-01",
        "absent",
    ]


def test_codes_are_cut_to_prefixes() -> None:
    hierarchy = from_prefixes("code postal", ["49000", "49100", "44000"], [3, 2])
    assert hierarchy.generalized(["49100"], 1) == ["491"]
    assert hierarchy.generalized(["49100"], 2) == ["49"]
    assert hierarchy.labels[-1] == ("*",)


def test_cells_go_to_coarser_aligned_cells() -> None:
    cells = ["CRS3035RES200mN2471400E3462600", "CRS3035RES200mN2471000E3462000"]
    hierarchy = from_grid("maille", cells, [1000, 2000])
    assert hierarchy.generalized(cells, 1) == ["CRS3035RES1000mN2471000E3462000"] * 2
    assert hierarchy.generalized(cells, 2) == ["CRS3035RES2000mN2470000E3462000"] * 2


def test_an_iris_goes_to_its_commune_and_to_the_territory() -> None:
    hierarchy = from_iris("iris", ["490070101", "490350000"], "Territoire", {"49007": "Angers", "49035": "Bouchemaine"})
    assert hierarchy.generalized(["490350000"], 1) == ["Bouchemaine"]
    assert hierarchy.labels[-1] == ("Territoire",)


def test_a_tree_in_yaml_may_be_uneven() -> None:
    hierarchy = from_tree("statut", "tous: {salarié: [CDI, CDD], indépendant: [], retraité: }")
    assert hierarchy.generalized(["CDI", "indépendant", "retraité"], 1) == ["salarié", "indépendant", "retraité"]
    assert hierarchy.labels[-1] == ("tous",)


TWICE = "a;1;*\na;1;*\n"
SEVERAL_ROOTS = "a;1\nb;2\n"
NOT_NESTED = "a;1;x;*\nb;1;y;*\n"
UNEVEN = "a;1;*\nb;*\n"
HOLE = "a;1;*\nb;;*\n"


@pytest.mark.parametrize(
    ("made", "rule"),
    [
        (lambda: from_csv("x", TWICE), "twice"),
        (lambda: from_csv("x", SEVERAL_ROOTS), "single root"),
        (lambda: from_csv("x", NOT_NESTED), "nested"),
        (lambda: from_csv("x", UNEVEN), "same number of levels"),
        (lambda: from_csv("x", HOLE), "value at every level"),
        (lambda: from_csv("x", "\n"), "no leaf"),
        (lambda: from_csv("x", "/nowhere/at/all.csv"), "can not be read"),
        (lambda: from_intervals("x", [5, 12], [[0, 10]]), "out of the edges"),
        (lambda: from_intervals("x", [5], [[0, 10, 20], [0, 15, 20]]), "nested"),
        (lambda: from_intervals("x", [5], [[10, 0]]), "ascending"),
        (lambda: from_intervals("x", [5], [[10, 0]], bounds=(0, 20)), "ascending"),
        (lambda: from_intervals("x", [5], [[0, date(2026, 1, 1)]]), "one type"),
        (lambda: from_intervals("x", [date(2026, 1, 1)], [[0, 10]]), "compared"),
        (lambda: from_prefixes("x", ["49000"], [2, 3]), "decrease"),
        (lambda: from_prefixes("x", ["4"], [2]), "shorter"),
        (lambda: from_grid("x", ["CRS3035RES200mN2471400E3462600"], [300]), "aligned"),
        (lambda: from_grid("x", ["CRS3035RES200mN2471401E3462600"], [400]), "own grid"),
        (lambda: from_grid("x", ["somewhere"], [400]), "not grid cells"),
        (lambda: from_iris("x", ["49007"], "t"), "nine characters"),
        (lambda: from_iris("x", ["490070101"], "t", {"44109": "Nantes"}), "covered"),
        (lambda: from_tree("x", "{a: [b], c: [d]}"), "one root"),
        (lambda: from_tree("x", "{a: {b: [l], c: [l]}}"), "twice"),
        (lambda: from_tree("x", "{a: ["), "can not be read"),
        (lambda: Hierarchy.from_levels("x", []), "no leaf"),
    ],
)
def test_what_is_no_hierarchy_is_refused(made, rule: str) -> None:
    with pytest.raises(HierarchyError, match=rule) as caught:
        made()
    assert "« x »" in str(caught.value)
