"""Revisions and successive releases: what a reader who keeps every file learns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from anonymization.errors import InfeasibleTableError, TabulationError
from anonymization.secrecy import Attacker, Need, ProtectedTable, SecrecyRules, Sighting, attack, protect_table, solving
from anonymization.secrecy.attacker import Key
from tests.unit.anonymization.secrecy.tables import grid, key_of, margins, statuses

RULES = SecrecyRules("unit", minimum_units=3)
DIMENSIONS = ["row", "column"]


def without(data: pa.Table, *units: int) -> pa.Table:
    return data.filter(pc.invert(pc.is_in(data["unit"], pa.array(units))))


def figures(table: ProtectedTable) -> dict[Key, tuple[str, float]]:
    lines = table.cells.to_pylist()
    return {
        key_of([line[name] for name in table.dimensions], table.dimensions): (line["status"], line["value"])
        for line in lines
    }


def both_attacked(first: ProtectedTable, second: ProtectedTable, same: set[Key]) -> None:
    """One attacker with both files, who knows which cells did not change."""
    sightings: dict[Key, Sighting] = {}
    additions: list[tuple[Key, Sequence[Key]]] = []
    needs = []
    for number, table in enumerate((first, second)):
        name = {key: key if key in same else key | {("release", str(number))} for key in figures(table)}
        for line in table.cells.to_pylist():
            key = name[key_of([line[column] for column in table.dimensions], table.dimensions)]
            if key not in sightings or sightings[key].value is None:
                sightings[key] = Sighting(line["value"] if line["status"] == "V" else None)
            if line["status"] in "AB":
                needs.append(Need((key,), line["lower"], line["upper"]))
        additions += [
            (name[total], [name[term] for term in terms]) for total, terms in margins(list(name), table.dimensions, {})
        ]
    attack(Attacker(sightings, additions), needs)


DATA = grid([[2, 20, 20], [20, 20, 20], [20, 20, 20]], [[50, 10, 10], [10, 10, 10], [10, 10, 10]])


def test_a_withdrawal_does_not_reveal_itself() -> None:
    first = protect_table(DATA, DIMENSIONS, "value", RULES)
    again = protect_table(without(DATA, 30), DIMENSIONS, "value", RULES, revises=first)
    assert again.published.equals(first.published)


def test_enough_withdrawals_show_and_nothing_of_fewer_does() -> None:
    first = protect_table(DATA, DIMENSIONS, "value", RULES)
    gone = [25, 26, 27, 28, 170]  # four in one cell, one in another
    again = protect_table(without(DATA, *gone), DIMENSIONS, "value", RULES, revises=first)
    before, after = figures(first), figures(again)
    changed = {key for key in before if before[key][1] != after[key][1]}
    assert changed == {
        key_of(labels, DIMENSIONS) for labels in (("r0", "c2"), ("r0", "Total"), ("Total", "c2"), ("Total", "Total"))
    }
    assert all(before[key][1] - after[key][1] == 40 for key in changed)
    both_attacked(first, again, set(before) - changed)


def test_changes_that_cancel_out_in_a_total_do_not_isolate_the_one_that_does_not() -> None:
    """Four units move from a cell to its neighbor, and a fifth leaves: the line's total would tell about the fifth."""
    data = grid([[20, 20], [20, 20], [20, 20]])
    first = protect_table(data, DIMENSIONS, "value", RULES)
    columns = data["column"].to_pylist()
    for unit in range(4):
        columns[unit] = "c1"
    moved = without(data.set_column(1, "column", pa.array(columns)), 10)
    again = protect_table(moved, DIMENSIONS, "value", RULES, revises=first)
    totals = [figures(table)[frozenset({("row", "r0")})][1] for table in (first, again)]
    assert totals[0] == totals[1]


def test_a_revision_of_a_revision_is_compared_with_both() -> None:
    data = grid([[20, 20], [20, 20]])
    first = protect_table(data, DIMENSIONS, "value", RULES)
    second = protect_table(without(data, 0, 1, 2, 3), DIMENSIONS, "value", RULES, revises=first)
    third = protect_table(without(data, 3), DIMENSIONS, "value", RULES, revises=second)
    cell = key_of(("r0", "c0"), DIMENSIONS)
    assert figures(second)[cell][1] == 16
    assert figures(third)[cell][1] == 16  # 19 would tell, against the first, about the one that is gone
    assert third.versions == 2


def test_a_cell_hidden_before_stays_hidden_when_it_has_not_changed() -> None:
    first = protect_table(DATA, DIMENSIONS, "value", RULES)
    hidden = {key for key, (status, _) in figures(first).items() if status != "V"}
    grown = pa.concat_tables([DATA, grid([[0, 0, 0], [0, 0, 0], [9, 0, 9]])])
    units = pa.array(range(grown.num_rows))
    again = protect_table(grown.set_column(2, "unit", units), DIMENSIONS, "value", RULES, revises=first)
    before, after = figures(first), figures(again)
    same = {key for key in before if before[key][1] == after[key][1]}
    assert {key for key in same if after[key][0] != "V"} == hidden & same
    assert hidden - same
    both_attacked(first, again, same)


