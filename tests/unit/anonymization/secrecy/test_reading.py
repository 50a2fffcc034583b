"""The published file alone says whether it is protected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest

from anonymization.errors import TabulationError, UnprotectedTableError
from anonymization.secrecy import SecrecyRules, protect_table, read_published
from tests.unit.anonymization.secrecy.tables import RULES, grid, random_grid

TOTALS = {"row": "Total", "column": "Total"}
TREE = {"r0": "north", "r1": "north", "r2": "south", "r3": "south", "north": None, "south": None}


def test_every_interval_holds_the_truth_and_what_was_promised() -> None:
    table = protect_table(random_grid(2, 4, 3), ["row", "column"], "value", RULES, {"row": TREE})
    found = read_published(table.published, TOTALS, {"row": TREE}).to_pylist()
    truth = {(line["row"], line["column"]): line for line in table.cells.to_pylist() if line["status"] != "V"}
    assert len(found) == len(truth) > 1
    for line in found:
        cell = truth[line["row"], line["column"]]
        assert line["low"] <= cell["value"] <= line["high"]
        if cell["status"] in "AB":
            assert line["low"] <= cell["lower"] + 1e-6
            assert cell["upper"] - 1e-6 <= line["high"]


def test_statuses_of_counts_are_used_against_them() -> None:
    data = grid([[2, 30, 40], [25, 60, 31], [44, 22, 70]])
    table = protect_table(data, ["row", "column"], None, SecrecyRules("unit", minimum_units=10))
    line = next(
        line for line in read_published(table.published, TOTALS, counts_from=10).to_pylist() if line["status"] == "A"
    )
    assert (line["low"], line["high"]) == pytest.approx((1, 9))


def test_a_table_whose_second_hidden_cells_are_shown_gives_the_first_away() -> None:
    table = protect_table(grid([[1, 9, 9], [9, 9, 9], [9, 9, 9]]), ["row", "column"], "value", RULES)
    shown = pa.array(["V" if status == "D" else status for status in table.cells["status"].to_pylist()])
    values = [
        value if status == "V" else None
        for value, status in zip(table.cells["value"].to_pylist(), shown.to_pylist(), strict=True)
    ]
    weaker = pa.table({**{name: table.cells[name] for name in TOTALS}, "value": values, "status": shown})
    with pytest.raises(UnprotectedTableError, match="1 of 1 hidden cells can be computed"):
        read_published(weaker, TOTALS)


def test_a_table_that_can_not_be_read_is_refused() -> None:
    published = protect_table(grid([[1, 9, 9], [9, 9, 9]]), ["row", "column"], "value", RULES).published
    with pytest.raises(TabulationError, match="« status » is not in"):
        read_published(published.drop(["status"]), TOTALS)
    with pytest.raises(TabulationError, match="a total of the published table is missing"):
        read_published(published.slice(1), TOTALS)
    with pytest.raises(TabulationError, match="hidden with one"):
        read_published(published.set_column(2, "value", pa.array([1.0] * published.num_rows)), TOTALS)


@dataclass(frozen=True)
class Levelled:
    """What a generalization hierarchy looks like from here."""

    labels: tuple[tuple[str | None, ...], ...]
    codes: tuple[np.ndarray[tuple[int], np.dtype[np.int64]], ...]


def test_a_generalization_hierarchy_is_a_hierarchy_of_the_table() -> None:
    labels = (("r0", "r1", "r2", "r3"), ("north", "south"), ("everywhere",))
    levels = Levelled(labels, (np.arange(4), np.array([0, 0, 1, 1]), np.zeros(4, np.int64)))
    data = random_grid(2, 4, 3)
    mapped = {
        **{leaf: TREE[leaf] for leaf in labels[0]},
        "north": "everywhere",
        "south": "everywhere",
        "everywhere": None,
    }
    first = protect_table(data, ["row", "column"], "value", RULES, {"row": levels})
    second = protect_table(data, ["row", "column"], "value", RULES, {"row": mapped})
    assert first.published.equals(second.published)
    assert first.roots == {"row": "everywhere", "column": "Total"}
    read_published(first.published, first.roots, {"row": levels})
    twice = Levelled((("a", "b"), ("b", "c"), ("d",)), (np.arange(2), np.arange(2), np.zeros(2, np.int64)))
    with pytest.raises(TabulationError, match="« row »: one label stands in two places"):
        protect_table(data, ["row"], "value", RULES, {"row": twice})


def test_pseudonyms_of_sixteen_bytes_are_units() -> None:
    data = grid([[2, 9], [9, 9], [9, 9]])
    pseudonyms = pa.array([number.to_bytes(16, "big") for number in range(data.num_rows)], pa.binary(16))
    again = protect_table(data.set_column(2, "unit", pseudonyms), ["row", "column"], "value", RULES)
    assert again.published.equals(protect_table(data, ["row", "column"], "value", RULES).published)
