"""Whatever the table, an attacker of other code never narrows a protected cell below its interval."""

from __future__ import annotations

from collections import defaultdict

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymization.errors import InfeasibleTableError
from anonymization.secrecy import Dominance, ProtectedTable, SecrecyRules, attack, protect_table, read_published
from anonymization.secrecy.cells import AMOUNT, UNIT
from tests.unit.anonymization.secrecy.tables import reopened, statuses

ROWS = st.lists(
    st.tuples(st.integers(0, 11), st.sampled_from("abcd"), st.sampled_from("xyz"), st.integers(0, 60)),
    min_size=1,
    max_size=70,
)
RULES = st.builds(
    SecrecyRules,
    unit=st.just("unit"),
    minimum_units=st.integers(2, 5),
    dominance=st.sampled_from([(), (Dominance(1, 0.6),), (Dominance(2, 0.9), Dominance(1, 0.8))]),
    p_percent=st.sampled_from([None, 10.0]),
    margin=st.sampled_from([0.1, 0.5]),
    reasons_shown=st.booleans(),
    unions=st.booleans(),
)
TREE = {"a": "ab", "b": "ab", "c": "cd", "d": "cd", "ab": None, "cd": None}


def _table(rows: list[tuple[int, str, str, int]]) -> pa.Table:
    units, regions, kinds, values = zip(*rows, strict=True)
    return pa.table({"unit": units, "region": regions, "kind": kinds, "value": values})


@given(ROWS, RULES)
@settings(max_examples=60, deadline=None)
def test_no_protected_cell_is_narrowed(rows: list[tuple[int, str, str, int]], rules: SecrecyRules) -> None:
    table = protect_table(_table(rows), ["region", "kind"], "value", rules, {"region": TREE})
    attacker, needs = reopened(table, {"region": TREE})
    report = attack(attacker, needs)
    assert report.attacked == table.counts()["A"] + table.counts()["B"]
    for line in table.cells.to_pylist():
        if line["status"] in "AB":  # a cell hidden only for others, D, has nothing of its own to be protected
            labels = frozenset((name, line[name]) for name in ("region", "kind") if line[name] != "Total")
            low, high = attacker.interval([labels])
            assert low <= line["lower"] + 1e-6
            assert high >= line["upper"] - 1e-6


@given(ROWS, st.integers(2, 5))
@settings(max_examples=40, deadline=None)
def test_cells_are_hidden_for_too_few_units_exactly_when_they_have_too_few(
    rows: list[tuple[int, str, str, int]], minimum: int
) -> None:
    table = protect_table(_table(rows), ["region", "kind"], "value", SecrecyRules("unit", minimum), {"region": TREE})
    units: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for unit, region, kind, _ in rows:
        for above in (region, TREE[region] or "", "Total"):
            units[above, kind] |= {unit}
            units[above, "Total"] |= {unit}
    found = statuses(table)
    assert found.keys() == units.keys()
    assert {place for place, status in found.items() if status == "A"} == {
        place for place, members in units.items() if len(members) < minimum
    }


@given(st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=2, max_size=4), st.integers(3, 10))
@settings(max_examples=40, deadline=None)
def test_counts_are_protected_or_refused(counts: list[list[int]], minimum: int) -> None:
    rows = [
        (f"r{row}", f"c{column}") for row, line in enumerate(counts) for column, n in enumerate(line) for _ in range(n)
    ]
    if not rows:
        return
    names, columns = zip(*rows, strict=True)
    data = pa.table({"region": names, "kind": columns, "unit": range(len(rows))})
    try:
        table = protect_table(data, ["region", "kind"], None, SecrecyRules("unit", minimum))
    except InfeasibleTableError:
        return  # said, never weaker
    found = read_published(table.published, {"region": "Total", "kind": "Total"}, counts_from=minimum)
    for line in found.filter(pc.equal(found["status"], "A")).to_pylist():
        assert line["low"] <= 1 + 1e-6
        assert line["high"] >= minimum - 1 - 1e-6


@given(ROWS.filter(lambda rows: len(rows) > 20), st.sets(st.integers(0, 11), max_size=6), st.integers(2, 4))
@settings(max_examples=40, deadline=None)
def test_a_revision_never_tells_about_fewer_units_than_the_minimum(
    rows: list[tuple[int, str, str, int]], gone: set[int], minimum: int
) -> None:
    rules = SecrecyRules("unit", minimum)
    first = protect_table(_table(rows), ["region", "kind"], "value", rules, {"region": TREE})
    left = [row for row in rows if row[0] not in gone]
    if not left:
        return
    try:
        again = protect_table(_table(left), ["region", "kind"], "value", rules, {"region": TREE}, revises=first)
    except InfeasibleTableError:
        return  # refused: what is published stands
    before, after = _totals(first), _totals(again)
    for place in before.keys() | after.keys():
        mine, other = before[place], after[place]
        changed = {unit for unit in mine.keys() | other.keys() if mine[unit] != other[unit]}
        assert not changed or len(changed) >= minimum
        if not changed and place in (shown := statuses(first)):
            assert (shown[place] == "V") == (statuses(again)[place] == "V")


def _totals(table: ProtectedTable) -> defaultdict[tuple[str, str], defaultdict[int, int]]:
    """Each unit's total in every cell, from the lines a table was made of."""
    found: defaultdict[tuple[str, str], defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
    for region, kind, unit, amount in table.base.lines.select("region", "kind", UNIT, AMOUNT).iter_rows():
        for above in (region, TREE[region] or "", "Total"):
            for total in (kind, "Total"):
                found[above, total][unit] += amount
    return found