def test_a_quarter_does_not_give_away_its_months() -> None:
    """Each month is safe alone; the quarter's total would be a sum too many."""
    months = ["m1", "m2", "m3"]
    counts = {"m1": [[2, 9, 9], [9, 9, 9], [9, 9, 9]], "m2": [[9] * 3] * 3, "m3": [[9] * 3] * 3}
    parts = []
    for number, month in enumerate(months):
        part = grid(counts[month], (np.arange(9).reshape(3, 3) + 5 + number).tolist())
        part = part.set_column(2, "unit", pc.add(part["unit"], 1000 * number))
        parts.append(part.append_column("month", pa.array([month] * part.num_rows)))
    past = [protect_table(part, [*DIMENSIONS, "month"], "value", RULES) for part in parts]
    tree = {**dict.fromkeys(months, "quarter"), "quarter": None}
    quarter = protect_table(
        pa.concat_tables(parts), [*DIMENSIONS, "month"], "value", RULES, {"month": tree}, published_before=past
    )
    for table in past:
        for key, (status, _) in figures(table).items():
            if ("month", table.cells["month"][-1].as_py()) in key:
                assert (figures(quarter)[key][0] == "V") == (status == "V")
    found = statuses(quarter)
    assert found["r0", "c0", "quarter"] != "V"
    assert quarter.counts()["D"] >= 4


def test_a_table_that_changes_too_little_is_refused_unless_it_is_a_revision() -> None:
    first = protect_table(DATA, DIMENSIONS, "value", RULES)
    with pytest.raises(InfeasibleTableError, match="changed by too few units"):
        protect_table(without(DATA, 30), DIMENSIONS, "value", RULES, published_before=[first])


def test_rules_made_stricter_can_not_take_back_what_was_published() -> None:
    first = protect_table(DATA, DIMENSIONS, "value", RULES)
    with pytest.raises(InfeasibleTableError, match="published before"):
        protect_table(DATA, DIMENSIONS, "value", SecrecyRules("unit", minimum_units=25), revises=first)


def test_a_revision_of_another_table_is_refused() -> None:
    first = protect_table(DATA, ["row"], "value", RULES)
    with pytest.raises(TabulationError, match="the columns and the kind"):
        protect_table(DATA, DIMENSIONS, "value", RULES, revises=first)


def test_two_hierarchies_of_one_column_in_two_releases_are_attacked_together() -> None:
    data = grid([[2], [9], [9], [9]])
    first = protect_table(
        data, ["row"], "value", RULES, {"row": {"r0": "a", "r1": "a", "r2": "b", "r3": "b", "a": None, "b": None}}
    )
    other = {"r0": "x", "r2": "x", "r1": "y", "r3": "y", "x": None, "y": None}
    second = protect_table(data, ["row"], "value", RULES, {"row": other}, published_before=[first])
    shown = {label for (label,), status in (statuses(first) | statuses(second)).items() if status == "V"}
    assert not {"a", "r1"} <= shown
    assert not {"x", "r2"} <= shown


def test_changes_that_cancel_out_in_a_sub_total_do_not_isolate_the_one_that_does_not() -> None:
    """As above between two rows of the north, while enough leave the south: only the north's total would tell."""
    tree = {"r0": "north", "r1": "north", "r2": "south", "r3": "south", "north": None, "south": None}
    data = grid([[20], [20], [20], [20]])
    first = protect_table(data, DIMENSIONS, "value", RULES, {"row": tree})
    rows = data["row"].to_pylist()
    for unit in range(4):
        rows[unit] = "r1"
    moved = without(data.set_column(0, "row", pa.array(rows)), 10, 40, 41, 42, 43)
    again = protect_table(moved, DIMENSIONS, "value", RULES, {"row": tree}, revises=first)
    before, after = figures(first), figures(again)
    north, south = frozenset({("row", "north")}), frozenset({("row", "south")})
    assert after[north][1] == before[north][1] == 40
    assert after[south][1] == before[south][1] - 4


@pytest.mark.parametrize("exact", [0, 900])
def test_what_was_published_hides_nothing_any_more(exact: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell that becomes too small is hidden with totals that changed too: its old neighbors are known for ever."""
    monkeypatch.setattr(solving, "EXACT_CELLS", exact)
    data = grid([[9, 20, 20], [20, 20, 20], [20, 20, 20]])
    first = protect_table(data, DIMENSIONS, "value", RULES)
    assert first.counts()["V"] == 16
    again = protect_table(without(data, *range(8)), DIMENSIONS, "value", RULES, revises=first, cost="value")
    hidden = {place for place, status in statuses(again).items() if status != "V"}
    assert hidden == {("r0", "c0"), ("r0", "Total"), ("Total", "c0"), ("Total", "Total")}
    both_attacked(first, again, {key for key, (_, value) in figures(first).items() if figures(again)[key][1] == value})
