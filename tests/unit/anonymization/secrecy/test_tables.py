from __future__ import annotations

import pyarrow as pa
import pytest

from anonymization.errors import SecrecyRuleError, TabulationError, UnprotectedTableError
from anonymization.secrecy import (
    Attacker,
    Dominance,
    Need,
    SecrecyRules,
    Sighting,
    Tabulation,
    attack,
    protect_table,
    protect_tables,
    solving,
)
from tests.unit.anonymization.secrecy.tables import (
    RULES,
    cheaper_patterns,
    grid,
    random_grid,
    reopened,
    statuses,
)

TREE = {"r0": "north", "r1": "north", "r2": "south", "r3": "south", "north": None, "south": None}


def test_cells_are_judged_in_units_and_totals_are_made() -> None:
    data = grid([[5, 9], [1, 8]], [[10, 10], [10, 10]])
    table = protect_table(data, ["row", "column"], "value", SecrecyRules("unit", minimum_units=3, unions=False))
    found = statuses(table)
    assert found["r1", "c0"] == "A"
    assert table.counts() == {"A": 1, "B": 0, "D": 3, "V": 5}
    lines = {(line["row"], line["column"]): line for line in table.cells.to_pylist()}
    assert (lines["Total", "Total"]["value"], lines["Total", "Total"]["units"]) == (230.0, 23)
    assert lines["r0", "Total"]["value"] == 140.0


def test_what_is_published_holds_no_hidden_figure() -> None:
    table = protect_table(grid([[5, 9], [1, 8]]), ["row", "column"], "value", RULES)
    for line in table.published.to_pylist():
        assert (line["value"] is None) == (line["status"] != "V")
    assert table.published.schema.names == ["row", "column", "value", "status"]


def test_one_unit_with_many_rows_is_one_unit() -> None:
    many = pa.table({"row": ["r0"] * 40, "unit": [7] * 30 + list(range(100, 110)), "value": [1.0] * 40})
    more = pa.table({"row": ["r1"] * 30, "unit": [7] * 30, "value": [1.0] * 30})
    table = protect_table(pa.concat_tables([many, more]), ["row"], "value", RULES)
    found = statuses(table)
    assert found["r1",] == "A"
    assert [line["units"] for line in table.cells.to_pylist()] == [11, 11, 1]


def test_dominance_is_of_a_unit_s_total_and_asks_for_its_level() -> None:
    rows = {"row": ["a"] * 6 + ["b"] * 4 + ["c"] * 4, "unit": [1, 1, 1, 2, 3, 4, *range(5, 13)]}
    data = pa.table({**rows, "value": [300.0, 300.0, 300.0, 10.0, 20.0, 30.0] + [100.0] * 8})
    table = protect_table(data, ["row"], "value", SecrecyRules("unit", dominance=(Dominance(1, 0.85),)))
    line = next(line for line in table.cells.to_pylist() if line["row"] == "a")
    assert line["status"] == "B"
    assert line["upper"] == pytest.approx(900 / 0.85)
    assert line["lower"] == pytest.approx(960 - (900 / 0.85 - 960))


def test_p_percent_is_the_rest_compared_with_the_largest() -> None:
    data = pa.table(
        {
            "row": ["a"] * 3 + ["b"] * 3 + ["c"] * 3,
            "unit": range(9),
            "value": [100.0, 60.0, 9.0, 100.0, 60.0, 11.0, 100.0, 60.0, 40.0],
        }
    )
    table = protect_table(data, ["row"], "value", SecrecyRules("unit", p_percent=10))
    found = statuses(table)
    assert (found["a",], found["b",] != "B") == ("B", True)
    line = next(line for line in table.cells.to_pylist() if line["row"] == "a")
    assert line["upper"] == pytest.approx(169 + 10 - 9)


def test_rows_of_unknown_unit_weigh_as_one_and_count_as_none() -> None:
    data = pa.table(
        {"row": ["a"] * 5 + ["b"] * 9, "unit": [1, 2, None, None, None, *range(3, 12)], "value": [1.0] * 14}
    )
    assert statuses(protect_table(data, ["row"], "value", RULES))["a",] == "A"


@pytest.mark.parametrize("seed", range(6))
def test_small_tables_have_their_optimum(seed: int) -> None:
    data = random_grid(seed, 3, 3)
    rules = SecrecyRules("unit", minimum_units=3, unions=False)
    table = protect_table(data, ["row", "column"], "value", rules)
    assert table.gap == 0
    assert cheaper_patterns(table) == 0
    attack(*reopened(table))


@pytest.mark.parametrize("seed", [1, 4])
def test_small_hierarchical_tables_have_their_optimum(seed: int) -> None:
    rules = SecrecyRules("unit", minimum_units=3, unions=False)
    table = protect_table(random_grid(seed, 4, 2, 1, 9), ["row", "column"], "value", rules, {"row": TREE})
    assert table.gap == 0
    assert cheaper_patterns(table, {"row": TREE}) == 0
    attack(*reopened(table, {"row": TREE}))


def test_the_least_value_is_another_optimum() -> None:
    data = grid([[1, 9, 9], [9, 9, 9], [9, 9, 9]], [[10, 900, 20], [800, 900, 700], [30, 900, 25]])
    by_value = protect_table(data, ["row", "column"], "value", RULES, cost="value")
    assert by_value.gap == 0
    hidden = {place for place, status in statuses(by_value).items() if status == "D"}
    assert hidden == {("r0", "c2"), ("r2", "c0"), ("r2", "c2")}


@pytest.mark.parametrize("exact", [0, 900])
def test_hidden_cells_of_one_line_are_judged_together(exact: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cells of one unit each would tell each unit the other's value, since their sum can be deduced."""
    monkeypatch.setattr(solving, "EXACT_CELLS", exact)
    counts = [[1, 1, 9, 9], [9, 9, 9, 9], [9, 9, 9, 9]]
    for unions, least in ((False, 2), (True, 3)):
        rules = SecrecyRules("unit", minimum_units=3, unions=unions)
        table = protect_table(grid(counts), ["row", "column"], "value", rules)
        hidden = [place for place, status in statuses(table).items() if status != "V" and place[0] == "r0"]
        assert len(hidden) >= least
    assert len(hidden) > 2


def test_counts_say_no_more_than_their_status() -> None:
    data = grid([[2, 30, 40], [25, 60, 31], [44, 22, 70]])
    table = protect_table(data, ["row", "column"], None, SecrecyRules("unit", minimum_units=10))
    line = next(line for line in table.cells.to_pylist() if line["status"] == "A")
    assert (line["value"], line["lower"], line["upper"]) == (2, 1, 9)


def test_linked_tables_hide_a_shared_cell_in_all_or_none() -> None:
    """The linked tables of sdcTable's tests: safe one by one, they give cells away together."""
    regions = {"A": 2, "B": 2, "I": 8, "J": 8, "K": 3, "L": 3, "M": 3, "N": 7}
    region = [name for name, count in regions.items() for _ in range(count)]
    data = pa.table({"region": region, "unit": range(len(region))})
    county = {name: "county-1" if name in "ABIJ" else "county-2" for name in regions} | {
        "county-1": None,
        "county-2": None,
    }
    group = {name: "big" if name in "LM" else "small" for name in regions} | {"big": None, "small": None}
    rules = SecrecyRules("unit", minimum_units=4)
    asked = [Tabulation(("region",), {"region": county}), Tabulation(("region",), {"region": group})]
    first, second = protect_tables(data, asked, None, rules)
    one, other = statuses(first), statuses(second)
    assert {label: one[label] for label in one.keys() & other.keys()} == {
        label: other[label] for label in one.keys() & other.keys()
    }
    alone = protect_table(data, ["region"], None, rules, {"region": county})
    assert first.counts()["D"] > alone.counts()["D"] or other["big",] != "V"


def test_an_attacker_who_narrows_a_cell_has_the_table_refused() -> None:
    table = protect_table(grid([[1, 9, 9], [9, 9, 9], [9, 9, 9]]), ["row", "column"], "value", RULES)
    attacker, needs = reopened(table)
    assert attack(attacker, needs).narrowest >= 1 - 1e-6
    weakened = {key for key in _keys(table) if key != frozenset({("row", "r0"), ("column", "c0")})}
    with pytest.raises(UnprotectedTableError, match="1 of 1 hidden cells"):
        attack(*reopened(table, published=weakened))


def _keys(table: object) -> list[frozenset[tuple[str, str]]]:
    from tests.unit.anonymization.secrecy.tables import key_of

    return [key_of([line["row"], line["column"]], ["row", "column"]) for line in table.cells.to_pylist()]  # type: ignore[attr-defined]


def test_contradictions_are_refused() -> None:
    cells = {frozenset({("x", label)}): Sighting(None) for label in "ab"} | {frozenset(): Sighting(-5.0)}
    attacker = Attacker(cells, [(frozenset(), [frozenset({("x", "a")}), frozenset({("x", "b")})])])
    with pytest.raises(UnprotectedTableError, match="contradicts itself"):
        attack(attacker, [Need((frozenset({("x", "a")}),), 0, 1)])


DATA = grid([[5, 9], [4, 8]])


@pytest.mark.parametrize(
    ("rules", "rule"),
    [
        (SecrecyRules("unit"), "no rule of secrecy"),
        (SecrecyRules("unit", minimum_units=1), "minimum_units is 1"),
        (SecrecyRules("unit", dominance=(Dominance(0, 0.5),)), r"dominance \(0, 0.5\)"),
        (SecrecyRules("unit", dominance=(Dominance(1, 1.0),)), r"dominance \(1, 1.0\)"),
        (SecrecyRules("unit", p_percent=0), "p_percent is 0"),
        (SecrecyRules("unit", minimum_units=3, margin=0), "margin is 0"),
        (SecrecyRules("unit", minimum_units=3, prior=0.01), "prior is 0.01"),
    ],
)
def test_rules_that_say_nothing_are_named(rules: SecrecyRules, rule: str) -> None:
    with pytest.raises(SecrecyRuleError, match=rule):
        protect_table(DATA, ["row"], "value", rules)


@pytest.mark.parametrize(
    ("rules", "rule"),
    [
        (SecrecyRules("unit", dominance=(Dominance(1, 0.5),)), "needs minimum_units"),
        (SecrecyRules("unit", minimum_units=3, p_percent=10), "a table of counts has none"),
        (SecrecyRules("unit", minimum_units=2), "status A would tell"),
    ],
)
def test_rules_that_do_not_fit_counts_are_named(rules: SecrecyRules, rule: str) -> None:
    with pytest.raises(SecrecyRuleError, match=rule):
        protect_table(DATA, ["row"], None, rules)


@pytest.mark.parametrize(
    ("dimensions", "value", "hierarchies", "said"),
    [
        (["nowhere"], "value", {}, "« nowhere » is not in the data"),
        (["row"], "nowhere", {}, "« nowhere » is not in the data"),
        (["row"], "value", {"column": {}}, "given for « column »"),
        (["row"], "value", {"row": {"r0": None}}, "« row »: 1 distinct value.s. outside its hierarchy"),
        (["row"], "value", {"row": {"r0": "r1", "r1": None}}, "« row »: 1 distinct value.s. are not leaves"),
        (["row"], "value", {"row": {"r0": "a", "r1": "a", "a": "b", "b": "a"}}, "« row »: a label is above itself"),
        (["row"], "value", {"row": {"r0": "Total", "r1": "Total", "Total": None, "x": None}}, "kept for the root"),
        ([], "value", {}, "needs dimensions"),
        (["row", "row"], "value", {}, "each once"),
    ],
)
def test_tables_that_can_not_be_made_say_why(
    dimensions: list[str], value: str, hierarchies: dict[str, dict[str, str | None]], said: str
) -> None:
    with pytest.raises(TabulationError, match=said):
        protect_table(DATA, dimensions, value, RULES, hierarchies)


def test_data_that_does_not_fit_is_refused_without_its_values() -> None:
    def column(values: list[float | None]) -> pa.Table:
        return DATA.slice(0, len(values)).set_column(3, "value", pa.array(values, pa.float64()))

    with pytest.raises(TabulationError, match="« value » has negative values"):
        protect_table(column([1.0, -987.0]), ["row"], "value", RULES)
    with pytest.raises(TabulationError, match="« value » has no value"):
        protect_table(column([None, None]), ["row"], "value", RULES)
    with pytest.raises(TabulationError, match="no row"):
        protect_table(DATA.slice(0, 0), ["row"], "value", RULES)
    with pytest.raises(TabulationError, match="« row » has no value in 1 row"):
        protect_table(DATA.set_column(0, "row", pa.array([None, *["x"] * 25])), ["row"], "value", RULES)
    twice = pa.concat_tables([DATA, DATA.set_column(0, "row", pa.array(["r9"] * DATA.num_rows))])
    with pytest.raises(TabulationError, match="units are in several cells"):
        protect_table(twice, ["row"], None, SecrecyRules("unit", minimum_units=3))
